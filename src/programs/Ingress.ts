/**
 * The ingress: where requests from outside become commands to a guild. Discord's REST API v10, as far as clients need
 * it to log in, look around, write and moderate; and the gateway's WebSocket.
 *
 * @see https://discord.com/developers/docs/reference
 * @since 0.1.0
 */
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Detached from "../domain/Detached.ts"
import * as Json from "../domain/gateway/Json.ts"
import { CreateMessage } from "../domain/gateway/MessageBody.ts"
import * as RestError from "../domain/gateway/RestError.ts"
import * as Rates from "../domain/gateway/Rates.ts"
import * as Monotonic from "../domain/Monotonic.ts"
import type { SessionSocket } from "../domain/SessionSocket.ts"
import * as Gateway from "./Gateway.ts"
import * as Health from "./ingress/health.ts"
import * as Submission from "./ingress/Submission.ts"
import * as Rest from "./Rest.ts"
import { channelId } from "./rest/guildRequest.ts"
import * as Me from "./rest/me.ts"
import * as People from "./rest/people.ts"
import { addressOf, CallingUser, messageRoute, route } from "./rest/route.ts"
import * as Structure from "./rest/structure.ts"
import * as Transport from "./Transport.ts"

const API = "/api/v10"

const sendMessage = Effect.gen(function* () {
  const { id: author } = yield* CallingUser
  const channel = yield* channelId
  const guild = yield* Submission.guildOf(channel)
  const input = yield* Rest.body(CreateMessage)
  return yield* Effect.map(Submission.submit(guild, { author, channel, input }), Json.message)
})

const MESSAGES = { "http.request.method": "POST", "http.route": `${API}/channels/:channel_id/messages` } as const

/**
 * The only route whose request is fanned out as it is, and so the only one whose callers' traces go on. Who calls, and that
 * they may, is known before their trace is looked at: a stranger's is not.
 */
const postMessage = (options: Transport.IngressOptions | undefined) =>
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const { id } = yield* CallingUser
    return yield* Transport.ingress(
      headers,
      { name: "ingress.http", attributes: { ...MESSAGES, "user.id": id } },
      Effect.tap(Rest.respond(sendMessage), ({ status }) =>
        Effect.annotateCurrentSpan("http.response.status_code", status)
      ),
      options
    )
  })

/**
 * What becomes of the traces that callers bring; and `publicUrl`, where clients reach this server if that is behind a proxy
 * (`https://chat.example/path`). Without it they are told the name by which they have reached it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Transport.IngressOptions {
  readonly publicUrl?: string | undefined
}

/** Of several proxies, each of which says how it was reached, the first is the client's. */
const isSecure = (forwarded = "") => forwarded.split(",")[0]?.trim().toLowerCase() === "https"

/** Where this server's gateway is. */
const gatewayUrl = ({ publicUrl }: Options = {}) =>
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    if (publicUrl !== undefined) return `${publicUrl.replace(/^http/, "ws").replace(/\/+$/, "")}/gateway`
    const scheme = isSecure(headers["x-forwarded-proto"]) ? "wss" : "ws"
    return `${scheme}://${headers.host ?? "localhost"}/gateway`
  })

/** Whoever sees a channel may be about to write there. Others are not told yet. */
const typing = Rest.respondWith(Structure.seenChannel, () => HttpServerResponse.empty())

/** How many sessions who asks may begin, and how fast. */
const sessionStarts = Effect.gen(function* () {
  const { id } = yield* CallingUser
  const { concurrency, sessionStarts } = yield* Rates.Reference
  const { remaining, resetAfter } = sessionStarts.look(id, yield* Monotonic.now)
  const reset_after = Math.ceil(resetAfter)
  return { total: sessionStarts.rate.tokens, remaining, reset_after, max_concurrency: concurrency }
})

/** As the router reads a URL: whatever the letters' case, with any number of slashes, and with or without an address before it. */
const IN_API = /^(?:https?:\/\/[^/]*)?\/+api(?:[/?]|$)/i

const isUnknownRoute = (error: unknown): boolean =>
  HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound" && IN_API.test(error.request.url)

/**
 * Answers as Discord does where the API has no such route. For a path that cannot be decoded the router finds none either, not
 * even one for all paths.
 */
const unknownRoute = HttpRouter.middleware(
  (handled) =>
    Effect.catch(handled, (error) =>
      isUnknownRoute(error) ? Effect.succeed(Rest.refused(RestError.notFound())) : Effect.fail(error)
    ),
  { global: true }
)

const rest = (options: Options | undefined) =>
  HttpRouter.addAll([
    HttpRouter.route("GET", `${API}/gateway`, Rest.respond(Effect.map(gatewayUrl(options), (url) => ({ url })))),
    route(
      "GET",
      `${API}/gateway/bot`,
      Rest.respond(
        Effect.zipWith(gatewayUrl(options), sessionStarts, (url, session_start_limit) => ({
          url,
          shards: 1,
          session_start_limit
        }))
      )
    ),
    ...Me.routes(API),
    ...People.routes(API),
    ...Structure.routes(API),
    messageRoute(`${API}/channels/:channel_id/messages`, postMessage(options)),
    route("POST", `${API}/channels/:channel_id/typing`, typing)
  ])

/** What the gateway's query may ask for, where it asks for anything. */
const Query = Schema.Struct({
  v: Schema.optionalKey(Schema.String),
  encoding: Schema.optionalKey(Schema.String),
  compress: Schema.optionalKey(Schema.String)
})

/** With what it is to be upgraded to: RFC 9110, section 15.5.22. */
const notPlain = HttpServerResponse.text("This is a WebSocket: connect with a gateway client.", {
  status: 426,
  headers: { upgrade: "websocket", connection: "upgrade" }
})

const gateway = <E>(
  socket: Layer.Layer<SessionSocket, E, HttpServerRequest.HttpServerRequest>,
  options: Options | undefined
) => {
  const route = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return notPlain
    const url = yield* gatewayUrl(options)
    const address = addressOf(request)
    const query = yield* HttpServerRequest.schemaSearchParams(Query)
    // A conversation outlives the span and the async context of the request that began it.
    yield* Detached.run(Effect.provide(Gateway.converse({ url, address, ...query }), Layer.fresh(socket)))
    return HttpServerResponse.empty()
  }).pipe(Effect.catch(() => Effect.succeed(notPlain)))
  return HttpRouter.add("GET", "/gateway", route)
}

/**
 * All routes of the ingress. `socket` makes a session's socket of the request that is being upgraded.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <E>(
  socket: Layer.Layer<SessionSocket, E, HttpServerRequest.HttpServerRequest>,
  options?: Options
) => Layer.mergeAll(rest(options), unknownRoute, Health.route, gateway(socket, options))
