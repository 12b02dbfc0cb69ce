/** What an operator decides about traces, and what then travels. */
import { assert, describe, it } from "@effect/vitest"
import {
  Context,
  Effect,
  Exit,
  Layer,
  Logger,
  Metric,
  MutableRef,
  Option,
  PubSub,
  Queue,
  Random,
  References,
  Result,
  Schema,
  Tracer
} from "effect"
import { TestClock } from "effect/testing"
import * as Baggage from "../../src/domain/Baggage.ts"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as Metrics from "../../src/domain/Metrics.ts"
import * as Propagation from "../../src/domain/Propagation.ts"
import { Rejection } from "../../src/domain/Rejection.ts"
import * as Threshold from "../../src/domain/Threshold.ts"
import * as TraceCarrier from "../../src/domain/TraceCarrier.ts"
import * as TraceContext from "../../src/domain/TraceContext.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { below, seeded } from "../support/random.ts"
import {
  parentId,
  PARENT_ID,
  recorder,
  sampledCarrier,
  TRACE_ID,
  traced,
  unsampledCarrier
} from "../support/tracing.ts"

type Message = string | Envelope.Envelope<string>
const hop = (): Transport.Hop => ({ name: "hop" })
const names = (spans: ReadonlyArray<Tracer.Span>) => spans.map(({ name }) => name)
const carrierOf = (message: Message) => (Envelope.isEnvelope(message) ? message.carrier : undefined)
const SAMPLED = { traceparent: sampledCarrier.traceparent }
const UNSAMPLED = { traceparent: unsampledCarrier.traceparent }
const broken = (): never => {
  throw new Error("a setting")
}
const FULL = { ...unsampledCarrier, tracestate: "vendor=1", baggage: "plan=free" }

describe("what people already use", () => {
  it.effect("a topic: every subscriber gets the trace", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const topic = yield* PubSub.unbounded<Message>()
      const subscriptions = yield* Effect.all([PubSub.subscribe(topic), PubSub.subscribe(topic)])
      assert.isTrue(yield* traced(Transport.send(topic, "sampled")))
      assert.isTrue(yield* Transport.send(topic, "bare"))
      const got: Array<string> = []
      for (const subscription of subscriptions) {
        for (let times = 0; times < 2; times++) {
          yield* Transport.receive(subscription, hop, (text) => Effect.sync(() => void got.push(text)))
        }
      }
      assert.deepStrictEqual(got, ["sampled", "bare", "sampled", "bare"])
      assert.deepStrictEqual(spans.opened.map(parentId), [PARENT_ID, PARENT_ID])
    }).pipe(Effect.provide(spans.layer), Effect.scoped)
  })

  it.effect("a queue that ends tells whoever takes from it", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Message, "the end">()
      yield* Transport.send(queue, "last")
      yield* Queue.fail(queue, "the end")
      assert.strictEqual(yield* Transport.receive(queue, hop, Effect.succeed), "last")
      assert.strictEqual(yield* Effect.flip(Transport.receive(queue, hop, Effect.succeed)), "the end")
    })
  )
})

describe("what is not sampled", () => {
  /** What is sent on from within the handler of an unsampled message, and what the handler sees. */
  const pass = Effect.gen(function* () {
    const queue = yield* Queue.unbounded<Message>()
    const inside = yield* Transport.handle(Envelope.make("m", FULL), hop, () =>
      Effect.andThen(
        Effect.withSpan(Transport.send(queue, "next"), "of the handler's own"),
        Effect.all([TraceContext.Current, Baggage.Current])
      )
    )
    return { inside, sent: carrierOf(yield* Queue.take(queue)) }
  })

  it.effect("omit, ids and full, switched while the program runs; and never a span", () => {
    const spans = recorder()
    const mode = MutableRef.make<Propagation.Unsampled>("omit")
    return Effect.gen(function* () {
      const omitted = yield* pass
      assert.deepStrictEqual(omitted, { inside: [undefined, Baggage.empty], sent: undefined })

      MutableRef.set(mode, "ids")
      const ids = yield* pass
      assert.strictEqual(ids.inside[0]?.traceId, TRACE_ID)
      assert.deepStrictEqual(ids.sent, { ...unsampledCarrier, sentAt: 0 })

      MutableRef.set(mode, "full")
      const full = yield* pass
      assert.deepStrictEqual(full.sent, { ...FULL, sentAt: 0 })
      assert.deepStrictEqual(full.inside[1].get("plan"), { value: "free", properties: "" })

      MutableRef.set(mode, "omit")
      assert.deepStrictEqual(yield* pass, omitted)
      assert.deepStrictEqual(spans.opened, [])
    }).pipe(
      Effect.provideService(Propagation.unsampled, () => MutableRef.get(mode)),
      Effect.provideService(Propagation.baggage, () => Baggage.DEFAULT_LIMITS),
      Effect.provide(spans.layer)
    )
  })

  it.effect("those whom a sampler leaves out have the ids too, and say that they are not sampled", () =>
    Effect.gen(function* () {
      const mailbox = yield* Queue.unbounded<Message>()
      yield* traced(Transport.fanout([{ mailbox }], "m"))
      assert.deepStrictEqual(carrierOf(yield* Queue.take(mailbox)), { ...unsampledCarrier, sentAt: 0 })
    }).pipe(
      Effect.provideService(Propagation.unsampled, () => "ids"),
      Effect.provide(Sampler.never)
    )
  )
})

