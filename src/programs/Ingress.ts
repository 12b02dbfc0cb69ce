/**
 * The ingress: where requests from outside become commands to a guild. Discord's REST API v10, as far as clients need
 * it to log in, look around and write; and the gateway's WebSocket.
 *
 * @see https://discord.com/developers/docs/reference
 * @since 0.1.0
 */
import { Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Json from "../domain/gateway/Json.ts"
import * as RestError from "../domain/gateway/RestError.ts"
import type { View } from "../domain/guild/Protocol.ts"
import { ChannelId, GuildId, UserId } from "../domain/Ids.ts"
import type { SessionSocket } from "../domain/SessionSocket.ts"
import type { User } from "../domain/User.ts"
import * as Gateway from "./Gateway.ts"
import type { Guild } from "./Guild.ts"
import { Guilds } from "./Guilds.ts"
import * as Submission from "./ingress/Submission.ts"
import * as Rest from "./Rest.ts"
import * as Transport from "./Transport.ts"

const API = "/api/v10"
const pathParameter = <A>(schema: Schema.Codec<A, string>, name: string) =>
  Effect.flatMap(HttpRouter.params, (params) => Rest.parameter(schema, name, params[name]))

const sendMessage = Effect.gen(function* () {
  const { id: author } = yield* Rest.caller
  const channel = yield* pathParameter(ChannelId, "channel_id")
  const guild = yield* Submission.guildOf(channel)
  const input = yield* Rest.body(Submission.CreateMessage)
  return yield* Effect.map(Submission.submit(guild, { author, channel, input }), Json.message)
})

/** The only route that changes anything, and so the only one whose callers' traces go on. */
const postMessage = (options: Transport.IngressOptions | undefined) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
    Transport.ingress(
      headers,
      {
        name: "ingress.http",
        attributes: { "http.request.method": "POST", "http.route": `${API}/channels/:channel_id/messages` }
      },
      Effect.tap(Rest.respond(sendMessage), ({ status }) =>
        Effect.annotateCurrentSpan("http.response.status_code", status)
      ),
      options
    )
  )

/** How a guild looks to one who asks. */
const view = (guild: Guild, { id }: User): Effect.Effect<View, RestError.RestError> =>
  Transport.call(guild, "Describe", { user: id }).pipe(
    Effect.catchTag("UnknownMember", RestError.missingAccess),
    Effect.catchTag(Submission.ACTOR_ERRORS, Submission.unanswered)
  )

const guildView = Effect.gen(function* () {
  const me = yield* Rest.caller
  const id = yield* pathParameter(GuildId, "guild_id")
  const { byId } = yield* Guilds
  const guild = yield* Effect.mapError(Effect.fromOption(byId(id)), RestError.unknownGuild)
  return yield* view(guild, me)
})

const channelView = Effect.gen(function* () {
  const me = yield* Rest.caller
  const id = yield* pathParameter(ChannelId, "channel_id")
  const { community, lastMessages } = yield* view(yield* Submission.guildOf(id), me)
  const found = Json.channels(community, lastMessages).find((channel) => channel.id === id)
  return found ?? (yield* RestError.missingAccess())
})

const userView = Effect.gen(function* () {
  const me = yield* Rest.caller
  const id = yield* pathParameter(UserId, "user_id")
  if (id === me.id) return Json.user(me)
  const { all } = yield* Guilds
  const views = yield* Effect.forEach(all, (guild) => Effect.option(view(guild, me)))
  const known = views.flatMap(Option.toArray).flatMap(({ members }) => members)
  return Json.user((known.find(({ user }) => user.id === id) ?? (yield* RestError.unknownUser())).user)
})

/** Where this server's gateway is, by the name under which the client reached it. */
const gatewayUrl = Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
  const scheme = headers["x-forwarded-proto"] === "https" ? "wss" : "ws"
  return `${scheme}://${headers.host ?? "localhost"}/gateway`
})

