/**
 * A message that somebody outside submits: what it must be like, and what its guild makes of it. Every ingress takes
 * messages by the same rules, and refuses them with the same words.
 *
 * @since 0.1.0
 */
import { Array, type Duration, Effect, Schema } from "effect"
import type { ActorError } from "../../domain/Actor.ts"
import { characters, Embed, LIMITS } from "../../domain/Embed.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import { type ChannelId, MessageId, RoleId, UserId } from "../../domain/Ids.ts"
import * as Mentions from "../../domain/Mentions.ts"
import { MAX_LENGTH, type Draft, type Message } from "../../domain/Message.ts"
import type { Guild } from "../Guild.ts"
import { Guilds } from "../Guilds.ts"
import * as Transport from "../Transport.ts"
import { beyond } from "./limited.ts"

const MAX_NONCE = 25

/**
 * Characters of embeds as they are written: addresses do not count among those that an embed may have, and take memory too.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_WRITTEN = 64 * 1024

/** What may be left out or `null`: both mean that there is nothing. */
const given = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** Whom an answer answers is not called by it, so `replied_user` makes no difference. */
const AllowedMentions = Schema.Struct({
  parse: given(Schema.Array(Schema.Literals(["users", "roles", "everyone"]))),
  users: given(Schema.Array(UserId)),
  roles: given(Schema.Array(RoleId))
})

/**
 * What a client sends to have a message made; everything else that it may send is ignored.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateMessage = Schema.Struct({
  content: given(Schema.String),
  embeds: given(Schema.Array(Embed)),
  tts: Schema.optionalKey(Schema.Boolean),
  nonce: given(Schema.Union([Schema.String, Schema.Finite])),
  message_reference: given(Schema.Struct({ message_id: Schema.optionalKey(MessageId) })),
  allowed_mentions: given(AllowedMentions)
})

const tooLong = (field: string | ReadonlyArray<string>, most: number) =>
  RestError.invalidForm(Array.ensure(field), {
    code: "BASE_TYPE_MAX_LENGTH",
    message: `Must be ${most} or fewer in length.`
  })

/** Whom a content is to call, if that is said apart from it. */
const mentions = (
  content: string,
  wanted: typeof AllowedMentions.Type | null | undefined
): Effect.Effect<Mentions.Mentions | undefined, RestError.RestError> => {
  if (wanted === null || wanted === undefined) return Effect.undefined
  const allowed = { parse: wanted.parse ?? [], users: wanted.users ?? [], roles: wanted.roles ?? [] }
  for (const kind of ["users", "roles"] as const) {
    const { length } = allowed[kind]
    if (length > Mentions.MAX_NAMED) return tooLong(["allowed_mentions", kind], Mentions.MAX_NAMED)
    if (length > 0 && allowed.parse.includes(kind)) {
      return RestError.invalidForm(["allowed_mentions"], {
        code: "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        message: `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`
      })
    }
  }
  return Effect.succeed(Mentions.restricted(Mentions.inText(content), allowed))
}

const draft = (input: typeof CreateMessage.Type): Effect.Effect<Draft, RestError.RestError> => {
  const content = input.content ?? ""
  const embeds = input.embeds ?? []
  const nonce = input.nonce ?? undefined
  const replyTo = input.message_reference?.message_id
  // In code points, of which a string has no more than it has units: most are short enough at first sight.
  if (content.length > MAX_LENGTH && Array.fromIterable(content).length > MAX_LENGTH) {
    return tooLong("content", MAX_LENGTH)
  }
  if (embeds.length > LIMITS.embeds) return tooLong("embeds", LIMITS.embeds)
  if (embeds.reduce((total, embed) => total + characters(embed), 0) > LIMITS.characters) {
    return RestError.invalidForm(["embeds"], {
      code: "MAX_EMBED_SIZE_EXCEEDED",
      message: `Embed size exceeds maximum size of ${LIMITS.characters}`
    })
  }
  if (embeds.length > 0 && JSON.stringify(embeds).length > MAX_WRITTEN) {
    return beyond("embeds-size", RestError.tooLarge())
  }
  if (String(nonce ?? "").length > MAX_NONCE) return tooLong("nonce", MAX_NONCE)
  if (content.trim() === "" && embeds.length === 0) return RestError.emptyMessage()
  return Effect.map(mentions(content, input.allowed_mentions), (mentions) => ({
    content,
    embeds,
    tts: input.tts ?? false,
    ...(nonce === undefined ? undefined : { nonce }),
    ...(replyTo === undefined ? undefined : { replyTo }),
    ...(mentions === undefined ? undefined : { mentions })
  }))
}

/**
 * What can go wrong with a guild itself.
 *
 * @since 0.1.0
 * @category errors
 */
export const ACTOR_ERRORS = ["ActorNotStarted", "ActorStopped", "ActorDied", "CallTimedOut"] as const

/**
 * The guild did not answer in time, or not at all: that is no fault of the caller's, who may try again if nothing was
 * done (503), and should look first if something may have been (504, or 500 after a defect).
 *
 * @since 0.1.0
 * @category errors
 */
export const unanswered = (error: ActorError): RestError.RestError =>
  error.handled === "no"
    ? RestError.unavailable()
    : error._tag === "ActorDied"
      ? RestError.internal()
      : RestError.gatewayTimeout()

/**
 * The guild that a channel belongs to.
 *
 * @since 0.1.0
 * @category guilds
 */
export const guildOf = (channel: ChannelId): Effect.Effect<Guild, RestError.RestError, Guilds> =>
  Effect.flatMap(Guilds, (guilds) =>
    Effect.mapError(Effect.fromOption(guilds.byChannel(channel)), RestError.unknownChannel)
  )

/**
 * Has the guild make a message of what somebody wrote.
 *
 * @since 0.1.0
 * @category messages
 */
export const submit = (
  guild: Guild,
  written: { readonly author: UserId; readonly channel: ChannelId; readonly input: typeof CreateMessage.Type },
  options?: { readonly timeout?: Duration.Input }
): Effect.Effect<Message, RestError.RestError> =>
  Effect.flatMap(draft(written.input), (draft) =>
    Transport.call(guild, "SendMessage", { author: written.author, channel: written.channel, draft }, options)
  ).pipe(
    Effect.catchTags({
      UnknownMember: RestError.missingAccess,
      UnknownChannel: RestError.unknownChannel,
      WrongChannel: RestError.wrongChannel,
      MissingAccess: RestError.missingAccess,
      MissingPermissions: RestError.missingPermissions,
      StoreUnavailable: RestError.unavailable
    }),
    Effect.catchTag(ACTOR_ERRORS, unanswered)
  )
