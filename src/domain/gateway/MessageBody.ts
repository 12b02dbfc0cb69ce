/**
 * What a client sends to have a message made, and what is made of it. What would be left out of the message is refused by its
 * name.
 *
 * @see https://discord.com/developers/docs/resources/message#create-message
 * @since 0.1.0
 */
import { Array as Arr, Result, Schema } from "effect"
import { characters, type Embed, isEmpty, LIMITS } from "../Embed.ts"
import { ChannelId, MessageId, RoleId, UserId } from "../Ids.ts"
import * as Mentions from "../Mentions.ts"
import { type Draft, MAX_LENGTH, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS } from "../Message.ts"
import { embedOf, EmbedBody } from "./EmbedBody.ts"
import * as Lenient from "./Lenient.ts"
import * as RestError from "./RestError.ts"

const MAX_NONCE = 25

/** Flags that a client may set. */
const SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS

/** An answer; a forward is of another type. */
const REPLY = 0

/** Whom an answer answers is not called by it, so `replied_user` makes no difference. */
const AllowedMentions = Schema.Struct({
  parse: Lenient.optional(Schema.Array(Schema.NullOr(Schema.Literals(["users", "roles", "everyone"])))),
  users: Lenient.optional(Schema.Array(Schema.NullOr(Lenient.text(UserId)))),
  roles: Lenient.optional(Schema.Array(Schema.NullOr(Lenient.text(RoleId))))
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const CreateMessage = Schema.Struct({
  content: Lenient.optional(Schema.String),
  embeds: Lenient.optional(Schema.Array(EmbedBody)),
  tts: Lenient.optional(Schema.Boolean),
  flags: Lenient.optional(Lenient.integer),
  nonce: Lenient.optional(Schema.Union([Schema.String, Schema.Finite])),
  enforce_nonce: Lenient.optional(Schema.Boolean),
  message_reference: Lenient.optional(
    Schema.Struct({
      type: Lenient.optional(Lenient.integer),
      message_id: Lenient.optional(Lenient.text(MessageId)),
      channel_id: Lenient.optional(Lenient.text(ChannelId))
    })
  ),
  allowed_mentions: Lenient.optional(AllowedMentions),
  attachments: Lenient.notYet,
  components: Lenient.notYet,
  poll: Lenient.notYet,
  shared_client_theme: Lenient.notYet,
  sticker_ids: Lenient.notYet
})
/**
 * @since 0.1.0
 * @category models
 */
export type CreateMessage = typeof CreateMessage.Type

type Refused = RestError.RestError | undefined

const tooLong = (field: ReadonlyArray<string>, most: number): RestError.RestError =>
  RestError.invalidForm(field, { code: "BASE_TYPE_MAX_LENGTH", message: `Must be ${most} or fewer in length.` })

const notThere = (field: string, what: string): RestError.RestError =>
  RestError.invalidForm([field], { code: "BASE_TYPE_CHOICES", message: `${what} are not there yet.` })

const refusedContent = ({ content, nonce }: CreateMessage): Refused => {
  const text = content ?? ""
  // In code points, of which a string has no more than it has units: most are short enough at first sight.
  if (text.length > MAX_LENGTH && Arr.fromIterable(text).length > MAX_LENGTH) return tooLong(["content"], MAX_LENGTH)
  return String(nonce ?? "").length > MAX_NONCE ? tooLong(["nonce"], MAX_NONCE) : undefined
}

const refusedEmbeds = (embeds: ReadonlyArray<Embed>): Refused => {
  if (embeds.length > LIMITS.embeds) return tooLong(["embeds"], LIMITS.embeds)
  const empty = embeds.findIndex(isEmpty)
  if (empty !== -1) {
    return RestError.invalidForm(["embeds", empty, "description"], {
      code: "BASE_TYPE_REQUIRED",
      message: "This field is required"
    })
  }
  return embeds.reduce((total, embed) => total + characters(embed), 0) > LIMITS.characters
    ? RestError.invalidForm(["embeds"], {
        code: "MAX_EMBED_SIZE_EXCEEDED",
        message: `Embed size exceeds maximum size of ${LIMITS.characters}`
      })
    : undefined
}

const refusedMentions = ({ allowed_mentions: wanted }: CreateMessage): Refused => {
  for (const kind of ["users", "roles"] as const) {
    const { length } = wanted?.[kind] ?? []
    if (length > Mentions.MAX_NAMED) return tooLong(["allowed_mentions", kind], Mentions.MAX_NAMED)
    if (length > 0 && wanted?.parse?.includes(kind) === true) {
      return RestError.invalidForm(["allowed_mentions"], {
        code: "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        message: `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`
      })
    }
  }
  return undefined
}

const refusedReference = ({ message_reference: to }: CreateMessage, channel: ChannelId): Refused => {
  if ((to?.type ?? REPLY) !== REPLY) return notThere("message_reference", "Forwards")
  return (to?.channel_id ?? channel) === channel
    ? undefined
    : RestError.invalidForm(["message_reference"], {
        code: "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL",
        message: "Cannot reply to a message in a different channel"
      })
}

const refusedFlags = ({ flags }: CreateMessage): Refused =>
  ((flags ?? 0) & ~SETTABLE) === 0
    ? undefined
    : notThere("flags", "Flags but SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS")

const known = <A>(some: ReadonlyArray<A | null> | null | undefined): ReadonlyArray<A> =>
  (some ?? []).filter((one) => one !== null)

const mentions = (content: string, { allowed_mentions: wanted }: CreateMessage): Mentions.Mentions | undefined =>
  wanted === null || wanted === undefined
    ? undefined
    : Mentions.restricted(Mentions.inText(content), {
        parse: known(wanted.parse),
        users: known(wanted.users),
        roles: known(wanted.roles)
      })

/**
 * What somebody wants to write in a channel.
 *
 * @since 0.1.0
 * @category constructors
 */
export const draft = (input: CreateMessage, channel: ChannelId): Result.Result<Draft, RestError.RestError> => {
  const content = input.content ?? ""
  const embeds = (input.embeds ?? []).map(embedOf)
  const refused =
    refusedContent(input) ??
    refusedEmbeds(embeds) ??
    refusedMentions(input) ??
    refusedReference(input, channel) ??
    refusedFlags(input)
  if (refused !== undefined) return Result.fail(refused)
  if (content.trim() === "" && embeds.length === 0) return Result.fail(RestError.emptyMessage())
  const flags = input.flags ?? 0
  const nonce = input.nonce ?? undefined
  const replyTo = input.message_reference?.message_id ?? undefined
  const called = mentions(content, input)
  return Result.succeed({
    content,
    embeds,
    tts: input.tts ?? false,
    ...(flags === 0 ? undefined : { flags }),
    ...(nonce === undefined ? undefined : { nonce }),
    ...(nonce !== undefined && input.enforce_nonce === true ? { isUnique: true } : undefined),
    ...(replyTo === undefined ? undefined : { replyTo }),
    ...(called === undefined ? undefined : { mentions: called })
  })
}
