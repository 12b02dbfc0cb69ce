/**
 * What a guild understands, and what it answers.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Community } from "../Community.ts"
import { ChannelId, type SessionId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
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
 * `intents` are the gateway's bits of what the session wants to hear about.
 *
 * @since 0.1.0
 * @category commands
 */
export interface Connect<out H> {
  readonly session: SessionId
  readonly user: UserId
  readonly intents: number
  readonly handle: H
}

/**
 * @since 0.1.0
 * @category commands
 */
export interface Disconnect {
  readonly session: SessionId
}

/**
 * What does the guild look like to this user?
 *
 * @since 0.1.0
 * @category commands
 */
export interface Describe {
  readonly user: UserId
}

/**
 * The guild as one member may see it: without the channels that are hidden from them. `members` are all members of a
 * small guild, of a large one only the member who asks.
 *
 * @since 0.1.0
 * @category replies
 */
export interface View {
  readonly community: Community
  readonly member: Member
  readonly members: ReadonlyArray<Member>
  readonly memberCount: number
}

/**
 * @since 0.1.0
 * @category replies
 */
export interface Status {
  readonly sessions: number
  readonly relays: number
}

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
