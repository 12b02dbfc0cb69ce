/**
 * The routes that look at a guild's roles and channels, and change them.
 *
 * @see https://discord.com/developers/docs/resources/guild
 * @see https://discord.com/developers/docs/resources/channel
 * @since 0.1.0
 */
import { Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import * as Audience from "../../domain/Audience.ts"
import * as Json from "../../domain/gateway/Json.ts"
import * as RestBody from "../../domain/gateway/RestBody.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import * as Rest from "../Rest.ts"
import * as Transport from "../Transport.ts"
import { answered, channelGuild, guild, overwriteId, ownGuild, roleId, view } from "./guildRequest.ts"
import { route } from "./route.ts"

const nothing = () => HttpServerResponse.empty()

/** The guild of the path, as who asks may see it. */
const seen = Effect.flatMap(guild, ({ guild, me }) => view(guild, me))

/**
 * The channel of the path, if who asks may see it. It is asked for as often as somebody types, so the guild is not made to
 * describe all of itself: that takes some 5 ms with 500 channels.
 *
 * @since 0.1.0
 * @category requests
 */
export const seenChannel = Effect.gen(function* () {
  const { channel: id, guild, me } = yield* channelGuild
  const [own] = yield* answered(me, guild.members.get([me.id], me.id))
  const { audiences, channels } = guild.community
  const audience = audiences.get(id)
  const channel = channels.get(id)
  const isSeen = own !== undefined && audience !== undefined && Audience.admitsMember(audience, own.member)
  return isSeen && channel !== undefined ? { channel, guild } : yield* RestError.missingAccess()
})

const allRoles = Effect.map(seen, ({ community }) => Array.from(community.roles.values(), Json.role))

const oneRole = Effect.gen(function* () {
  const { guild } = yield* ownGuild
  const role = guild.community.roles.get(yield* roleId)
  return role === undefined ? yield* RestError.unknownRole() : Json.role(role)
})

const createRole = Effect.gen(function* () {
  const { guild: to, me } = yield* guild
  const role = RestBody.rolePatch(yield* Rest.body(RestBody.RoleBody))
  return Json.role(yield* answered(me, Transport.call(to, "CreateRole", { by: me.id, role })))
})

const updateRole = Effect.gen(function* () {
  const { guild: to, me } = yield* guild
  const role = yield* roleId
  const patch = RestBody.rolePatch(yield* Rest.body(RestBody.RoleBody))
  return Json.role(yield* answered(me, Transport.call(to, "UpdateRole", { by: me.id, role, patch })))
})

const orderRoles = Effect.gen(function* () {
  const { guild: to, me } = yield* guild
  const positions = RestBody.rolePositions(yield* Rest.body(RestBody.RolePositions))
  return (yield* answered(me, Transport.call(to, "OrderRoles", { by: me.id, positions }))).map(Json.role)
})

const deleteRole = Effect.gen(function* () {
  const { guild: to, me } = yield* guild
  yield* answered(me, Transport.call(to, "DeleteRole", { by: me.id, role: yield* roleId }))
})

const oneGuild = Effect.gen(function* () {
  const { guild: own, me } = yield* guild
  const { with_counts = false } = yield* Rest.query(Schema.Struct({ with_counts: Schema.optionalKey(Rest.Flag) }))
  const { community } = yield* view(own, me)
  const counts = with_counts ? Json.counts(yield* answered(me, own.members.counts(me.id))) : undefined
  return { ...Json.guild(community), ...counts }
})

const createChannel = Effect.gen(function* () {
  const { guild: to, me } = yield* guild
  const channel = RestBody.newChannel(yield* Rest.body(RestBody.NewChannelBody))
  return Json.channel(yield* answered(me, Transport.call(to, "CreateChannel", { by: me.id, channel })), to.id, null)
})

const updateChannel = Effect.gen(function* () {
  const { channel, guild: to, me } = yield* channelGuild
  const patch = RestBody.channelPatch(yield* Rest.body(RestBody.ChannelBody))
  return Json.channel(yield* answered(me, Transport.call(to, "UpdateChannel", { by: me.id, channel, patch })), to.id)
})

const orderChannels = Effect.gen(function* () {
  const { guild: to, me } = yield* guild
  const moves = RestBody.channelMoves(yield* Rest.body(RestBody.ChannelPositions))
  yield* answered(me, Transport.call(to, "OrderChannels", { by: me.id, moves }))
})

const deleteChannel = Effect.gen(function* () {
  const { channel, guild: to, me } = yield* channelGuild
  return Json.channel(yield* answered(me, Transport.call(to, "DeleteChannel", { by: me.id, channel })), to.id)
})

const putOverwrite = Effect.gen(function* () {
  const { channel, guild: to, me } = yield* channelGuild
  const overwrite = RestBody.overwrite(yield* overwriteId, yield* Rest.body(RestBody.OverwriteBody))
  yield* answered(me, Transport.call(to, "UpdateChannel", { by: me.id, channel, patch: { overwrite } }))
})

const removeOverwrite = Effect.gen(function* () {
  const { channel, guild: to, me } = yield* channelGuild
  const patch = { withoutOverwrite: yield* overwriteId }
  yield* answered(me, Transport.call(to, "UpdateChannel", { by: me.id, channel, patch }))
})

/**
 * `api` is the path that they stand under.
 *
 * @since 0.1.0
 * @category routes
 */
export const routes = (api: `/${string}`) => [
  route("GET", `${api}/guilds/:guild_id`, Rest.respond(oneGuild)),
  route("GET", `${api}/guilds/:guild_id/roles`, Rest.respond(allRoles)),
  route("POST", `${api}/guilds/:guild_id/roles`, Rest.respond(createRole)),
  route("PATCH", `${api}/guilds/:guild_id/roles`, Rest.respond(orderRoles)),
  route("GET", `${api}/guilds/:guild_id/roles/:role_id`, Rest.respond(oneRole)),
  route("PATCH", `${api}/guilds/:guild_id/roles/:role_id`, Rest.respond(updateRole)),
  route("DELETE", `${api}/guilds/:guild_id/roles/:role_id`, Rest.respondWith(deleteRole, nothing)),
  route(
    "GET",
    `${api}/guilds/:guild_id/channels`,
    Rest.respond(Effect.map(seen, ({ community, lastMessages }) => Json.channels(community, lastMessages)))
  ),
  // The only one that Discord answers with 201.
  route(
    "POST",
    `${api}/guilds/:guild_id/channels`,
    Rest.respondWith(createChannel, (value) => HttpServerResponse.jsonUnsafe(value, { status: 201 }))
  ),
  route("PATCH", `${api}/guilds/:guild_id/channels`, Rest.respondWith(orderChannels, nothing)),
  route(
    "GET",
    `${api}/channels/:channel_id`,
    Rest.respond(Effect.map(seenChannel, ({ channel, guild }) => Json.channel(channel, guild.id)))
  ),
  route("PATCH", `${api}/channels/:channel_id`, Rest.respond(updateChannel)),
  route("DELETE", `${api}/channels/:channel_id`, Rest.respond(deleteChannel)),
  route("PUT", `${api}/channels/:channel_id/permissions/:overwrite_id`, Rest.respondWith(putOverwrite, nothing)),
  route("DELETE", `${api}/channels/:channel_id/permissions/:overwrite_id`, Rest.respondWith(removeOverwrite, nothing))
]
