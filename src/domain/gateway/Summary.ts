/**
 * What a passive session has missed, as its client is told of it. Summaries differ in little, so they are put together from
 * texts that many of them share.
 *
 * @since 0.1.0
 */
import type { ChannelId, GuildId, MessageId, UserId } from "../Ids.ts"
import type { VoiceState } from "../VoiceState.ts"
import * as Json from "./Json.ts"
import * as Octets from "./Octets.ts"
import * as Payload from "./Payload.ts"

/**
 * Items of a list, with commas between them.
 *
 * @since 0.1.0
 * @category models
 */
export type Items = Octets.Octets

/**
 * A list without items.
 *
 * @since 0.1.0
 * @category constructors
 */
export const NOTHING: Items = Octets.of("")

const COMMA = Octets.of(",")

/**
 * Both lists, one after the other. Strings of any length are joined without being copied.
 *
 * @since 0.1.0
 * @category transitions
 */
export const joined = (one: Items, other: Items): Items => {
  if (one === NOTHING) return other
  return other === NOTHING ? one : Octets.concat([one, COMMA, other])
}

/**
 * Who is in a voice channel. It says no more than clients show there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const present = (guild: GuildId, state: VoiceState): Items =>
  Octets.of(JSON.stringify(Json.voiceState({ guild, state })))

/**
 * Who is in no voice channel any more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const absent = (user: UserId): Items => Octets.of(JSON.stringify(user))

/**
 * The last message of channels, who is in a voice channel, and who is in none any more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const payload = (summary: {
  readonly guild: GuildId
  readonly lastMessages: ReadonlyArray<readonly [ChannelId, MessageId]>
  readonly present: Items
  readonly absent: Items
}): Payload.Payload => {
  const channels = JSON.stringify(summary.lastMessages.map(([id, last_message_id]) => ({ id, last_message_id })))
  const start = `{"guild_id":${JSON.stringify(summary.guild)},"updated_channels":${channels},"updated_voice_states":[`
  return Payload.fromOctets("PASSIVE_UPDATE_V2", [
    Octets.of(start),
    summary.present,
    Octets.of(`],"removed_voice_states":[`),
    summary.absent,
    Octets.of(`],"updated_members":[]}`)
  ])
}
