/**
 * Why a guild says no.
 *
 * @since 0.1.0
 */
import { Result, Schema } from "effect"
import { ChannelId, GuildId, RoleId, SessionId, UserId } from "../Ids.ts"

/**
 * @since 0.1.0
 * @category errors
 */
export class UnknownMember extends Schema.TaggedError<UnknownMember>()("UnknownMember", {
  guild: GuildId,
  user: UserId
}) {
  override get message() {
    return `user ${this.user} is not a member of guild ${this.guild}: have them join first (AddMember)`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class UnknownChannel extends Schema.TaggedError<UnknownChannel>()("UnknownChannel", {
  channel: ChannelId
}) {
  override get message() {
    return `there is no channel ${this.channel} here: take an id from the guild's description`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class UnknownRole extends Schema.TaggedError<UnknownRole>()("UnknownRole", { role: RoleId }) {
  override get message() {
    return `there is no role ${this.role} here that could be changed or given: take an id from the guild's description`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class UnknownOverwrite extends Schema.TaggedError<UnknownOverwrite>()("UnknownOverwrite", {
  channel: ChannelId,
  of: Schema.Union([RoleId, UserId])
}) {
  override get message() {
    return `channel ${this.channel} has no overwrite for ${this.of}: take an id from the channel's overwrites`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class UnknownSession extends Schema.TaggedError<UnknownSession>()("UnknownSession", {
  session: SessionId,
  user: UserId
}) {
  override get message() {
    return `user ${this.user} has no session ${this.session} here: connect it first`
  }
}

/**
 * The member may not see the channel.
 *
 * @since 0.1.0
 * @category errors
 */
export class MissingAccess extends Schema.TaggedError<MissingAccess>()("MissingAccess", {
  channel: ChannelId,
  user: UserId
}) {
  override get message() {
    return `user ${this.user} may not see channel ${this.channel}: it takes VIEW_CHANNEL, by a role or an overwrite`
  }
}

/**
 * The member may not do this. `needed` says what it takes.
 *
 * @since 0.1.0
 * @category errors
 */
export class MissingPermissions extends Schema.TaggedError<MissingPermissions>()("MissingPermissions", {
  user: UserId,
  needed: Schema.String
}) {
  override get message() {
    return `user ${this.user} may not do this: it takes ${this.needed}`
  }
}

/**
 * The member has written in the channel a moment ago, and everybody has to wait there between two messages: for so many
 * milliseconds more.
 *
 * @since 0.1.0
 * @category errors
 */
export class SlowedDown extends Schema.TaggedError<SlowedDown>()("SlowedDown", {
  channel: ChannelId,
  user: UserId,
  retryAfter: Schema.Finite
}) {
  override get message() {
    return `user ${this.user} may write in channel ${this.channel} in ${this.retryAfter} ms: it is in slow mode`
  }
}

/**
 * The owner cannot leave: nobody else could administer the guild as they do.
 *
 * @since 0.1.0
 * @category errors
 */
export class OwnerStays extends Schema.TaggedError<OwnerStays>()("OwnerStays", { guild: GuildId, user: UserId }) {
  override get message() {
    return `user ${this.user} owns guild ${this.guild} and cannot leave it: only the operator takes them out of it`
  }
}

/**
 * The channel is not for what is to be done in it: a message in a category, say, or a call in a text channel.
 *
 * @since 0.1.0
 * @category errors
 */
export class WrongChannel extends Schema.TaggedError<WrongChannel>()("WrongChannel", { channel: ChannelId }) {
  override get message() {
    return `channel ${this.channel} is of another kind: choose one that is for this`
  }
}

/**
 * There is no room for another in the voice channel.
 *
 * @since 0.1.0
 * @category errors
 */
export class ChannelFull extends Schema.TaggedError<ChannelFull>()("ChannelFull", { channel: ChannelId }) {
  override get message() {
    return `voice channel ${this.channel} is full: try later, or raise its user limit`
  }
}

/**
 * The member is in no voice channel, and can be neither moved nor muted there.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotInVoice extends Schema.TaggedError<NotInVoice>()("NotInVoice", { user: UserId }) {
  override get message() {
    return `user ${this.user} is in no voice channel: whoever is to be moved or muted has to join one first`
  }
}

/**
 * Nobody is timed out for so long. `latest` is the end that it may have: Unix time in milliseconds.
 *
 * @since 0.1.0
 * @category errors
 */
export class TimeOutTooLong extends Schema.TaggedError<TimeOutTooLong>()("TimeOutTooLong", {
  user: UserId,
  latest: Schema.Finite
}) {
  override get message() {
    return `user ${this.user} can be timed out for 28 days at most: until ${this.latest} (Unix time in milliseconds)`
  }
}

/**
 * How many there may be, as on Discord: roles and channels of a guild, channels of a category, and overwrites of a channel.
 *
 * @since 0.1.0
 * @category limits
 */
export const MOST = { roles: 250, channels: 500, "channels of a category": 50, overwrites: 1000 } as const

/**
 * There are as many already as there may be.
 *
 * @since 0.1.0
 * @category errors
 */
export class TooMany extends Schema.TaggedError<TooMany>()("TooMany", {
  what: Schema.Literals(["roles", "channels", "channels of a category", "overwrites"]),
  most: Schema.Int
}) {
  override get message() {
    return `there may be ${this.most} ${this.what}, and no more: delete some first`
  }
}

/**
 * Whether there is room for one more, besides so many.
 *
 * @since 0.1.0
 * @category guards
 */
export const room = (what: keyof typeof MOST, present: number): Result.Result<void, TooMany> =>
  present < MOST[what] ? Result.void : Result.fail(new TooMany({ what, most: MOST[what] }))

/**
 * Every reason.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Refusal = Schema.Union([
  UnknownMember,
  UnknownChannel,
  UnknownRole,
  UnknownOverwrite,
  UnknownSession,
  MissingAccess,
  MissingPermissions,
  SlowedDown,
  OwnerStays,
  WrongChannel,
  ChannelFull,
  NotInVoice,
  TimeOutTooLong,
  TooMany
])
/**
 * @since 0.1.0
 * @category models
 */
export type Refusal = typeof Refusal.Type
