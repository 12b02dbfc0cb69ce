/**
 * The routes about whoever asks: who they are, and which guilds they are in.
 *
 * @see https://discord.com/developers/docs/resources/user
 * @see https://discord.com/developers/docs/resources/application
 * @since 0.1.0
 */
import { Clock, Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import * as Json from "../../domain/gateway/Json.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import { GuildId } from "../../domain/Ids.ts"
import { Guilds } from "../Guilds.ts"
import { memberships } from "../ingress/memberships.ts"
import * as Rest from "../Rest.ts"
import * as Transport from "../Transport.ts"
import { answered, guild } from "./guildRequest.ts"
import { CallingUser, route } from "./route.ts"

/** "1-200": as many as there are of it. */
const MOST = 200

const Page = Schema.Struct({
  before: Schema.optionalKey(GuildId),
  after: Schema.optionalKey(GuildId),
  limit: Schema.optionalKey(
    Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: MOST }))
  ),
  with_counts: Schema.optionalKey(Rest.Flag)
})

const oldestFirst = (one: bigint, other: bigint): number => (one < other ? -1 : one > other ? 1 : 0)

/** Those after an id, the first so many; of those before one, the last so many. */
const guilds = Effect.gen(function* () {
  const me = yield* CallingUser
  const { after, before, limit = MOST, with_counts = false } = yield* Rest.query(Page)
  const { all } = yield* Guilds
  const wanted = all
    .map((guild) => ({ guild, id: BigInt(guild.id) }))
    .filter(({ id }) => (after === undefined || id > BigInt(after)) && (before === undefined || id < BigInt(before)))
    .toSorted((one, other) => oldestFirst(one.id, other.id))
    .map(({ guild }) => guild)
  const own = yield* answered(me, memberships(me.id, wanted))
  const page = before !== undefined && after === undefined ? own.slice(-limit) : own.slice(0, limit)
  const now = yield* Clock.currentTimeMillis
  return yield* Effect.forEach(page, ({ guild, member }) =>
    Effect.map(with_counts ? answered(me, guild.members.counts(me.id)) : Effect.undefined, (counts) => ({
      ...Json.ownGuild(guild.community, member, now),
      ...(counts === undefined ? undefined : Json.counts(counts))
    }))
  )
})

const member = Effect.gen(function* () {
  const { guild: own, me } = yield* guild
  const [found] = yield* answered(me, own.members.get([me.id], me.id))
  return found === undefined ? yield* RestError.missingAccess() : Json.member(found.member)
})

const leave = Effect.gen(function* () {
  const { guild: to, me } = yield* guild
  yield* answered(me, Transport.call(to, "RemoveMember", { by: me.id, user: me.id }))
})

/** A bot has an application of the same name, by which clients find out who owns it. */
const application = Effect.gen(function* () {
  const me = yield* CallingUser
  const { all } = yield* Guilds
  const { length } = yield* answered(me, memberships(me.id, all))
  return Json.application(me, length)
})

/**
 * `api` is the path that they stand under.
 *
 * @since 0.1.0
 * @category routes
 */
export const routes = (api: `/${string}`) => [
  route("GET", `${api}/users/@me`, Rest.respond(Effect.map(CallingUser, Json.ownProfile))),
  route("GET", `${api}/users/@me/guilds`, Rest.respond(guilds)),
  route("GET", `${api}/users/@me/guilds/:guild_id/member`, Rest.respond(member)),
  route(
    "DELETE",
    `${api}/users/@me/guilds/:guild_id`,
    Rest.respondWith(leave, () => HttpServerResponse.empty())
  ),
  route("GET", `${api}/applications/@me`, Rest.respond(application)),
  route("GET", `${api}/oauth2/applications/@me`, Rest.respond(application))
]
