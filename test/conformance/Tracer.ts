/**
 * What a tracer may do: whatever it likes. Each message is handled and delivered, once; whoever asked has the answer; no
 * session ends, no actor dies; what failed is counted; and no span is ended twice.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Metric, Option, PubSub, Queue, Schema, Tracer } from "effect"
import { HttpClient, HttpClientRequest, HttpMiddleware, HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import type * as Envelope from "../../src/domain/Envelope.ts"
import * as Payload from "../../src/domain/gateway/Payload.ts"
import { SessionSocket } from "../../src/domain/SessionSocket.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as grpcSocket from "../../src/layers/SessionSocket/grpc.ts"
import * as memory from "../../src/layers/SessionSocket/memory.ts"
import * as webSocket from "../../src/layers/SessionSocket/webSocket.ts"
import * as Actor from "../../src/programs/Actor.ts"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"
import { Guilds } from "../../src/programs/Guilds.ts"
import * as Ingress from "../../src/programs/Ingress.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { login } from "../support/client.ts"
import { draft, GENERAL, GUILD, sessionId, userId } from "../support/community.ts"
import type { Failing } from "../support/failingTracers.ts"
import * as grpc from "../support/grpc.ts"
import * as guilds from "../support/guilds.ts"
import { callerSpan, sampledCarrier, traced } from "../support/tracing.ts"

type Text = string | Envelope.Envelope<string>

const headers = { traceparent: sampledCarrier.traceparent }
const hop = (): Transport.Hop => ({ name: "hop", attributes: { who: "me" } })

const content = (frame: { readonly d: unknown }) =>
  Schema.decodeUnknownSync(Schema.Struct({ content: Schema.String }))(frame.d).content

const failures = Effect.map(Metric.snapshot, (metrics) =>
  metrics.flatMap((metric) =>
    metric.id === "fanfare.tracer.failed" && metric.type === "Counter" ? [Number(metric.state.count)] : []
  )
)

/** A sampled message and then a bare one, to everybody: each hears of both, and of nothing else. */
const bothAreHeard = Effect.fnUntraced(function* <R>(
  sampled: Effect.Effect<unknown, unknown, R>,
  clients: ReadonlyArray<Effect.Success<ReturnType<typeof login>>>
) {
  const guild = Option.getOrThrow((yield* Guilds).byId(GUILD))
  yield* sampled
  yield* Transport.call(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft("bare") })
  for (const client of clients) {
    const frames = [yield* client.next, yield* client.next]
    assert.deepStrictEqual(frames.map(content), ["sampled", "bare"])
    // READY was 1, GUILD_CREATE 2.
    assert.deepStrictEqual(
      frames.map(({ s }) => s),
      [3, 4]
    )
    assert.strictEqual(yield* Queue.size(client.raw.frames), 0)
    assert.isUndefined(client.conversation.pollUnsafe())
  }
})

const clients = Effect.forEach(["token-1", "token-2", "token-3"], (token) => login(token))

interface Counter {
  readonly Add: { readonly payload: number; readonly success: number; readonly error: "negative" }
}

/** It does things within spans of its own, too. */
const counter = (policy: "start" | "continue") =>
  Actor.make<Counter, "tick">()({
    kind: "counter",
    capacity: 16,
    policy,
    init: (self) =>
      Effect.gen(function* () {
        let total = 0
        yield* self.after("1 second", "tick")
        return {
          requests: {
            Add: (amount) =>
              Effect.gen(function* () {
                const span = yield* Effect.orDie(Effect.currentSpan)
                span.attribute("amount", amount)
                span.event("added", 0n)
                span.addLinks([{ span: callerSpan, attributes: {} }])
                if (amount < 0) return yield* Effect.fail("negative" as const)
                return (total += amount)
              }).pipe(Effect.withSpan("of its own"))
          },
          message: () => Effect.sync(() => void (total += 1000))
        }
      })
  })

