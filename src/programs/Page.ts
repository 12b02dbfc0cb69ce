/**
 * The page at `/`: a chat box that is a real gateway client, and beside it the trace of the last message.
 *
 * @since 0.1.0
 */
import { Effect, FileSystem, Layer, Path, Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as RestError from "../domain/gateway/RestError.ts"
import type { UserId } from "../domain/Ids.ts"
import { FinishedSpan, TraceStore } from "../domain/TraceStore.ts"
import * as Rest from "./Rest.ts"
import { CallingUser, ownRoute } from "./rest/route.ts"

/**
 * What the page needs to know of its server. `tokens` are those that anybody may see: the demo's, or none, and then the
 * page asks for one. `traces` says whether finished traces can be read here; else they are exported.
 *
 * @since 0.1.0
 * @category models
 */
export const Settings = Schema.Struct({ tokens: Schema.Array(Schema.String), traces: Schema.Boolean })
/**
 * @since 0.1.0
 * @category models
 */
export type Settings = typeof Settings.Type

const FILES = [
  { route: "/", file: "index.html", contentType: "text/html; charset=utf-8" },
  { route: "/page.css", file: "page.css", contentType: "text/css; charset=utf-8" },
  { route: "/page.js", file: "page.js", contentType: "text/javascript; charset=utf-8" },
  { route: "/gateway.js", file: "gateway.js", contentType: "text/javascript; charset=utf-8" },
  { route: "/waterfall.js", file: "waterfall.js", contentType: "text/javascript; charset=utf-8" }
] as const

/** Nothing but this server's own files runs in the page, and nothing else may frame it. */
const SECURITY = {
  "content-security-policy":
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache"
} as const

const files = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return yield* Effect.forEach(FILES, ({ contentType, file, route }) =>
    path.fromFileUrl(new URL(`./page/${file}`, import.meta.url)).pipe(
      Effect.flatMap((location) => fs.readFileString(location)),
      Effect.map((text) =>
        HttpRouter.route("GET", route, HttpServerResponse.text(text, { contentType, headers: SECURITY }))
      )
    )
  )
})

/** Who made the first of the requests that a trace consists of. */
const beginnerOf = (spans: ReadonlyArray<FinishedSpan>) =>
  spans.find(({ attributes }) => "user.id" in attributes)?.attributes["user.id"]

const spans = (operators: ReadonlySet<UserId>) =>
  Effect.gen(function* () {
    const { id } = yield* CallingUser
    const { trace_id = "" } = yield* HttpRouter.params
    const store = yield* TraceStore
    const found = yield* store.spans(trace_id)
    // Whoever did not begin it does not learn that there is one.
    if (found.length === 0 || !(operators.has(id) || beginnerOf(found) === id)) return yield* RestError.notFound()
    return { spans: Schema.encodeSync(Schema.Array(FinishedSpan))(found) }
  })

/**
 * The page, what it needs to know, and the traces that it shows: to each member those that they began, to `operators` all.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (settings: Settings, operators: ReadonlySet<UserId> = new Set()) =>
  Layer.mergeAll(
    HttpRouter.addAll(files),
    HttpRouter.add("GET", "/settings.json", HttpServerResponse.jsonUnsafe(settings, { headers: SECURITY })),
    HttpRouter.addAll([ownRoute("GET", "/traces/:trace_id", Rest.respond(spans(operators)))])
  )
