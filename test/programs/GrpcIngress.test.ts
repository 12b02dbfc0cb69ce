/** The internal ingress, by a real gRPC client over a real connection. */
import { status } from "@grpc/grpc-js"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Metric, Schedule, Schema, Scope } from "effect"
import { networkInterfaces } from "node:os"
import * as CloseCode from "../../src/domain/gateway/CloseCode.ts"
import type { LimitName } from "../../src/domain/LimitName.ts"
import * as Metrics from "../../src/domain/Metrics.ts"
import { DEFAULTS } from "../../src/programs/ingress/grpcLimits.ts"
import * as GrpcServer from "../../src/programs/ingress/GrpcServer.ts"
import type { TraceCallers } from "../../src/programs/Transport.ts"
import * as socket from "../../src/layers/SessionSocket/grpc.ts"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"
import { GENERAL, GUILD, HIDDEN, READ_ONLY, userId } from "../support/community.ts"
import * as grpc from "../support/grpc.ts"
import * as guilds from "../support/guilds.ts"
import * as tcp from "../support/tcp.ts"
import { parentId, PARENT_ID, recorder, TRACE_ID, sampledCarrier, unsampledCarrier } from "../support/tracing.ts"

const ingress = (options?: { readonly callers?: TraceCallers; readonly start?: number }) =>
  GrpcIngress.layer({ host: "127.0.0.1", port: 0, grace: "250 millis", socket: socket.layer, ...options }).pipe(
    Layer.provideMerge(guilds.layer(2))
  )

const client = Effect.flatMap(GrpcIngress.GrpcIngress, ({ host, port }) => grpc.connect(`${host}:${port}`))

const as = (token: string) => ({ authorization: `Bot ${token}` })
const hello = { channelId: GENERAL, content: "hello" }
const Frame = Schema.fromJsonString(
  Schema.Struct({ t: Schema.String, s: Schema.Int, d: Schema.Record(Schema.String, Schema.Json) })
)
const frame = (subscription: grpc.Subscription) =>
  Effect.map(subscription.next, (text) => Schema.decodeUnknownSync(Frame)(text))

describe("SendMessage", () => {
  it.live("makes a message of what a member writes", () =>
    Effect.gen(function* () {
      const { sendMessage } = yield* client
      const first = yield* sendMessage({ ...hello, nonce: "n1" }, as("token-1"))
      assert.deepInclude(first, {
        guildId: GUILD,
        channelId: GENERAL,
        authorId: userId(1),
        content: "hello",
        nonce: "n1",
        replyTo: ""
      })
      assert.isAbove(first.sentAt, Date.UTC(2024))
      const reply = yield* sendMessage({ ...hello, replyTo: first.id }, { authorization: "token-2" })
      assert.strictEqual(reply.replyTo, first.id)
      assert.isTrue(BigInt(reply.id) > BigInt(first.id))
    }).pipe(Effect.provide(ingress()), Effect.scoped)
  )

  it.live("refuses by gRPC's statuses, and says what is wrong", () =>
    Effect.gen(function* () {
      const { sendMessage } = yield* client
      const refusals = [
        [hello, {}, status.UNAUTHENTICATED, /401/],
        [hello, as("nobody"), status.UNAUTHENTICATED, /401/],
        [{ content: "hello" }, as("token-1"), status.INVALID_ARGUMENT, /channelId/],
        [{ ...hello, channelId: "abc" }, as("token-1"), status.INVALID_ARGUMENT, /snowflake/],
        [{ ...hello, channelId: "1" }, as("token-1"), status.NOT_FOUND, /Unknown Channel/],
        [{ ...hello, content: " " }, as("token-1"), status.INVALID_ARGUMENT, /empty message/],
        [{ ...hello, content: "x".repeat(2001) }, as("token-1"), status.INVALID_ARGUMENT, /2000 or fewer/],
        [{ ...hello, nonce: "x".repeat(26) }, as("token-1"), status.INVALID_ARGUMENT, /25 or fewer/],
        [{ ...hello, replyTo: "x" }, as("token-1"), status.INVALID_ARGUMENT, /replyTo/],
        [{ ...hello, channelId: HIDDEN }, as("token-2"), status.PERMISSION_DENIED, /Missing Access/],
        [{ ...hello, channelId: READ_ONLY }, as("token-2"), status.PERMISSION_DENIED, /Missing Permissions/],
        [hello, as("stranger"), status.PERMISSION_DENIED, /Missing Access/],
        [{ ...hello, content: "x".repeat(300_000) }, as("token-1"), status.RESOURCE_EXHAUSTED, /larger than max/]
      ] as const
      for (const [request, metadata, code, details] of refusals) {
        const error = yield* Effect.flip(sendMessage(request, metadata))
        assert.strictEqual(error.code, code, error.details)
        assert.match(error.details, details)
      }
      // None of which has done any harm.
      assert.strictEqual((yield* sendMessage(hello, as("token-1"))).content, "hello")
    }).pipe(Effect.provide(ingress()), Effect.scoped)
  )

  const traced = Effect.fnUntraced(function* (
    metadata: Readonly<Record<string, string>>,
    options?: { readonly callers?: TraceCallers; readonly start?: number }
  ) {
    const spans = recorder()
    yield* Effect.flatMap(client, ({ sendMessage }) => sendMessage(hello, { ...as("token-1"), ...metadata })).pipe(
      Effect.provide(Layer.provide(ingress(options), spans.layer)),
      Effect.scoped
    )
    return spans.opened
  })
  const sampled = { traceparent: sampledCarrier.traceparent, tracestate: "vendor=1" }

  it.live("continues a sampled caller, by default; one that is not sampled is in no trace", () =>
    Effect.gen(function* () {
      const [first, second] = yield* traced(sampled)
      assert.deepStrictEqual(
        [first?.name, first?.kind, first?.traceId, first && parentId(first)],
        ["ingress.grpc", "server", TRACE_ID, PARENT_ID]
      )
      assert.deepInclude(Object.fromEntries(first?.attributes ?? []), {
        "rpc.system": "grpc",
        "rpc.service": "fanfare.v1.Fanfare",
        "rpc.method": "SendMessage",
        "rpc.grpc.status_code": 0
      })
      assert.strictEqual(second?.name, "guild.SendMessage")
      assert.deepStrictEqual(yield* traced({ traceparent: unsampledCarrier.traceparent }), [])
      assert.deepStrictEqual(yield* traced({}), [])
    })
  )

  it.live("or as its policy says", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* traced(sampled, { callers: "ignore" }), [])
      assert.deepStrictEqual(yield* traced(sampled, { callers: "link" }), [])
      const [root] = yield* traced(sampled, { callers: "link", start: 1 })
      assert.notStrictEqual(root?.traceId, TRACE_ID)
      assert.deepStrictEqual(
        root?.links.map(({ span }) => span.traceId),
        [TRACE_ID]
      )
    })
  )
})

