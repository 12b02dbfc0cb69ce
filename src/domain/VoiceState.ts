/**
 * Who is in which voice channel.
 *
 * @see https://discord.com/developers/docs/resources/voice
 * @since 0.1.0
 */
import { Schema } from "effect"
import { ChannelId, SessionId } from "./Ids.ts"
import { Member } from "./Member.ts"

/**
 * A member is in one voice channel at most, by one of their sessions. `selfMute` and `selfDeaf` are what they have made
 * themselves; what moderators have made them is said of the member.
 *
 * @since 0.1.0
 * @category schemas
 */
export const VoiceState = Schema.Struct({
  member: Member,
  session: SessionId,
  channel: ChannelId,
  selfMute: Schema.Boolean,
  selfDeaf: Schema.Boolean
})
/**
 * @since 0.1.0
 * @category models
 */
export type VoiceState = typeof VoiceState.Type
