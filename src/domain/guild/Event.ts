/**
 * What happened in a guild that its sessions may want to know.
 *
 * @since 0.1.0
 */
import type { HashMap } from "effect"
import type { Channel, Community, Role } from "../Community.ts"
import type { ChannelId, GuildId, MessageId, RoleId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Message } from "../Message.ts"
import type { Showing } from "../Presence.ts"
import type { VoiceState } from "../VoiceState.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface MessageCreated {
  readonly _tag: "MessageCreated"
  readonly message: Message
}

/**
 * What others see of a member is different.
 *
 * @since 0.1.0
 * @category models
 */
export interface PresenceChanged {
  readonly _tag: "PresenceChanged"
  readonly guild: GuildId
  readonly user: UserId
  readonly presence: Showing["presence"]
  readonly activities: Showing["activities"]
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RoleChanged {
  readonly _tag: "RoleCreated" | "RoleUpdated"
  readonly guild: GuildId
  readonly role: Role
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RoleDeleted {
  readonly _tag: "RoleDeleted"
  readonly guild: GuildId
  readonly role: RoleId
}

/**
 * To who did not see it before a channel is created, to who no longer does it is deleted.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChannelChanged {
  readonly _tag: "ChannelCreated" | "ChannelUpdated" | "ChannelDeleted"
  readonly guild: GuildId
  readonly channel: Channel
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MemberChanged {
  readonly _tag: "MemberAdded" | "MemberUpdated" | "MemberRemoved"
  readonly guild: GuildId
  readonly member: Member
}

/**
 * Whoever hears this is no member any more.
 *
 * @since 0.1.0
 * @category models
 */
export interface GuildRemoved {
  readonly _tag: "GuildRemoved"
  readonly guild: GuildId
}

/**
 * A member is somewhere else in voice channels, or nowhere (as far as who hears it may know): then `channel` is `null`.
 *
 * @since 0.1.0
 * @category models
 */
export interface VoiceChanged {
  readonly _tag: "VoiceChanged"
  readonly guild: GuildId
  readonly state: Omit<VoiceState, "channel"> & { readonly channel: ChannelId | null }
}

/**
 * How the guild stands: what a session starts from that is connected, or that looks at the guild again. It is rendered for
 * one member, and does not show what is hidden from them. `roster` are the members who are told of, besides
 * those whom `voice` has where this member sees them, and `presences` what is seen of those of them who are there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Snapshot {
  readonly _tag: "Snapshot"
  readonly community: Community
  readonly member: Member
  readonly roster: ReadonlyArray<Member>
  readonly presences: ReadonlyArray<readonly [UserId, Showing]>
  readonly memberCount: number
  readonly lastMessages: HashMap.HashMap<ChannelId, MessageId>
  readonly voice: HashMap.HashMap<UserId, VoiceState>
}

/**
 * @since 0.1.0
 * @category models
 */
export type Event =
  | MessageCreated
  | PresenceChanged
  | RoleChanged
  | RoleDeleted
  | ChannelChanged
  | MemberChanged
  | GuildRemoved
  | VoiceChanged
