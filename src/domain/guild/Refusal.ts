/**
 * Why a guild says no.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { ChannelId, GuildId, UserId } from "../Ids.ts"

/**
 * @since 0.1.0
 * @category errors
 */
export class UnknownMember extends Schema.TaggedError<UnknownMember>()("UnknownMember", {
  guild: GuildId,
  user: UserId
}) {
  override get message() {
    return `user ${this.user} is not a member of guild ${this.guild}: add them to its member store first`
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
 * The member may see the channel, but not write this in it.
 *
 * @since 0.1.0
 * @category errors
 */
export class MissingPermissions extends Schema.TaggedError<MissingPermissions>()("MissingPermissions", {
  channel: ChannelId,
  user: UserId
}) {
  override get message() {
    return (
      `user ${this.user} may not write this in channel ${this.channel}: it takes SEND_MESSAGES, for embeds ` +
      `EMBED_LINKS and for speech SEND_TTS_MESSAGES too, by a role or an overwrite`
    )
  }
}
