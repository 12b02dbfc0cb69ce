/**
 * A chat message.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Embed } from "./Embed.ts"
import { ChannelId, GuildId, MessageId } from "./Ids.ts"
import { Member } from "./Member.ts"
import { Mentions } from "./Mentions.ts"

/**
 * The most characters (Unicode code points) that a message may have.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_LENGTH = 2000

/**
 * A message's embeds are not shown.
 *
 * @since 0.1.0
 * @category bits
 */
export const SUPPRESS_EMBEDS = 1 << 2

/**
 * A message that calls nobody's attention: clients show it without a sound.
 *
 * @since 0.1.0
 * @category bits
 */
export const SUPPRESS_NOTIFICATIONS = 1 << 12

/**
 * What a person writes. `nonce` lets the sender know its own message again. `replyTo` is the message that this one
 * answers. `mentions` are whom it is to call; without it, whom its content names. `flags` are {@link SUPPRESS_EMBEDS} and
 * {@link SUPPRESS_NOTIFICATIONS}. One that `isUnique` is not made again where its author has sent one of the same `nonce`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Draft = Schema.Struct({
  content: Schema.String,
  embeds: Schema.Array(Embed),
  tts: Schema.Boolean,
  flags: Schema.optionalKey(Schema.Int),
  isUnique: Schema.optionalKey(Schema.Literal(true)),
  nonce: Schema.optionalKey(Schema.Union([Schema.String, Schema.Finite])),
  replyTo: Schema.optionalKey(MessageId),
  mentions: Schema.optionalKey(Mentions)
})
/**
 * @since 0.1.0
 * @category models
 */
export type Draft = typeof Draft.Type

/**
 * What the guild made of it. `sentAt` is Unix time in milliseconds. `mentions` are whom it calls: those of its draft, as far
 * as they are members and its author may call them.
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
  draft: Draft,
  mentions: Schema.Struct({
    members: Schema.Array(Member),
    roles: Mentions.fields.roles,
    everyone: Mentions.fields.everyone
  })
})
/**
 * @since 0.1.0
 * @category models
 */
export type Message = typeof Message.Type