describe("Subscribe", () => {
  it.live("streams what happens in the caller's guilds, as the gateway says it", () =>
    Effect.gen(function* () {
      const { sendMessage, subscribe } = yield* client
      const all = yield* subscribe({}, as("token-1"))
      const one = yield* subscribe({ guildId: GUILD, intents: 512 }, as("token-2"))
      for (const subscription of [all, one]) {
        const first = yield* frame(subscription)
        assert.deepInclude(first, { t: "GUILD_CREATE", s: 1 })
        assert.strictEqual(first.d.id, GUILD)
      }
      yield* sendMessage(hello, as("token-1"))
      yield* sendMessage({ ...hello, channelId: HIDDEN, content: "secret" }, as("token-1"))
      yield* sendMessage({ ...hello, content: "public" }, as("token-1"))
      const heard = (subscription: grpc.Subscription, times: number) =>
        Effect.map(Effect.all(Array.from({ length: times }, () => frame(subscription))), (frames) =>
          frames.map(({ d, s }) => [s, d.content])
        )
      assert.deepStrictEqual(yield* heard(all, 3), [
        [2, "hello"],
        [3, "secret"],
        [4, "public"]
      ])
      assert.deepStrictEqual(yield* heard(one, 2), [
        [2, "hello"],
        [3, "public"]
      ])
    }).pipe(Effect.provide(ingress()), Effect.scoped)
  )

  it.live("refuses as SendMessage does", () =>
    Effect.gen(function* () {
      const { subscribe } = yield* client
      for (const [request, metadata, code] of [
        [{}, {}, status.UNAUTHENTICATED],
        [{ guildId: "999" }, as("token-1"), status.NOT_FOUND],
        [{ guildId: "x" }, as("token-1"), status.INVALID_ARGUMENT],
        [{ intents: 2 ** 31 }, as("token-1"), status.INVALID_ARGUMENT],
        [{ guildId: GUILD }, as("stranger"), status.PERMISSION_DENIED]
      ] as const) {
        const error = yield* Effect.flip((yield* subscribe(request, metadata)).next)
        assert.deepInclude(error, { code })
      }
    }).pipe(Effect.provide(ingress()), Effect.scoped)
  )

  it.live("a caller that leaves is forgotten, and one that the server leaves is told so", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(ingress(), scope)
      const { sendMessage, subscribe } = yield* Effect.provideContext(client, context)
      const leaves = yield* subscribe({}, as("token-1"))
      yield* leaves.next
      yield* leaves.cancel
      const stays = yield* subscribe({}, as("token-1"))
      yield* stays.next
      yield* sendMessage(hello, as("token-1"))
      assert.strictEqual((yield* frame(stays)).d.content, "hello")
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      assert.deepInclude(yield* Effect.flip(stays.next), {
        code: status.UNAVAILABLE,
        details: CloseCode.GOING_AWAY.reason
      })
      yield* Fiber.join(closing)
    }).pipe(Effect.scoped)
  )
})