describe("logs", () => {
  const logged = Effect.fnUntraced(function* (effect: Effect.Effect<unknown>) {
    const lines: Array<Record<string, unknown>> = []
    const logger = Logger.make(({ fiber }) => void lines.push(fiber.getRef(References.CurrentLogAnnotations)))
    yield* Effect.provide(effect, Logger.layer([logger]))
    return lines
  })
  const say = Effect.log("hello")

  it.effect("within a sampled handler they carry the ids of its span; outside, none", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const [inside, outside] = yield* logged(
        Effect.andThen(
          Transport.handle(Envelope.make("m", sampledCarrier), hop, () => say),
          say
        )
      )
      assert.deepStrictEqual(inside, { trace_id: TRACE_ID, span_id: spans.opened[0]?.spanId })
      assert.deepStrictEqual(outside, {})
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect("with ids only, an unsampled one too: those of the caller's span", () =>
    Effect.gen(function* () {
      const [inside] = yield* logged(Transport.handle(Envelope.make("m", unsampledCarrier), hop, () => say))
      assert.deepStrictEqual(inside, { trace_id: TRACE_ID, span_id: PARENT_ID })
    }).pipe(Effect.provideService(Propagation.unsampled, () => "ids"))
  )
})

describe("baggage", () => {
  const carrier = { ...sampledCarrier, baggage: "plan=free,user=alice" }
  const through = Effect.gen(function* () {
    const queue = yield* Queue.unbounded<Message>()
    const inside = yield* Transport.handle(Envelope.make("m", carrier), hop, () =>
      Effect.andThen(Transport.send(queue, "next"), Baggage.Current)
    )
    return { inside: Array.from(inside.keys()), sent: carrierOf(yield* Queue.take(queue)) }
  })

  it.effect("is not passed on unless somebody says so", () =>
    Effect.gen(function* () {
      const { inside, sent } = yield* through
      assert.deepStrictEqual(inside, [])
      assert.notProperty(sent, "baggage")
    })
  )

  it.effect("and then within the limits, which reject and count what is beyond", () =>
    Effect.gen(function* () {
      const { inside, sent } = yield* through
      assert.deepStrictEqual(inside, ["plan"])
      assert.deepInclude(sent, { baggage: "plan=free" })
      assert.strictEqual((yield* Metric.value(Metrics.rejected("baggage.members"))).count, 1)
    }).pipe(
      Effect.provideService(Propagation.baggage, () => ({ bytes: 100, entries: 1 })),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )
})

describe("policy", () => {
  const handler = () => Effect.withSpan(Effect.void, "inner")
  const run = (policy: Propagation.Policy | undefined, message: Message, ambient: boolean) => {
    const spans = recorder()
    const handled = Transport.handle(message, hop, handler)
    return Effect.map(
      (ambient ? traced(handled) : handled).pipe(
        policy === undefined ? (same) => same : Effect.provideService(Propagation.policy, policy),
        Effect.provide(spans.layer)
      ),
      () => spans.opened
    )
  }

  it.effect.each([true, false])("of a bare message (handled by a fiber that is in a trace itself: %s)", (ambient) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(names(yield* run(undefined, "m", ambient)), [])
      assert.deepStrictEqual(names(yield* run("continue", "m", ambient)), [])
      assert.deepStrictEqual(names(yield* run("off", "m", ambient)), [])
      const [root, inner] = yield* run("start", "m", ambient)
      assert.deepStrictEqual([root?.name, inner?.name], ["hop", "inner"])
      assert.isTrue(root && Option.isNone(root.parent))
      assert.strictEqual(inner && parentId(inner), root?.spanId)
    })
  )

  it.effect.each([true, false])("of a sampled one (handled by a fiber that is in a trace itself: %s)", (ambient) =>
    Effect.gen(function* () {
      const message = Envelope.make("m", sampledCarrier)
      for (const policy of [undefined, "continue", "start"] as const) {
        const spans = yield* run(policy, message, ambient)
        assert.deepStrictEqual(names(spans), ["hop", "inner"])
        assert.deepStrictEqual(spans.map(parentId), [PARENT_ID, spans[0]?.spanId])
      }
      assert.deepStrictEqual(names(yield* run("off", message, ambient)), [])
    })
  )

  it.effect("a bare message that is handled within the handler of a sampled one is in no trace either", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Message>()
      const inner = Transport.handle("bare", hop, () =>
        Effect.andThen(Transport.send(queue, "next"), Effect.all([TraceContext.Current, Baggage.Current]))
      )
      const seen = yield* Transport.handle(
        Envelope.make("m", { ...sampledCarrier, baggage: "plan=free" }),
        hop,
        () => inner
      )
      assert.deepStrictEqual(seen, [undefined, Baggage.empty])
      assert.strictEqual(yield* Queue.take(queue), "next")
      assert.lengthOf(spans.opened, 1)
    }).pipe(
      Effect.provideService(Propagation.baggage, () => Baggage.DEFAULT_LIMITS),
      Effect.provide(spans.layer)
    )
  })

  it.effect("where traces start, the sampler decides, and the threshold says how rarely", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Message>()
      for (let times = 0; times < 400; times++) yield* Transport.handle("m", hop, () => Transport.send(queue, "next"))
      const sent = yield* Queue.takeAll(queue)
      const kept = sent.map(carrierOf).filter((carrier) => carrier !== undefined)
      assert.approximately(kept.length, 100, 45)
      assert.lengthOf(spans.opened, kept.length)
      for (const carrier of kept) {
        assert(carrier.traceparent !== undefined)
        const { context } = TraceCarrier.decode(carrier)
        assert.strictEqual(Threshold.get(context?.traceState ?? ""), "c")
        // By randomness that agrees with it, so that others who sample the trace decide alike.
        assert.isTrue(((context && Threshold.randomness(context)) ?? "") >= "c0000000000000")
      }
    }).pipe(
      Effect.provideService(Propagation.policy, "start"),
      Random.withSeed("policy"),
      Effect.provide([Sampler.ratio(0.25), spans.layer])
    )
  })

  it.effect("a budget is spent on traces that begin, each of which it has counted", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const perSecond: Array<number> = []
      for (let second = 0; second < 60; second++) {
        const before = spans.opened.length
        for (let times = 0; times < 20; times++) yield* Transport.handle("m", hop, () => Effect.void)
        perSecond.push(spans.opened.length - before)
        yield* TestClock.adjust("1 second")
      }
      assert.isAtMost(Math.max(...perSecond), 10)
      assert.isAtLeast(spans.opened.length / perSecond.length, 8)
    }).pipe(
      Effect.provideService(Propagation.policy, "start"),
      Random.withSeed("budget"),
      Effect.provide([Sampler.budget({ spansPerSecond: 10 }), spans.layer])
    )
  })

  it.effect("even where traces start, one that somebody has not sampled stays so", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Message>()
      yield* Transport.handle(Envelope.make("m", unsampledCarrier), hop, () =>
        Effect.withSpan(Transport.send(queue, "next"), "inner")
      )
      assert.deepStrictEqual(carrierOf(yield* Queue.take(queue)), { ...unsampledCarrier, sentAt: 0 })
      assert.deepStrictEqual(spans.opened, [])
    }).pipe(
      Effect.provideService(Propagation.policy, "start"),
      Effect.provideService(Propagation.unsampled, () => "ids"),
      Effect.provide(spans.layer)
    )
  })

  it.effect("a span that is not propagated leaves that to the one around it", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Message>()
      yield* Transport.handle(Envelope.make("m", sampledCarrier), hop, () =>
        Effect.withSpan(Transport.send(queue, "next"), "private", {
          annotations: Context.make(Tracer.DisablePropagation, true)
        })
      )
      const carrier = carrierOf(yield* Queue.take(queue))
      assert.include(carrier?.traceparent, `-${spans.opened[0]?.spanId}-`)
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect("settings that throw cost no message", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Message>()
      for (const message of [
        "m",
        Envelope.make("m", { ...FULL, sentAt: 0 }),
        Envelope.make("m", { ...sampledCarrier, baggage: "a=1" })
      ]) {
        yield* Transport.handle(
          message,
          () => ({ name: "hop", wait: Metrics.mailboxWait("test") }),
          () => Transport.send(queue, "next")
        )
      }
      yield* Transport.handle(Envelope.make("m", sampledCarrier), broken, () => Transport.send(queue, "next"))
      assert.strictEqual((yield* Queue.takeAll(queue)).length, 4)
      assert.strictEqual(yield* traced(Transport.encode(Schema.String, "peer")("m")), "m")
    }).pipe(
      Effect.provideService(Propagation.unsampled, broken),
      Effect.provideService(Propagation.waits, broken),
      Effect.provideService(Propagation.baggage, broken),
      Effect.provideService(Propagation.wrap, broken)
    )
  )

  it.effect("links that cannot be had cost no message, and no span", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const got: Array<string> = []
      const described: Transport.Hop = { name: "hop", links: broken }
      const took = (message: string) => void got.push(message)
      yield* Transport.handle(
        Envelope.make("continued", sampledCarrier),
        () => described,
        (message) => Effect.sync(() => took(message))
      )
      yield* Effect.withFiber((fiber) =>
        Effect.sync(() =>
          Transport.passing("continue")(fiber, Envelope.make("in passing", sampledCarrier), described, took)
        )
      )
      yield* Transport.ingress(
        {},
        described,
        Effect.sync(() => took("begun")),
        { start: 1 }
      )
      assert.deepStrictEqual(got, ["continued", "in passing", "begun"])
      assert.strictEqual(spans.opened.length, 3)
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect("whoever has switched the tracer off gets no spans, and passes traces on as they came", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Message>()
      for (const policy of ["continue", "start"] as const) {
        yield* Transport.handle(Envelope.make("m", sampledCarrier), hop, () => Transport.send(queue, "next")).pipe(
          Effect.provideService(Propagation.policy, policy)
        )
        assert.deepStrictEqual(carrierOf(yield* Queue.take(queue)), { ...sampledCarrier, sentAt: 0 })
      }
      yield* Effect.provideService(Transport.handle("m", hop, handler), Propagation.policy, "start")
      assert.deepStrictEqual(spans.opened, [])
    }).pipe(Effect.withTracerEnabled(false), Effect.provide(spans.layer))
  })
})

