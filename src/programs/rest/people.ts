/**
 * The routes that look at users and members, and change members.
 *
 * @see https://discord.com/developers/docs/resources/guild#guild-member-object
 * @since 0.1.0
 */
import { Array as Arr, Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import * as Json from "../../domain/gateway/Json.ts"
import * as RestBody from "../../domain/gateway/RestBody.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import type { MemberPatch } from "../../domain/guild/commands/members.ts"
import { UserId } from "../../domain/Ids.ts"
import { Guilds } from "../Guilds.ts"
import * as Rest from "../Rest.ts"
import * as Transport from "../Transport.ts"
import { answered, guild, ownGuild, roleId, userId } from "./guildRequest.ts"
import { CallingUser, route } from "./route.ts"

const nothing = () => HttpServerResponse.empty()

/** Somebody in one of the guilds that who asks is in too. */
const user = Effect.gen(function* () {
  const me = yield* CallingUser
  const wanted = yield* userId
  if (wanted === me.id) return Json.profile(me)
  const { all } = yield* Guilds
  for (const { members } of all) {
    const found = yield* answered(me, members.get([me.id, wanted], me.id))
    const other = found.find(({ member }) => member.user.id === wanted)
    if (found.length === 2 && other !== undefined) return Json.profile(other.member.user)
  }
  return yield* RestError.unknownUser()
})

const member = Effect.gen(function* () {
  const { guild: own, me } = yield* ownGuild
  const [found] = yield* answered(me, own.members.get([yield* userId], me.id))
  return found === undefined ? yield* RestError.unknownMember() : Json.member(found.member)
})

const Limit = Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 1000 }))

const search = Effect.gen(function* () {
  const { guild: own, me } = yield* ownGuild
  const { limit = 1, query } = yield* Rest.query(
    Schema.Struct({ query: Schema.String, limit: Schema.optionalKey(Limit) })
  )
  const users = yield* answered(me, own.members.find(query, { limit, by: me.id }))
  const found = yield* answered(me, own.members.get(Arr.fromIterable(users), me.id))
  return found.map((one) => Json.member(one.member))
})

const list = Effect.gen(function* () {
  const { guild: own, me } = yield* ownGuild
  const { after = UserId.make("0"), limit = 1 } = yield* Rest.query(
    Schema.Struct({ after: Schema.optionalKey(UserId), limit: Schema.optionalKey(Limit) })
  )
  const found = yield* answered(me, own.members.page(after, limit, me.id))
  return found.map((one) => Json.member(one.member))
})

/** Has a member of the path's guild be otherwise, as who asks wants it. */
const updated = (user: UserId, patch: MemberPatch) =>
  Effect.gen(function* () {
    const { guild: to, me } = yield* guild
    return Json.member(yield* answered(me, Transport.call(to, "UpdateMember", { by: me.id, user, patch })))
  })

const patch = Effect.map(Rest.body(RestBody.MemberBody), RestBody.memberPatch)

const update = Effect.gen(function* () {
  return yield* updated(yield* userId, yield* patch)
})

const giveRole = Effect.gen(function* () {
  return yield* updated(yield* userId, { withRole: yield* roleId })
})

const takeRole = Effect.gen(function* () {
  return yield* updated(yield* userId, { withoutRole: yield* roleId })
})

const remove = Effect.gen(function* () {
  const { guild: to, me } = yield* guild
  const user = yield* userId
  // Nobody stands above themselves, whatever they may do to others: who wants to leave, leaves.
  if (user === me.id) return yield* RestError.missingPermissions()
  yield* answered(me, Transport.call(to, "RemoveMember", { by: me.id, user }))
})

/**
 * `api` is the path that they stand under.
 *
 * @since 0.1.0
 * @category routes
 */
export const routes = (api: `/${string}`) => [
  route("GET", `${api}/users/:user_id`, Rest.respond(user)),
  route("GET", `${api}/guilds/:guild_id/members`, Rest.respond(list)),
  route("GET", `${api}/guilds/:guild_id/members/search`, Rest.respond(search)),
  route("GET", `${api}/guilds/:guild_id/members/:user_id`, Rest.respond(member)),
  route("PATCH", `${api}/guilds/:guild_id/members/:user_id`, Rest.respond(update)),
  route("DELETE", `${api}/guilds/:guild_id/members/:user_id`, Rest.respondWith(remove, nothing)),
  route("PUT", `${api}/guilds/:guild_id/members/:user_id/roles/:role_id`, Rest.respondWith(giveRole, nothing)),
  route("DELETE", `${api}/guilds/:guild_id/members/:user_id/roles/:role_id`, Rest.respondWith(takeRole, nothing))
]