it.live("a call whose caller gives up is interrupted, and a defect is its own call's", () =>
  Effect.gen(function* () {
    const started = yield* Deferred.make<void>()
    const interrupted = yield* Deferred.make<void>()
    const waits = Effect.andThen(Deferred.succeed(started, undefined), Effect.never).pipe(
      Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
    )
    let calls = 0
    const port = yield* GrpcServer.serve(
      {
        unary: {
          SendMessage: () => {
            if (++calls === 1) throw new Error("thrown while the method was called")
            return calls === 2 ? Effect.die("defect") : waits
          }
        },
        stream: {}
      },
      { host: "127.0.0.1", port: 0, grace: 0 }
    )
    const { sendMessage } = yield* grpc.connect(`127.0.0.1:${port}`)
    for (let times = 0; times < 2; times++) {
      assert.deepInclude(yield* Effect.flip(sendMessage(hello)), { code: status.INTERNAL })
    }
    const calling = yield* Effect.forkChild(sendMessage(hello))
    yield* Deferred.await(started)
    yield* Fiber.interrupt(calling)
    yield* Deferred.await(interrupted)
  }).pipe(Effect.scoped)
)

it.live("calls that are under way finish yet when the server stops, and nobody else is let in", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const started = yield* Deferred.make<void>()
    const go = yield* Deferred.make<void>()
    const port = yield* Scope.provide(
      GrpcServer.serve(
        {
          unary: {
            SendMessage: () =>
              Effect.andThen(Deferred.succeed(started, undefined), Deferred.await(go)).pipe(
                Effect.andThen(Effect.fail({ code: status.NOT_FOUND, details: "served" }))
              )
          },
          stream: {}
        },
        { host: "127.0.0.1", port: 0, grace: "1 minute" }
      ),
      scope
    )
    const { sendMessage } = yield* grpc.connect(`127.0.0.1:${port}`)
    const calling = yield* Effect.forkChild(Effect.flip(sendMessage(hello)))
    yield* Deferred.await(started)
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    yield* Effect.sleep("20 millis")
    const other = yield* grpc.connect(`127.0.0.1:${port}`)
    assert.strictEqual((yield* Effect.flip(other.sendMessage(hello))).code, status.UNAVAILABLE)
    yield* Deferred.succeed(go, undefined)
    assert.strictEqual((yield* Fiber.join(calling)).details, "served")
    yield* Fiber.join(closing)
  }).pipe(Effect.scoped)
)

describe("connections", () => {
  /** One of this machine's addresses that others can reach, if it has one. */
  const [outside] = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address)

  const serve = (connections: number, perAddress: number) =>
    GrpcServer.serve(
      { unary: { SendMessage: () => Effect.fail({ code: status.NOT_FOUND, details: "served" }) }, stream: {} },
      { host: "0.0.0.0", port: 0, grace: 0, limits: { ...DEFAULTS, connections, perAddress } }
    )

  const refused = (limit: LimitName) => Effect.map(Metric.value(Metrics.limited(limit)), ({ count }) => Number(count))

  const isServed = Effect.fnUntraced(function* (port: number) {
    const { sendMessage } = yield* grpc.connect(`127.0.0.1:${port}`)
    const { details } = yield* Effect.flip(sendMessage(hello))
    return details === "served"
  }, Effect.scoped)

  it.live("there are as many as there may be, and when one goes another comes", () =>
    Effect.gen(function* () {
      const before = yield* refused("grpc-connections")
      const port = yield* serve(2, 2)
      const [first] = [yield* tcp.open(port, "127.0.0.1"), yield* tcp.open(port, "127.0.0.1")]
      yield* tcp.closed(yield* tcp.open(port, "127.0.0.1"))
      assert.isFalse(yield* isServed(port))
      assert.isAbove((yield* refused("grpc-connections")) - before, 1)
      first.destroy()
      yield* Effect.repeat(isServed(port), { until: (is) => is, schedule: Schedule.spaced("10 millis") })
    }).pipe(Effect.scoped)
  )

  it.live.skipIf(outside === undefined)("an address has no more than its share, and others are served", () =>
    Effect.gen(function* () {
      const before = yield* refused("grpc-connections-per-address")
      const port = yield* serve(10, 2)
      for (let nth = 0; nth < 2; nth++) yield* tcp.open(port, outside ?? "")
      yield* tcp.closed(yield* tcp.open(port, outside ?? ""))
      assert.strictEqual((yield* refused("grpc-connections-per-address")) - before, 1)
      assert.isTrue(yield* isServed(port))
    }).pipe(Effect.scoped)
  )
})

it.live("a port that is taken is an error that says what to do", () =>
  Effect.gen(function* () {
    const { port } = yield* GrpcIngress.GrpcIngress
    const second = GrpcIngress.layer({ host: "127.0.0.1", port, grace: 0, socket: socket.layer })
    const error = yield* Effect.flip(Effect.scoped(Layer.build(second)))
    assert.match(error.message, /cannot listen for gRPC on 127\.0\.0\.1:\d+ .*--grpc-port/s)
  }).pipe(Effect.provide(ingress()), Effect.scoped)
)
