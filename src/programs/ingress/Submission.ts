/**
 * A message that somebody outside submits: what it must be like, and what its guild makes of it. Every ingress takes
 * messages by the same rules, and refuses them with the same words.
 *
 * @since 0.1.0
 */
import { type Duration, Effect } from "effect"
import type { ActorError } from "../../domain/Actor.ts"
import type { CreateMessage } from "../../domain/gateway/MessageBody.ts"
import * as MessageBody from "../../domain/gateway/MessageBody.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import type { ChannelId, UserId } from "../../domain/Ids.ts"
import type { Draft, Message } from "../../domain/Message.ts"
import type { Guild } from "../Guild.ts"
import { Guilds } from "../Guilds.ts"
import * as Transport from "../Transport.ts"
import { beyond } from "./limited.ts"

/**
 * Characters of embeds as they are written: addresses do not count among those that an embed may have, and take memory too.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_WRITTEN = 64 * 1024

const draft = (input: CreateMessage, channel: ChannelId): Effect.Effect<Draft, RestError.RestError> =>
  Effect.flatMap(Effect.fromResult(MessageBody.draft(input, channel)), (draft) =>
    draft.embeds.length > 0 && JSON.stringify(draft.embeds).length > MAX_WRITTEN
      ? beyond("embeds-size", RestError.tooLarge())
      : Effect.succeed(draft)
  )

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
  written: { readonly author: UserId; readonly channel: ChannelId; readonly input: CreateMessage },
  options?: { readonly timeout?: Duration.Input }
): Effect.Effect<Message, RestError.RestError> =>
  Effect.flatMap(draft(written.input, written.channel), (draft) =>
    Transport.call(guild, "SendMessage", { author: written.author, channel: written.channel, draft }, options)
  ).pipe(
    Effect.catchTags({
      UnknownMember: RestError.missingAccess,
      UnknownChannel: RestError.unknownChannel,
      WrongChannel: RestError.wrongChannel,
      MissingAccess: RestError.missingAccess,
      MissingPermissions: RestError.missingPermissions,
      SlowedDown: ({ retryAfter }) => RestError.slowedDown(retryAfter),
      StoreUnavailable: RestError.unavailable
    }),
    Effect.catchTag(ACTOR_ERRORS, unanswered)
  )