/** What may happen on a message's way, with the tracer that everything on the way has. */
const hops: Readonly<Record<string, (tracer: Layer.Layer<never>) => Effect.Effect<void, unknown>>> = {
  "ingress, guild, relay, sessions": (tracer) =>
    Effect.gen(function* () {
      const all = yield* clients
      const guild = Option.getOrThrow((yield* Guilds).byId(GUILD))
      const message = { author: userId(1), channel: GENERAL, draft: draft("sampled") }
      const sent = Transport.ingress(headers, { name: "ingress.http" }, Transport.call(guild, "SendMessage", message))
      yield* bothAreHeard(Effect.provide(sent, tracer), all)
    }).pipe(Effect.provide(Layer.provide(guilds.layer(3), tracer)), Effect.scoped),

  "a session whose connection is full": (tracer) =>
    Effect.gen(function* () {
      const { client, socket } = yield* memory.make()
      const session = yield* Session.make({ id: sessionId(1) }).pipe(
        Effect.provideService(SessionSocket, { ...socket, sendUnsafe: () => false }),
        Effect.provide(tracer)
      )
      yield* traced(Transport.send(session.mailbox, Payload.make("SAMPLED", {})))
      yield* Transport.send(session.mailbox, Payload.make("BARE", {}))
      const frames = (yield* Queue.takeN(client.frames, 2)).map((frame): unknown => JSON.parse(frame))
      assert.deepStrictEqual(frames, [
        { t: "SAMPLED", op: 0, d: {}, s: 1 },
        { t: "BARE", op: 0, d: {}, s: 2 }
      ])
    }).pipe(Effect.scoped),

  "the HTTP ingress": (tracer) =>
    Effect.gen(function* () {
      const all = yield* clients
      const request = HttpClientRequest.post(`/api/v10/channels/${GENERAL}/messages`).pipe(
        HttpClientRequest.setHeaders({ ...headers, authorization: "Bot token-1" }),
        HttpClientRequest.bodyText(JSON.stringify({ content: "sampled" }), "application/json")
      )
      const sent = Effect.map(HttpClient.execute(request), ({ status }) => assert.strictEqual(status, 200))
      yield* bothAreHeard(sent, all)
    }).pipe(
      Effect.provide(
        HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
          Layer.provide([Transport.layerIsolated, Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)]),
          Layer.provide(tracer),
          Layer.provideMerge(Layer.provide(guilds.layer(3), tracer)),
          Layer.provideMerge(NodeHttpServer.layerTest)
        )
      ),
      Effect.scoped
    ),

  "the gRPC ingress": (tracer) =>
    Effect.gen(function* () {
      const { host, port } = yield* GrpcIngress.GrpcIngress
      const { sendMessage } = yield* grpc.connect(`${host}:${port}`)
      const all = yield* clients
      const sent = Effect.map(
        sendMessage({ channelId: GENERAL, content: "sampled" }, { ...headers, authorization: "Bot token-1" }),
        (answer) => assert.strictEqual(answer.content, "sampled")
      )
      yield* bothAreHeard(sent, all)
    }).pipe(
      Effect.provide(
        GrpcIngress.layer({ host: "127.0.0.1", port: 0, grace: "250 millis", socket: grpcSocket.layer }).pipe(
          Layer.provideMerge(guilds.layer(3)),
          Layer.provide(tracer)
        )
      ),
      Effect.scoped
    ),

  "an actor": (tracer) =>
    Effect.gen(function* () {
      const actor = yield* Effect.provide(counter("continue"), tracer)
      assert.strictEqual(yield* traced(Transport.call(actor, "Add", 1)), 1)
      assert.strictEqual(yield* Effect.flip(traced(Transport.call(actor, "Add", -1))), "negative")
      assert.strictEqual(yield* Transport.call(actor, "Add", 1), 2)
      yield* TestClock.adjust("1 second")
      // It is the same one all the time: it has not been started anew.
      assert.strictEqual(yield* traced(Transport.call(actor, "Add", 1)), 1003)
    }).pipe(Effect.scoped),

  "an actor that begins traces itself": (tracer) =>
    Effect.gen(function* () {
      const actor = yield* Effect.provide(counter("start"), tracer)
      assert.strictEqual(yield* Transport.call(actor, "Add", 1), 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Transport.call(actor, "Add", 1), 1002)
    }).pipe(Effect.scoped),

  "a queue and a topic": (tracer) =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Text>()
      const topic = yield* PubSub.unbounded<Text>()
      const subscription = yield* PubSub.subscribe(topic)
      yield* traced(Effect.andThen(Transport.send(queue, "queued"), Transport.send(topic, "published")))
      assert.strictEqual(yield* Effect.provide(Transport.receive(queue, hop, Effect.succeed), tracer), "queued")
      assert.strictEqual(
        yield* Effect.provide(Transport.receive(subscription, hop, Effect.succeed), tracer),
        "published"
      )
    }).pipe(Effect.scoped)
}

/** Sends and receives within a span that a caller opened, with a tracer that is not safe. */
const withinOwnSpan = (span: Tracer.Span): Effect.Effect<void, unknown> =>
  Effect.gen(function* () {
    const actor = yield* Effect.withParentSpan(counter("continue"), span)
    assert.strictEqual(yield* Effect.withParentSpan(Transport.call(actor, "Add", 1), span), 1)
    const mailbox = yield* Queue.unbounded<Text>()
    const { sender } = yield* Offload.Offload
    const fanout = Transport.fanout([{ mailbox }], "fanned out", { sender: yield* sender })
    yield* Effect.withParentSpan(Effect.andThen(fanout, Transport.send(mailbox, "sent")), span)
    const got: Array<string> = []
    const receive = Transport.receive(mailbox, hop, (text) => Effect.sync(() => void got.push(text)))
    yield* receive
    yield* receive
    assert.deepStrictEqual(got, ["fanned out", "sent"])
  }).pipe(Effect.provide([Sampler.always, Offload.inline, MemberStore.heap]), Effect.scoped)

const options = (parent: Option.Option<Tracer.AnySpan>): Parameters<Tracer.Tracer["span"]>[0] => ({
  name: "of a caller's own",
  parent,
  annotations: Context.empty(),
  links: [],
  startTime: 0n,
  kind: "internal",
  root: false,
  sampled: true
})

export const conforms = (name: string, make: () => Failing) =>
  describe(`a tracer that fails at ${name}`, () => {
    it.effect.each(Object.keys(hops))("is not noticed on the way: %s", (hopName) =>
      Effect.gen(function* () {
        const { ends, tracer } = make()
        yield* hops[hopName]?.(Layer.succeed(Tracer.Tracer, tracer)) ?? Effect.die("no such hop")
        const ended = ends()
        assert.isTrue(
          ended.every((times) => times === 1),
          `ended so many times each: ${ended.join()}`
        )
      }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
    )

    it.effect("is counted", () =>
      Effect.gen(function* () {
        const { tracer } = make()
        yield* hops["an actor"]?.(Layer.succeed(Tracer.Tracer, tracer)) ?? Effect.die("no such hop")
        assert.isAbove(
          (yield* failures).reduce((sum, count) => sum + count, 0),
          0
        )
      }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
    )

    it.effect("is not noticed by callers that are within one of its spans", () =>
      Effect.suspend(() => {
        const { givesSpans, tracer } = make()
        return givesSpans ? withinOwnSpan(tracer.span(options(Option.some(callerSpan)))) : Effect.void
      })
    )
  })
