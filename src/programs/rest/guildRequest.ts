/**
 * A request about a guild: who asks, which guild it is, and how its refusals are said.
 *
 * @since 0.1.0
 */
import { Effect, Schema } from "effect"
import { HttpRouter } from "effect/http"
import type { ActorError } from "../../domain/Actor.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import type { View } from "../../domain/guild/Protocol.ts"
import type { Refusal } from "../../domain/guild/Refusal.ts"
import { ChannelId, GuildId, RoleId, UserId } from "../../domain/Ids.ts"
import type { ScanError, StoreUnavailable } from "../../domain/MemberStore.ts"
import type { User } from "../../domain/User.ts"
import type { Guild } from "../Guild.ts"
import { Guilds } from "../Guilds.ts"
import * as Submission from "../ingress/Submission.ts"
import * as Rest from "../Rest.ts"
import * as Transport from "../Transport.ts"
import { CallingUser } from "./route.ts"

const parameter = <A>(schema: Schema.Codec<A, string>, name: string) =>
  Effect.flatMap(HttpRouter.params, (params) => Rest.parameter(schema, name, params[name]))

/**
 * @since 0.1.0
 * @category parameters
 */
export const guildId = parameter(GuildId, "guild_id")
/**
 * @since 0.1.0
 * @category parameters
 */
export const channelId = parameter(ChannelId, "channel_id")
/**
 * @since 0.1.0
 * @category parameters
 */
export const roleId = parameter(RoleId, "role_id")
/**
 * Whoever asks may call themselves `@me`.
 *
 * @since 0.1.0
 * @category parameters
 */
export const userId = Effect.flatMap(HttpRouter.params, ({ user_id }) =>
  user_id === "@me" ? Effect.map(CallingUser, ({ id }) => id) : Rest.parameter(UserId, "user_id", user_id)
)
/**
 * Of a role or a member, whichever has the overwrite.
 *
 * @since 0.1.0
 * @category parameters
 */
export const overwriteId = parameter(Schema.Union([RoleId, UserId]), "overwrite_id")

/**
 * How a guild looks to one who asks.
 *
 * @since 0.1.0
 * @category guilds
 */
export const view = (guild: Guild, { id }: User): Effect.Effect<View, RestError.RestError> =>
  Effect.mapError(Transport.call(guild, "Describe", { user: id }), (error) => said(id, error))

/**
 * The guild of the path, and who asks.
 *
 * @since 0.1.0
 * @category guilds
 */
export const guild = Effect.gen(function* () {
  const me = yield* CallingUser
  const id = yield* guildId
  const { byId } = yield* Guilds
  return { me, guild: yield* Effect.mapError(Effect.fromOption(byId(id)), RestError.unknownGuild) }
})

/**
 * The guild of the path's channel, and who asks.
 *
 * @since 0.1.0
 * @category guilds
 */
export const channelGuild = Effect.gen(function* () {
  const me = yield* CallingUser
  const channel = yield* channelId
  return { me, channel, guild: yield* Submission.guildOf(channel) }
})

const said = (me: UserId, error: Refusal | ActorError | ScanError | StoreUnavailable): RestError.RestError => {
  switch (error._tag) {
    case "UnknownMember":
      return error.user === me ? RestError.missingAccess() : RestError.unknownMember()
    case "UnknownChannel":
      return RestError.unknownChannel()
    case "UnknownOverwrite":
      return RestError.unknownOverwrite()
    case "SlowedDown":
      return RestError.slowedDown(error.retryAfter)
    case "UnknownRole":
      return RestError.unknownRole()
    case "MissingAccess":
      return RestError.missingAccess()
    case "MissingPermissions":
    case "ChannelFull":
      return RestError.missingPermissions()
    case "OwnerStays":
      return RestError.invalidGuild()
    case "WrongChannel":
      return RestError.wrongChannel()
    case "NotInVoice":
    case "UnknownSession":
      return RestError.notInVoice()
    case "TimeOutTooLong":
      return RestError.invalidForm(["communication_disabled_until"], {
        code: "COMMUNICATION_DISABLED_UNTIL_TOO_FAR",
        message: error.message
      })
    case "TooMany":
      return RestError.tooMany(error)
    case "ScanDied":
    case "ScanTimedOut":
    case "StoreUnavailable":
      return RestError.unavailable()
    default:
      return Submission.unanswered(error)
  }
}

/**
 * What a guild answers to one who asks, or in Discord's words why not.
 *
 * @since 0.1.0
 * @category guilds
 */
export const answered = <A>(
  { id }: User,
  asked: Effect.Effect<A, Refusal | ActorError | ScanError | StoreUnavailable>
): Effect.Effect<A, RestError.RestError> => Effect.mapError(asked, (error) => said(id, error))

/**
 * The guild of the path, and who asks, who is a member.
 *
 * @since 0.1.0
 * @category guilds
 */
export const ownGuild = Effect.gen(function* () {
  const { guild: own, me } = yield* guild
  const found = yield* answered(me, own.members.get([me.id], me.id))
  if (found.length === 0) return yield* RestError.missingAccess()
  return { guild: own, me }
})