/** Whoever sees a channel may be about to write there. Others are not told yet. */
const typing = Rest.respondWith(channelView, () => HttpServerResponse.empty())

const SESSION_STARTS = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 16 }

const rest = (options: Transport.IngressOptions | undefined) =>
  HttpRouter.addAll([
    HttpRouter.route("GET", `${API}/gateway`, Rest.respond(Effect.map(gatewayUrl, (url) => ({ url })))),
    HttpRouter.route(
      "GET",
      `${API}/gateway/bot`,
      Rest.respond(
        Effect.andThen(
          Rest.caller,
          Effect.map(gatewayUrl, (url) => ({ url, shards: 1, session_start_limit: SESSION_STARTS }))
        )
      )
    ),
    HttpRouter.route("GET", `${API}/users/@me`, Rest.respond(Effect.map(Rest.caller, Json.user))),
    HttpRouter.route("GET", `${API}/users/:user_id`, Rest.respond(userView)),
    HttpRouter.route(
      "GET",
      `${API}/guilds/:guild_id`,
      Rest.respond(Effect.map(guildView, ({ community }) => Json.guild(community)))
    ),
    HttpRouter.route(
      "GET",
      `${API}/guilds/:guild_id/channels`,
      Rest.respond(Effect.map(guildView, ({ community, lastMessages }) => Json.channels(community, lastMessages)))
    ),
    HttpRouter.route("GET", `${API}/channels/:channel_id`, Rest.respond(channelView)),
    HttpRouter.route("POST", `${API}/channels/:channel_id/messages`, postMessage(options)),
    HttpRouter.route("POST", `${API}/channels/:channel_id/typing`, typing),
    HttpRouter.route(
      "*",
      "/api/*",
      Effect.sync(() => Rest.refused(RestError.notFound()))
    )
  ])

/** 200 as soon as every guild answers, and for as long as they do. */
const healthz = HttpRouter.add(
  "GET",
  "/healthz",
  Effect.gen(function* () {
    const { all } = yield* Guilds
    const guilds = yield* Effect.forEach(all, (guild) =>
      Effect.map(Transport.call(guild, "Status", undefined, { timeout: "2 seconds" }), (status) => ({
        id: guild.id,
        ...status
      }))
    )
    return HttpServerResponse.jsonUnsafe({ status: "ok", guilds })
  }).pipe(
    Effect.catch((error) =>
      Effect.succeed(HttpServerResponse.jsonUnsafe({ status: "unavailable", reason: error.message }, { status: 503 }))
    )
  )
)

/** What the gateway's query may ask for, where it asks for anything. */
const Query = Schema.Struct({
  v: Schema.optionalKey(Schema.String),
  encoding: Schema.optionalKey(Schema.String),
  compress: Schema.optionalKey(Schema.String)
})

const notPlain = HttpServerResponse.text("This is a WebSocket: connect with a gateway client.", { status: 426 })

const gateway = <E>(socket: Layer.Layer<SessionSocket, E, HttpServerRequest.HttpServerRequest>) => {
  const route = Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    if (headers.upgrade?.toLowerCase() !== "websocket") return notPlain
    const url = yield* gatewayUrl
    const query = yield* HttpServerRequest.schemaSearchParams(Query)
    // A conversation outlives the request that began it, and so the trace that the server may have begun for that.
    yield* Transport.untraced(Effect.provide(Gateway.converse({ url, ...query }), Layer.fresh(socket)))
    return HttpServerResponse.empty()
  }).pipe(Effect.catch(() => Effect.succeed(notPlain)))
  return HttpRouter.add("GET", "/gateway", route)
}

/**
 * All routes of the ingress. `socket` makes a session's socket of the request that is being upgraded; `options` say
 * what becomes of the traces that callers bring.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <E>(
  socket: Layer.Layer<SessionSocket, E, HttpServerRequest.HttpServerRequest>,
  options?: Transport.IngressOptions
) => Layer.mergeAll(rest(options), healthz, gateway(socket))