describe("waiting in a mailbox", () => {
  const wait = Metrics.mailboxWait("test")
  const measured = Effect.fnUntraced(function* (waits: Propagation.Waits | undefined) {
    const queue = yield* Queue.unbounded<Message>()
    yield* traced(Transport.send(queue, "sampled"))
    yield* Transport.send(queue, "bare")
    yield* TestClock.adjust("40 millis")
    const envelopes = (yield* Queue.takeAll(queue)).map((message) => {
      const isEnvelope = Envelope.isEnvelope(message)
      return Effect.as(
        Transport.handle(
          message,
          () => ({ name: "hop", wait }),
          () => Effect.void
        ),
        isEnvelope
      )
    })
    const enveloped = yield* Effect.all(envelopes)
    const { count, sum } = yield* Metric.value(wait)
    return { enveloped, count, sum, waits }
  })

  it.effect.each([
    [undefined, { enveloped: [true, false], count: 1, sum: 40 }],
    ["sampled", { enveloped: [true, false], count: 1, sum: 40 }],
    ["all", { enveloped: [true, true], count: 2, sum: 80 }],
    ["none", { enveloped: [true, false], count: 0, sum: 0 }]
  ] as const)("%s", ([waits, expected]) =>
    measured(waits).pipe(
      waits === undefined ? (same) => same : Effect.provideService(Propagation.waits, () => waits),
      Effect.provideService(Metric.MetricRegistry, new Map()),
      Effect.map((got) =>
        assert.deepStrictEqual(got, { ...expected, enveloped: Array.from(expected.enveloped), waits })
      )
    )
  )
})

