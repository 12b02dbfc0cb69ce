/**
 * What a guild wants done after a step. Its fiber does it, in this order; the step itself does nothing.
 *
 * @since 0.1.0
 */
import type { Change } from "../Community.ts"
import type { ChannelId, RoleId, SessionId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Message } from "../Message.ts"
import type { VoiceState } from "../VoiceState.ts"
import type { MemberChanged, MessageCreated, PresenceChanged, Snapshot } from "./Event.ts"

/**
 * Start the relay with this index: the lowest that is free.
 *
 * @since 0.1.0
 * @category models
 */
export interface StartRelay {
  readonly _tag: "StartRelay"
  readonly relay: number
}

/**
 * It serves nobody any more.
 *
 * @since 0.1.0
 * @category models
 */
export interface StopRelay {
  readonly _tag: "StopRelay"
  readonly relay: number
}

/**
 * Give a session to a relay, which first of all sends it the snapshot: what comes through the relay later, comes later. The
 * first that lives at a worker brings a relay that was not started here.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attach<out H> {
  readonly _tag: "Attach"
  readonly relay: number
  readonly session: SessionId
  readonly intents: number
  readonly isActive: boolean
  readonly handle: H
  readonly snapshot: Snapshot
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Detach {
  readonly _tag: "Detach"
  readonly relay: number
  readonly session: SessionId
}

/**
 * A session looks at the guild, and is first of all sent the snapshot; or it looks elsewhere, and there is none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Turn {
  readonly _tag: "Turn"
  readonly relay: number
  readonly session: SessionId
  readonly snapshot: Snapshot | undefined
}

/**
 * Fan an event out through every relay. `sessions` is how many active ones all relays serve together.
 *
 * @since 0.1.0
 * @category models
 */
export interface Dispatch {
  readonly _tag: "Dispatch"
  readonly event: MessageCreated | PresenceChanged
  readonly sessions: number
}

/**
 * Roles or channels are different: relays take it over, and tell their sessions what it means to each. `voice` is who is in
 * voice channels whose audience changed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Restructure {
  readonly _tag: "Restructure"
  readonly changes: ReadonlyArray<Change>
  readonly voice: ReadonlyArray<VoiceState>
}

/**
 * The member store is to have a member as they are now, or no more. This comes first: nobody is told of what the store has
 * not taken. `before` is the member as everybody knows them; `to` is the voice channel that they are moved to by the same
 * command, `null` for none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Store {
  readonly _tag: "Store"
  readonly user: UserId
  readonly before: Member | undefined
  readonly member: Member | undefined
  readonly to?: ChannelId | null
}

/**
 * Somebody is a member, another one or none any more: relays take it over, as far as it is one of theirs. `voice` is who is
 * in voice channels that the member sees from now on, or no longer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Enrol {
  readonly _tag: "Enrol"
  readonly event: MemberChanged
  readonly voice: ReadonlyArray<VoiceState>
}

/**
 * Somebody is in another voice channel than before, in the same one but otherwise, or in none: `state` says as what, and
 * `channel` where.
 *
 * @since 0.1.0
 * @category models
 */
export interface Speak {
  readonly _tag: "Speak"
  readonly before: ChannelId | null
  readonly channel: ChannelId | null
  readonly state: Omit<VoiceState, "channel">
}

/**
 * Others see something else of a user than before.
 *
 * @since 0.1.0
 * @category models
 */
export interface Notice {
  readonly _tag: "Notice"
  readonly user: UserId
}

/**
 * A message calls all who may see its channel, also those who are not there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ping {
  readonly _tag: "Ping"
  readonly message: Message
}

/**
 * A role is no more, and is to be taken from the members who bear it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Strip {
  readonly _tag: "Strip"
  readonly role: RoleId
}

/**
 * @since 0.1.0
 * @category models
 */
export type Output<H> =
  | StartRelay
  | StopRelay
  | Attach<H>
  | Detach
  | Turn
  | Dispatch
  | Restructure
  | Store
  | Enrol
  | Speak
  | Notice
  | Ping
  | Strip
