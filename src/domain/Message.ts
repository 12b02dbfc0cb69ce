/**
 * A chat message.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Embed } from "./Embed.ts"
import { ChannelId, GuildId, MessageId } from "./Ids.ts"
import { Member } from "./Member.ts"

/**
 * The most characters (Unicode code points) that a message may have.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_LENGTH = 2000

/**
 * What a person writes. `nonce` lets the sender know its own message again. `replyTo` is the message that this one
 * answers.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Draft = Schema.Struct({
  content: Schema.String,
  embeds: Schema.Array(Embed),
  tts: Schema.Boolean,
  nonce: Schema.optionalKey(Schema.Union([Schema.String, Schema.Finite])),
  replyTo: Schema.optionalKey(MessageId)
})
/**
 * @since 0.1.0
 * @category models
 */
export type Draft = typeof Draft.Type

/**
 * What the guild made of it. `sentAt` is Unix time in milliseconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Message = Schema.Struct({
  id: MessageId,
  guildId: GuildId,
  channelId: ChannelId,
  author: Member,
  sentAt: Schema.Finite,
  draft: Draft
})
/**
 * @since 0.1.0
 * @category models
 */
export type Message = typeof Message.Type
