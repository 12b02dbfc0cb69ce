/**
 * What a trace context costs per request that is not sampled, over HTTP and gRPC: nothing of it (bare), behind the
 * filter (`Transport.ingress`), and extracted whole each time, as OpenTelemetry's propagator does it.
 *
 * Requests come from a process of their own, and each has a guild make a message. What the filter costs is less than
 * throughput can tell, so `share` is its time, measured by itself, in that of one bare request.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { defaultTextMapGetter, ROOT_CONTEXT, trace } from "@opentelemetry/api"
import { W3CTraceContextPropagator } from "@opentelemetry/core"
import { Effect, Layer, Schema } from "effect"
import { HttpMiddleware, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { fork } from "node:child_process"
import { createServer } from "node:http"
import { Guild, MemberStore, Offload, Sampler, TraceContext, Transport } from "../src/index.ts"
import * as GrpcServer from "../src/programs/ingress/GrpcServer.ts"
import { community, general, member } from "../examples/support/salon.ts"
import type { Order } from "./support/load.ts"
import { median, permutations, quick, report } from "./support/report.ts"

const CYCLES = quick ? 1 : 2
const MILLIS = quick ? 40 : 700
const CALLS = quick ? 2_000 : 100_000

const WAYS = ["bare", "filter", "extract"] as const
type Way = (typeof WAYS)[number]
let way: Way = "bare"

const propagator = new W3CTraceContextPropagator()
const extracted = <A, E, R>(headers: Readonly<Record<string, string | undefined>>, effect: Effect.Effect<A, E, R>) => {
  const found = trace.getSpanContext(propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter))
  if (found === undefined) return effect
  const { spanId, traceFlags, traceId, traceState } = found
  return Effect.provideService(effect, TraceContext.Current, {
    traceId,
    spanId,
    flags: traceFlags,
    traceState: traceState?.serialize() ?? ""
  })
}

const HTTP: Transport.Hop = { name: "ingress.http" }
const GRPC: Transport.Hop = { name: "ingress.grpc" }
const headers = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", tracestate: "vendor=1" }

const author = member(0)
const Body = Schema.fromJsonString(Schema.Struct({ channelId: Schema.String, content: Schema.String }))
const decodeBody = Schema.decodeUnknownEffect(Body)

/** What one call costs by itself, in nanoseconds: that of doing nothing is taken off. */
const alone = (call: (effect: Effect.Effect<void>) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const timed = Effect.fnUntraced(function* (effect: () => Effect.Effect<void>) {
      const start = performance.now()
      for (let done = 0; done < CALLS; done++) yield* effect()
      return ((performance.now() - start) * 1e6) / CALLS
    })
    const differences: Array<number> = []
    for (let round = 0; round < 7; round++) {
      const nothing = yield* timed(() => Effect.suspend(() => Effect.void))
      differences.push((yield* timed(() => Effect.suspend(() => call(Effect.void)))) - nothing)
    }
    return median(differences)
  })

const program = Effect.gen(function* () {
  const guild = yield* Guild.make({ community, members: [author] })
  const say = (content: string) =>
    Transport.call(guild, "SendMessage", {
      author: author.user.id,
      channel: general.id,
      draft: { content, embeds: [], tts: false }
    })

  const route = HttpRouter.add(
    "POST",
    "/messages",
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const handler = Effect.orDie(
        Effect.map(
          Effect.flatMap(Effect.flatMap(request.text, decodeBody), ({ content }) => say(content)),
          ({ id }) => HttpServerResponse.jsonUnsafe({ id })
        )
      )
      if (way === "bare") return handler
      return way === "filter" ? Transport.ingress(request.headers, HTTP, handler) : extracted(request.headers, handler)
    })
  )
  const http = yield* Layer.build(
    HttpRouter.serve(route, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provide([Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true), Transport.layerIsolated]),
      Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
    )
  )
  const address = yield* Effect.provideContext(HttpServer.addressFormattedWith(Effect.succeed), http)
  const grpcPort = yield* GrpcServer.serve(
    {
      unary: {
        SendMessage: (call) => {
          const handler = Effect.orDie(Effect.map(say("hello"), ({ id }) => ({ id })))
          if (way === "bare") return handler
          return way === "filter"
            ? Transport.ingress(call.metadata, GRPC, handler)
            : extracted(
                Object.fromEntries(Object.entries(call.metadata.getMap()).map(([key, value]) => [key, String(value)])),
                handler
              )
        }
      },
      stream: {}
    },
    { host: "127.0.0.1", port: 0, grace: 0 }
  )

  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(new URL("./support/load.ts", import.meta.url))),
    (child) => Effect.sync(() => child.kill())
  )
  const Answer = Schema.Struct({ requests: Schema.Int, millis: Schema.Finite })
  const load = (order: Order) =>
    Effect.callback<number>((resume) => {
      child.once("message", (answer) => {
        const { millis, requests } = Schema.decodeUnknownSync(Answer)(answer)
        resume(Effect.succeed((requests / millis) * 1000))
      })
      child.send(order)
    })

  const ports = { http: Number(new URL(address).port), grpc: grpcPort }
  const rates: Record<string, Array<number>> = {}
  const subjects = permutations(WAYS)
  for (let cycle = -1; cycle < CYCLES; cycle++) {
    for (const protocol of ["http", "grpc"] as const) {
      for (const order of cycle < 0 ? subjects.slice(0, 1) : subjects) {
        for (const next of order) {
          way = next
          const rate = yield* load({ protocol, port: ports[protocol], millis: MILLIS, headers })
          if (cycle >= 0) (rates[`${protocol} ${next}`] ??= []).push(rate)
        }
      }
    }
  }
  const rate = (protocol: "http" | "grpc", way: Way) => median(rates[`${protocol} ${way}`] ?? [])
  const filter = yield* Effect.provide(
    alone((effect) => Transport.ingress(headers, HTTP, effect)),
    Transport.layerIsolated
  )
  const extract = yield* alone((effect) => extracted(headers, effect))
  const share = (protocol: "http" | "grpc", nanos: number) => (nanos * rate(protocol, "bare")) / 1e9
  report("ingress", {
    http_bare_rps: rate("http", "bare"),
    http_filter_rps: rate("http", "filter"),
    http_extract_rps: rate("http", "extract"),
    grpc_bare_rps: rate("grpc", "bare"),
    grpc_filter_rps: rate("grpc", "filter"),
    grpc_extract_rps: rate("grpc", "extract"),
    filter_ns: filter,
    extract_ns: extract,
    share: Math.max(share("http", filter), share("grpc", filter)),
    share_extract: Math.max(share("http", extract), share("grpc", extract))
  })
})

Effect.runPromise(
  program.pipe(Effect.scoped, Effect.provide([Sampler.byFanOutSize(), MemberStore.heap, Offload.inline]))
)
