/**
 * The ingress: where requests from outside become commands to a guild. Discord's REST API v10, as far as clients need
 * it to log in, look around, write and moderate; and the gateway's WebSocket.
 *
 * @see https://discord.com/developers/docs/reference
 * @since 0.1.0
 */
import { Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Detached from "../domain/Detached.ts"
import * as Json from "../domain/gateway/Json.ts"
import * as RestError from "../domain/gateway/RestError.ts"
import type { UserId } from "../domain/Ids.ts"
import type { SessionSocket } from "../domain/SessionSocket.ts"
import * as Gateway from "./Gateway.ts"
import * as Health from "./ingress/health.ts"
import * as Submission from "./ingress/Submission.ts"
import * as Rest from "./Rest.ts"
import { channelId } from "./rest/guildRequest.ts"
import * as People from "./rest/people.ts"
import * as Structure from "./rest/structure.ts"
import * as Transport from "./Transport.ts"

const API = "/api/v10"

const sendMessage = Effect.fnUntraced(function* (author: UserId) {
  const channel = yield* channelId
  const guild = yield* Submission.guildOf(channel)
  const input = yield* Rest.body(Submission.CreateMessage)
  return yield* Effect.map(Submission.submit(guild, { author, channel, input }), Json.message)
})

const MESSAGES = { "http.request.method": "POST", "http.route": `${API}/channels/:channel_id/messages` } as const

/**
 * The only route whose request is fanned out as it is, and so the only one whose callers' traces go on. Who calls is known
 * before their trace is looked at: a stranger's is not.
 */
const postMessage = (options: Transport.IngressOptions | undefined) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
    Effect.matchEffect(Rest.caller, {
      onFailure: (error) => Effect.succeed(Rest.refused(error)),
      onSuccess: ({ id }) =>
        Transport.ingress(
          headers,
          { name: "ingress.http", attributes: { ...MESSAGES, "user.id": id } },
          Effect.tap(Rest.respond(sendMessage(id)), ({ status }) =>
            Effect.annotateCurrentSpan("http.response.status_code", status)
          ),
          options
        )
    })
  )

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

const SESSION_STARTS = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 16 }

const rest = (options: Options | undefined) =>
  HttpRouter.addAll([
    HttpRouter.route("GET", `${API}/gateway`, Rest.respond(Effect.map(gatewayUrl(options), (url) => ({ url })))),
    HttpRouter.route(
      "GET",
      `${API}/gateway/bot`,
      Rest.respond(
        Effect.andThen(
          Rest.caller,
          Effect.map(gatewayUrl(options), (url) => ({ url, shards: 1, session_start_limit: SESSION_STARTS }))
        )
      )
    ),
    ...People.routes(API),
    ...Structure.routes(API),
    HttpRouter.route("POST", `${API}/channels/:channel_id/messages`, postMessage(options)),
    HttpRouter.route("POST", `${API}/channels/:channel_id/typing`, typing),
    HttpRouter.route(
      "*",
      "/api/*",
      Effect.sync(() => Rest.refused(RestError.notFound()))
    )
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
    const { headers, remoteAddress } = yield* HttpServerRequest.HttpServerRequest
    if (headers.upgrade?.toLowerCase() !== "websocket") return notPlain
    const url = yield* gatewayUrl(options)
    const address = Option.getOrUndefined(remoteAddress)
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
) => Layer.mergeAll(rest(options), Health.route, gateway(socket, options))