describe("over a wire", () => {
  const Chat = Schema.Struct({ text: Schema.String, at: Schema.DateTimeUtcFromMillis })
  const at = Schema.decodeSync(Schema.DateTimeUtcFromMillis)(0)
  const encode = Transport.encode(Chat, "peer")
  const decode = Transport.decode(Chat)

  it.effect("what is sampled comes with its trace, what is not comes as it is", () =>
    Effect.gen(function* () {
      const message = { text: "hello", at }
      const bare = yield* encode(message)
      assert.deepStrictEqual(bare, { text: "hello", at: 0 })
      assert.deepStrictEqual(yield* decode(bare), message)
      const back = yield* decode(JSON.parse(JSON.stringify(yield* traced(encode(message)))))
      assert.isTrue(Envelope.isEnvelope<typeof Chat.Type>(back))
      assert.deepStrictEqual(Envelope.isEnvelope(back) && back.carrier, { ...sampledCarrier, sentAt: 0 })
    })
  )

  it.effect("a newer major version is a typed error; a malformed carrier is counted, and its message arrives", () =>
    Effect.gen(function* () {
      const newer = yield* Effect.flip(decode({ [Envelope.MARK]: "2.1", message: {} }))
      assert.deepInclude(newer, { _tag: "UnsupportedVersion", received: "2.1", supported: "1.0" })
      assert.strictEqual((yield* Metric.value(Metrics.rejected("envelope.version"))).count, 1)
      assert.strictEqual((yield* Effect.flip(decode({ text: 1 })))._tag, "SchemaError")
      const message = { text: "hello", at: 0 }
      assert.deepStrictEqual(yield* decode({ [Envelope.MARK]: "1.0", message, carrier: 1 }), { text: "hello", at })
      assert.strictEqual((yield* Metric.value(Metrics.rejected("carrier.malformed"))).count, 1)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect(
    "100,000 random and mutated frames and header sets: none harms anything, and all that is rejected is counted",
    () => {
      const random = seeded(77)
      const pick = <A>(...items: ReadonlyArray<A>): A | undefined => items[below(random, items.length)]
      const mutated = (text: string): string => {
        const at = below(random, text.length)
        return random() < 0.5
          ? text
          : text.slice(0, at) + (pick(",", "=", "-", "0", "g", "\u0000") ?? "") + text.slice(at + 1)
      }
      const carrier = (): unknown => {
        if (random() < 0.2)
          return pick<unknown>(null, 1, "x", [], {}, { traceparent: 1 }, { traceparent: "", sentAt: "x" })
        return {
          traceparent: mutated(sampledCarrier.traceparent),
          ...(random() < 0.5 ? { tracestate: mutated("ot=th:8,a=1") } : undefined),
          ...(random() < 0.5 ? { baggage: mutated("a=1,b=2") } : undefined),
          ...(random() < 0.5 ? { sentAt: random() * 1e6 } : undefined)
        }
      }
      const frame = (): unknown => {
        const message = pick<unknown>("hello", { text: "hello", at: 0 }, { text: "hello", at: "x" }, null, {
          [Envelope.MARK]: 1
        })
        return random() < 0.2
          ? message
          : { [Envelope.MARK]: pick<unknown>("1.0", "1.7", "2.0", "x", null, 1), message, carrier: carrier() }
      }
      const expected = new Map<string, number>()
      const expect = (reasons: ReadonlyArray<string>) =>
        reasons.forEach((reason) => expected.set(reason, (expected.get(reason) ?? 0) + 1))
      const expectCarrier = (carrier: TraceCarrier.TraceCarrier) => {
        if (!TraceCarrier.isSampled(carrier.traceparent)) return
        const { context, rejections } = TraceCarrier.decode(carrier)
        expect(rejections)
        if (context !== undefined) expect(Baggage.parse(carrier.baggage ?? "", Baggage.DEFAULT_LIMITS).rejections)
      }
      return Effect.gen(function* () {
        let handled = 0
        const count = () => Effect.sync(() => void handled++)
        let readable = 0
        for (let round = 0; round < 100_000; round++) {
          if (round % 2 === 0) {
            const input = frame()
            const incoming = yield* Effect.exit(decode(input))
            const read = Envelope.read(input)
            expect(Result.isFailure(read) ? ["envelope.version"] : read.success.rejections)
            if (Exit.isFailure(incoming)) continue
            readable++
            if (Result.isSuccess(read) && read.success.carrier !== undefined) expectCarrier(read.success.carrier)
            yield* Transport.handle(incoming.value, hop, count)
          } else {
            const headers = {
              traceparent: mutated(sampledCarrier.traceparent),
              tracestate: mutated("ot=th:8,a=1"),
              baggage: mutated("a=1,b=2")
            }
            readable++
            expectCarrier(headers)
            yield* Transport.ingress(headers, hop(), count())
          }
        }
        assert.strictEqual(handled, readable)
        assert.isAbove(readable, 50_000)
        for (const reason of Rejection.literals) {
          const { count } = yield* Metric.value(Metrics.rejected(reason))
          assert.strictEqual(count, expected.get(reason) ?? 0, reason)
        }
        assert.isAtLeast(expected.size, 6)
      }).pipe(
        Effect.provideService(Propagation.baggage, () => Baggage.DEFAULT_LIMITS),
        Effect.provideService(Metric.MetricRegistry, new Map())
      )
    }
  )

  it.effect("wrapped by percentage and by destination, switched while it runs; of a trace all messages or none", () => {
    const shares = new Map([["peer", 0]])
    const random = (length: number) =>
      Effect.map(Effect.all(Array.from({ length }, () => Random.nextIntBetween(0, 15))), (digits) =>
        digits.map((digit) => digit.toString(16)).join("")
      )
    const wraps = Effect.fnUntraced(function* (traceId: string) {
      const parent = Tracer.externalSpan({ traceId, spanId: PARENT_ID, sampled: true })
      const sent = yield* Effect.all([encode({ text: "a", at }), encode({ text: "b", at })]).pipe(
        Effect.withParentSpan(parent)
      )
      const marked = sent.map((wire) => Object.hasOwn(Object(wire), Envelope.MARK))
      assert.strictEqual(marked[0], marked[1])
      return marked[0] === true
    })
    return Effect.gen(function* () {
      const traces = yield* Effect.all(Array.from({ length: 2000 }, () => random(32)))
      const wrapped = Effect.map(Effect.filter(traces, wraps), (some) => new Set(some))
      let before = new Set<string>()
      for (const share of [0, 0.01, 0.25, 0.5, 1]) {
        shares.set("peer", share)
        const now = yield* wrapped
        assert.approximately(now.size, share * traces.length, 0.05 * traces.length)
        if (share === 0 || share === 1) assert.strictEqual(now.size, share * traces.length)
        // Who is wrapped stays so as the share grows.
        for (const trace of before) assert.isTrue(now.has(trace))
        before = now
      }
      // Traces that somebody sampled by their randomness are wrapped by the same share.
      shares.set("peer", 0.5)
      const rare = yield* Effect.filter(traces, (traceId) => {
        const tracestate = `ot=th:fd70a4;rv:ff${traceId.slice(0, 12)}`
        const carrier = { traceparent: `00-${traceId}-${PARENT_ID}-01`, tracestate }
        return Effect.map(
          Transport.handle(Envelope.make("m", carrier), hop, () => encode({ text: "a", at })),
          (wire) => Object.hasOwn(Object(wire), Envelope.MARK)
        )
      })
      assert.approximately(rare.length, traces.length / 2, 0.05 * traces.length)
      const elsewhere = yield* traced(Transport.encode(Chat, "another")({ text: "c", at }))
      assert.isFalse(Object.hasOwn(Object(elsewhere), Envelope.MARK))
    }).pipe(
      Effect.provideService(Propagation.wrap, (destination) => shares.get(destination) ?? 0),
      Random.withSeed("wire")
    )
  })
})

describe("callers from outside", () => {
  const run = (headers: TraceCarrier.Headers, options?: Transport.IngressOptions) => {
    const spans = recorder()
    return Transport.ingress(headers, { name: "ingress.http" }, Effect.withSpan(Effect.void, "inner"), options).pipe(
      Effect.provide(spans.layer),
      Effect.map(() => spans.opened)
    )
  }
  const links = (span: Tracer.Span | undefined) => span?.links.map((link) => link.span.traceId)

  it.effect("continue: theirs goes on, if it is sampled; without one, none begins unless asked for", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* run(SAMPLED)).map(parentId)[0], PARENT_ID)
      assert.deepStrictEqual(yield* run(UNSAMPLED), [])
      assert.deepStrictEqual(yield* run({}), [])
      assert.deepStrictEqual((yield* run(SAMPLED, { start: 1 })).map(parentId)[0], PARENT_ID)
      assert.deepStrictEqual(yield* run(UNSAMPLED, { start: 1 }), [])
      assert.deepStrictEqual(names(yield* run({}, { start: 1 })), ["ingress.http", "inner"])
    })
  )

  it.effect.each(["link", "ignore"] as const)("%s: nobody outside decides what is sampled", (callers) =>
    Effect.gen(function* () {
      for (const headers of [SAMPLED, UNSAMPLED, {}]) {
        assert.deepStrictEqual(yield* run(headers, { callers }), [])
        const [root, inner] = yield* run(headers, { callers, start: 1 })
        assert.deepStrictEqual([root?.name, inner?.name], ["ingress.http", "inner"])
        assert.strictEqual(root?.kind, "server")
        assert.isTrue(root && Option.isNone(root.parent))
        assert.notStrictEqual(root?.traceId, TRACE_ID)
        assert.deepStrictEqual(links(root), callers === "link" && headers === SAMPLED ? [TRACE_ID] : [])
      }
    })
  )

  it.effect("with ids only, an unsampled caller's go on, and still no span is opened", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* run(UNSAMPLED), [])
      const { traceparent } = UNSAMPLED
      const context = yield* Transport.ingress({ traceparent }, { name: "ingress.http" }, TraceContext.Current)
      assert.deepInclude(context, { traceId: TRACE_ID, flags: 0 })
    }).pipe(Effect.provideService(Propagation.unsampled, () => "ids"))
  )

  it.effect("what is malformed is no context: it keeps no trace from beginning here", () =>
    Effect.gen(function* () {
      const { traceparent } = SAMPLED
      for (const headers of [
        { traceparent: "garbage" },
        { traceparent: traceparent.replace(TRACE_ID, "0".repeat(32)) },
        { traceparent: UNSAMPLED.traceparent.replace(TRACE_ID, "0".repeat(32)) }
      ]) {
        assert.deepStrictEqual(names(yield* run(headers, { start: 1 })), ["ingress.http", "inner"])
      }
      assert.strictEqual((yield* Metric.value(Metrics.rejected("traceparent.malformed"))).count, 1)
      assert.strictEqual((yield* Metric.value(Metrics.rejected("traceparent.zero"))).count, 2)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("what the server's fiber has of its own is no part of any request", () =>
    Effect.gen(function* () {
      const spans = recorder()
      const baggage = new Map([["server", { value: "1", properties: "" }]])
      for (const [headers, options] of [
        [SAMPLED, {}],
        [{}, { start: 1 }],
        [{}, {}]
      ] as const) {
        const seen = yield* Transport.ingress(headers, { name: "ingress.http" }, Baggage.Current, options).pipe(
          Effect.provideService(Baggage.Current, baggage),
          Effect.annotateSpans("server", "1"),
          Effect.provide(spans.layer)
        )
        assert.deepStrictEqual(seen, Baggage.empty)
      }
      assert.lengthOf(spans.opened, 2)
      for (const span of spans.opened) assert.isFalse(span.attributes.has("server"))
    })
  )

  it.effect("what they bring that is malformed is counted by reason", () =>
    Effect.gen(function* () {
      const { traceparent } = sampledCarrier
      yield* run({ traceparent: traceparent.replace("00-", "ff-") })
      yield* run({ traceparent: [traceparent, traceparent] })
      yield* run({ traceparent, tracestate: "A=1" })
      yield* run({ traceparent, tracestate: "A=1" }, { callers: "ignore", start: 1 })
      for (const [reason, count] of [
        ["traceparent.version", 1],
        ["traceparent.repeated", 1],
        ["tracestate.malformed", 1]
      ] as const) {
        assert.strictEqual((yield* Metric.value(Metrics.rejected(reason))).count, count, reason)
      }
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})

describe("fan-outs of one trace", () => {
  const RV = "ot=rv:6e6d1a75832a2f"
  const who =
    (options: { readonly tracestate?: string; readonly flags?: string; readonly salt?: number }) => (ratio: number) =>
      Effect.gen(function* () {
        const everyone = yield* Effect.forEach(Array.from({ length: 300 }), () =>
          Effect.map(Queue.unbounded<Message>(), (mailbox) => ({ mailbox }))
        )
        const carrier = {
          traceparent: `00-${TRACE_ID}-${PARENT_ID}-${options.flags ?? "01"}`,
          ...(options.tracestate === undefined ? undefined : { tracestate: options.tracestate })
        }
        yield* Transport.handle(Envelope.make("m", carrier), hop, () =>
          Transport.fanout(everyone, "m", options.salt === undefined ? {} : { salt: options.salt })
        )
        const got = yield* Effect.forEach(everyone, ({ mailbox }) => Queue.take(mailbox))
        return got.flatMap((message, index) => (Envelope.isEnvelope(message) ? [index] : []))
      }).pipe(Effect.provide(Layer.fresh(Sampler.ratio(ratio))))

  it.effect.each([
    ["rv", { tracestate: RV }],
    ["a random trace id", { flags: "03" }]
  ] as const)("with %s, independent services choose alike, and fewer of the same at a lower rate", ([, options]) =>
    Effect.gen(function* () {
      const many = yield* Random.withSeed(who(options)(0.3), "one service")
      const again = yield* Random.withSeed(who(options)(0.3), "another service")
      const few = yield* Random.withSeed(who(options)(0.05), "a third")
      assert.deepStrictEqual(again, many)
      assert.isAbove(few.length, 0)
      for (const index of few) assert.include(many, index)
      assert.notDeepEqual(yield* who({ ...options, salt: 1 })(0.3), many)
    })
  )

  it.effect(
    "who is chosen at one fan-out is not chosen for that at the next: multiplied back, both levels are true",
    () =>
      Effect.gen(function* () {
        const SIZE = 5
        const TRACES = 3000
        const random = yield* Random.Random
        let reached = 0
        for (let trace = 0; trace < TRACES; trace++) {
          const hex = Array.from({ length: 32 }, () => Math.floor(random.nextDoubleUnsafe() * 16).toString(16)).join("")
          const everyone = Array.from({ length: SIZE }, () => Effect.runSync(Queue.unbounded<Message>()))
          const recipients = everyone.map((mailbox) => ({ mailbox }))
          const first = Envelope.make("m", { traceparent: `00-${hex}-${PARENT_ID}-03` })
          yield* Transport.handle(first, hop, () => Transport.fanout(recipients, "m"))
          for (const mailbox of everyone) {
            const next = everyone.map(() => ({ mailbox: Effect.runSync(Queue.unbounded<Message>()) }))
            yield* Transport.receive(mailbox, hop, () => Transport.fanout(next, "m"))
            for (const { mailbox } of next) {
              const carrier = carrierOf(yield* Queue.take(mailbox))
              if (carrier?.traceparent === undefined) continue
              reached += 1 / Threshold.probability(carrier.tracestate ?? "")
            }
          }
        }
        // Of 75,000 recipients of recipients about 3,000 are kept: 5 % are nearly three standard deviations.
        assert.approximately(reached / (TRACES * SIZE * SIZE), 1, 0.06)
      }).pipe(Random.withSeed("two levels"), Effect.provide(Sampler.ratio(0.2)))
  )

  it.effect("a size that cannot be is not believed", () =>
    Effect.gen(function* () {
      for (const size of [0, 1, Number.NaN]) {
        const everyone = Array.from({ length: 10_000 }, () => ({ mailbox: Effect.runSync(Queue.unbounded<Message>()) }))
        yield* traced(Transport.fanout(everyone, "m", { size }))
        const got = yield* Effect.forEach(everyone, ({ mailbox }) => Queue.take(mailbox))
        assert.isBelow(got.filter(Envelope.isEnvelope).length, 100)
      }
    }).pipe(Effect.provide(Sampler.byFanOutSize()))
  )

  it.effect("without either, each draws anew", () =>
    Effect.gen(function* () {
      const one = yield* Random.withSeed(who({})(0.3), "one service")
      const another = yield* Random.withSeed(who({})(0.3), "another service")
      assert.notDeepEqual(one, another)
    })
  )
})

describe("context never leaks", () => {
  const Plan = Schema.Array(
    Schema.Struct({
      traced: Schema.Boolean,
      nap: Schema.Literals([0, 1, 3]),
      outcome: Schema.Literals(["success", "failure", "defect", "interrupted"]),
      child: Schema.Boolean
    })
  ).check(Schema.isMaxLength(25))

  it.effect.prop(
    "across messages, fibers and interruptions, under random interleavings",
    [Plan, Schema.Literals([1, 2, 5])],
    ([plan, consumers]) => {
      const spans = recorder()
      return Effect.gen(function* () {
        const queue = yield* Queue.unbounded<number | Envelope.Envelope<number>>()
        const traceOf = (index: number) => (index + 1).toString(16).padStart(32, "0")
        const seen: Array<readonly [index: number, traceId: string | undefined]> = []
        const look = (index: number) =>
          Effect.withFiber((fiber) => {
            const inSpan = fiber.cache.span?.sampled === true ? fiber.cache.span.traceId : undefined
            seen.push([index, inSpan], [index, fiber.getRef(TraceContext.Current)?.traceId])
            return Effect.void
          })
        const handle = Effect.fnUntraced(function* (index: number) {
          const step = plan[index]
          if (step === undefined) return
          yield* look(index)
          if (step.child) yield* Effect.forkDetach(Effect.andThen(Effect.sleep(2), look(index)))
          yield* Effect.sleep(step.nap)
          yield* look(index)
          if (step.outcome === "failure") return yield* Effect.fail("typed")
          if (step.outcome === "defect") return yield* Effect.die("defect")
          if (step.outcome === "interrupted") return yield* Effect.interrupt
        })
        const between: Array<unknown> = []
        const consume = Transport.receive(queue, hop, handle).pipe(
          Effect.exit,
          Effect.andThen(
            Effect.withFiber((fiber) => {
              between.push(fiber.cache.span, fiber.getRef(TraceContext.Current))
              return Effect.void
            })
          ),
          Effect.forever
        )
        for (let count = 0; count < consumers; count++) yield* Effect.forkChild(consume)
        yield* Effect.forEach(
          plan,
          ({ traced }, index) => {
            const parent = Tracer.externalSpan({ traceId: traceOf(index), spanId: PARENT_ID, sampled: true })
            const send = Effect.andThen(Effect.sleep(index % 4), Transport.send(queue, index))
            return Effect.forkChild(traced ? Effect.withParentSpan(send, parent) : send)
          },
          { discard: true }
        )
        // What is forked while the clock is moved on begins to sleep only then.
        for (let times = 0; times < 3; times++) yield* TestClock.adjust("1 second")
        for (const [index, traceId] of seen) {
          assert.strictEqual(traceId, plan[index]?.traced === true ? traceOf(index) : undefined)
        }
        assert.isTrue(between.every((one) => one === undefined))
        assert.lengthOf(spans.opened, plan.filter(({ traced }) => traced).length)
        assert.strictEqual(
          seen.length,
          plan.reduce((sum, { child }) => sum + (child ? 6 : 4), 0)
        )
      }).pipe(Effect.provide(spans.layer))
    }
  )
})
