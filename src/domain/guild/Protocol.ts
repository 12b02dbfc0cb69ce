/**
 * What a guild understands, and what it answers.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as Community from "../Community.ts"
import { ChannelId, SessionId, UserId } from "../Ids.ts"
import { Member } from "../Member.ts"
import { Draft, type Message } from "../Message.ts"
import type { MissingAccess, MissingPermissions, UnknownChannel, UnknownMember } from "./Refusal.ts"

/**
 * A member writes in a channel.
 *
 * @since 0.1.0
 * @category commands
 */
export const SendMessage = Schema.Struct({ author: UserId, channel: ChannelId, draft: Draft })
/**
 * @since 0.1.0
 * @category commands
 */
export type SendMessage = typeof SendMessage.Type

/**
 * A session wants this guild's events. `handle` is how relays reach it: the guild only passes it on.
 *
 * `intents` are the gateway's bits of what the session wants to hear about. `worker` names where the session lives, if
 * that is not beside the guild: all who live at one are served by one relay there.
 *
 * @since 0.1.0
 * @category commands
 */
export interface Connect<out H> {
  readonly session: SessionId
  readonly user: UserId
  readonly intents: number
  readonly handle: H
  readonly worker?: string
}

/**
 * A session wants no more of it, as far as it lives at this `worker`: one that has connected from elsewhere meanwhile stays.
 *
 * @since 0.1.0
 * @category commands
 */
export const Disconnect = Schema.Struct({ session: SessionId, worker: Schema.optionalKey(Schema.String) })
/**
 * @since 0.1.0
 * @category commands
 */
export type Disconnect = typeof Disconnect.Type

/**
 * What does the guild look like to this user?
 *
 * @since 0.1.0
 * @category commands
 */
export const Describe = Schema.Struct({ user: UserId })
/**
 * @since 0.1.0
 * @category commands
 */
export type Describe = typeof Describe.Type

/**
 * The guild as one member may see it: without the channels that are hidden from them. `members` are all members of a
 * small guild, of a large one only the member who asks.
 *
 * @since 0.1.0
 * @category replies
 */
export const View = Schema.Struct({
  community: Community.schema,
  member: Member,
  members: Schema.Array(Member),
  memberCount: Schema.Int
})
/**
 * @since 0.1.0
 * @category replies
 */
export type View = typeof View.Type

/**
 * @since 0.1.0
 * @category replies
 */
export const Status = Schema.Struct({ sessions: Schema.Int, relays: Schema.Int })
/**
 * @since 0.1.0
 * @category replies
 */
export type Status = typeof Status.Type

/**
 * @since 0.1.0
 * @category models
 */
export interface Protocol<H> {
  readonly SendMessage: {
    readonly payload: SendMessage
    readonly success: Message
    readonly error: UnknownMember | UnknownChannel | MissingAccess | MissingPermissions
  }
  readonly Connect: { readonly payload: Connect<H>; readonly success: View; readonly error: UnknownMember }
  readonly Disconnect: { readonly payload: Disconnect; readonly success: void; readonly error: never }
  readonly Describe: { readonly payload: Describe; readonly success: View; readonly error: UnknownMember }
  readonly Status: { readonly payload: void; readonly success: Status; readonly error: never }
}
