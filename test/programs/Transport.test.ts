import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option, Queue, Random, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import * as TraceCarrier from "../../src/domain/TraceCarrier.ts"
import * as TraceContext from "../../src/domain/TraceContext.ts"
import * as Threshold from "../../src/domain/Threshold.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Transport from "../../src/programs/Transport.ts"
import {
  parentId,
  PARENT_ID,
  recorder,
  sampledCarrier,
  TRACE_ID,
  traced,
  unsampledCarrier
} from "../support/tracing.ts"

const hop = (): Transport.Hop => ({ name: "hop" })

/** Everything by which a fiber can be in a trace. */
const trace = Effect.gen(function* () {
  return {
    span: Option.getOrUndefined(yield* Effect.serviceOption(Tracer.ParentSpan)),
    context: yield* TraceContext.Current
  }
})
const NOTHING = { span: undefined, context: undefined }

const Outcome = Schema.Literals(["success", "failure", "defect", "interruption", "interrupted from outside"])
const Messages = Schema.Array(
  Schema.Struct({ outcome: Outcome, carrier: Schema.Literals(["sampled", "unsampled", "malformed", "none", "bare"]) })
)
type Message = (typeof Messages.Type)[number]

const incoming = (message: Message): Message | Envelope.Envelope<Message> => {
  switch (message.carrier) {
    case "sampled":
      return Envelope.make(message, { ...sampledCarrier, tracestate: "vendor=1" })
    case "unsampled":
      return Envelope.make(message, unsampledCarrier)
    case "malformed":
      return Envelope.make(message, { traceparent: sampledCarrier.traceparent.replace("00-", "ff-") })
    case "none":
      return Envelope.make(message)
    case "bare":
      return message
  }
}

describe("Transport.handle", () => {
  it.effect.prop("restores the context for the handler alone, however the handler ends", [Messages], ([messages]) => {
    const spans = recorder()
    const handle = Effect.fnUntraced(function* ({ carrier, outcome }: Message) {
      const inside = yield* trace
      if (carrier === "sampled") {
        assert.strictEqual(inside.span?.traceId, TRACE_ID)
        assert.strictEqual(inside.context?.traceState, "vendor=1")
      } else {
        assert.deepStrictEqual(inside, NOTHING)
      }
      switch (outcome) {
        case "success":
          return
        case "failure":
          return yield* Effect.fail("typed")
        case "defect":
          return yield* Effect.die("defect")
        case "interruption":
          return yield* Effect.interrupt
        case "interrupted from outside":
          return yield* Effect.timeoutOption(Effect.never, 0)
      }
    })
    return Effect.gen(function* () {
      for (const message of messages) {
        const fiber = yield* Effect.forkChild(
          Effect.andThen(Effect.exit(Transport.handle(incoming(message), hop, handle)), trace)
        )
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* Fiber.join(fiber), NOTHING)
        assert.deepStrictEqual(yield* trace, NOTHING)
      }
      const sampled = messages.filter(({ carrier }) => carrier === "sampled").length
      assert.lengthOf(spans.opened, sampled)
      for (const span of spans.opened) assert.strictEqual(span.status._tag, "Ended")
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect("a fiber interrupted in its handler ends the span and leaves nothing", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        Transport.handle(Envelope.make("m", sampledCarrier), hop, () =>
          Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
        )
      )
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(
        spans.opened.map(({ status }) => status._tag),
        ["Ended"]
      )
      assert.deepStrictEqual(yield* trace, NOTHING)
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect("what a handler does while it is called is within its span", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      let openedBefore: number | undefined
      yield* Transport.handle(Envelope.make("m", sampledCarrier), hop, () => {
        openedBefore = spans.opened.length
        return Effect.void
      })
      assert.strictEqual(openedBefore, 1)
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect("says how long the message lay in the mailbox", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const mailbox = yield* Queue.unbounded<string | Envelope.Envelope<string>>()
      yield* traced(Transport.send(mailbox, "m"))
      yield* TestClock.adjust("16 minutes")
      yield* Transport.handle(yield* Queue.take(mailbox), hop, () => Effect.void)
      const [span] = spans.opened
      assert.strictEqual(span?.attributes.get("mailbox.wait_ms"), 16 * 60 * 1000)
      assert.strictEqual(span && parentId(span), PARENT_ID)
    }).pipe(Effect.provide(spans.layer))
  })
})

describe("Transport.send", () => {
  it.effect("outside a sampled trace the message itself is what travels", () =>
    Effect.gen(function* () {
      const mailbox = yield* Queue.unbounded<object | Envelope.Envelope<object>>()
      const message = {}
      yield* Transport.send(mailbox, message)
      yield* Effect.withSpan(Transport.send(mailbox, message), "unsampled", { sampled: false })
      assert.deepStrictEqual(yield* Queue.takeN(mailbox, 2), [message, message])
    })
  )

  it.effect("within one it carries the innermost span, and what the trace came with", () =>
    Effect.gen(function* () {
      const mailbox = yield* Queue.unbounded<string | Envelope.Envelope<string>>()
      const received = Envelope.make("m", { traceparent: `00-${TRACE_ID}-${PARENT_ID}-03`, tracestate: "vendor=1" })
      const inner = yield* Transport.handle(received, hop, () =>
        Effect.withSpan(Effect.andThen(Transport.send(mailbox, "next"), Effect.currentSpan), "inner")
      )
      const sent = yield* Queue.take(mailbox)
      assert.deepStrictEqual(Envelope.isEnvelope(sent) && sent.carrier, {
        traceparent: `00-${TRACE_ID}-${inner.spanId}-03`,
        tracestate: "vendor=1",
        sentAt: 0
      })
    })
  )

  it.effect("through a mailbox of ours as through a queue, and received from it likewise", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const mailbox = yield* Mailbox.dropping<string | Envelope.Envelope<string>>(2)
      assert.isTrue(yield* traced(Transport.send(mailbox, "traced")))
      assert.isTrue(yield* Transport.send(mailbox, "bare"))
      assert.isFalse(yield* Transport.send(mailbox, "dropped"))
      const got: Array<string> = []
      const receive = Transport.receive(mailbox, hop, (text) => Effect.sync(() => void got.push(text)))
      yield* receive
      yield* receive
      assert.deepStrictEqual(got, ["traced", "bare"])
      assert.deepStrictEqual(
        spans.opened.map((span) => parentId(span)),
        [PARENT_ID]
      )
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect("any queue is a mailbox; one that has ended refuses", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.dropping<string | Envelope.Envelope<string>>(1)
      assert.isTrue(yield* Transport.send(queue, "taken"))
      assert.isFalse(yield* Transport.send(queue, "dropped"))
      yield* Queue.shutdown(queue)
      assert.isFalse(yield* Transport.send(queue, "too late"))
    })
  )
})

describe("Transport.ingress", () => {
  const run = (headers: Readonly<Record<string, string | undefined>>) => {
    const spans = recorder()
    return Effect.map(
      Effect.provide(Transport.ingress(headers, { name: "ingress.http" }, trace), spans.layer),
      (inside) => ({ inside, opened: spans.opened })
    )
  }

  it.effect("continues a sampled caller", () =>
    Effect.gen(function* () {
      const { inside, opened } = yield* run({ traceparent: sampledCarrier.traceparent, tracestate: "vendor=1" })
      assert.strictEqual(inside.context?.traceState, "vendor=1")
      assert.deepStrictEqual(
        opened.map((span) => [span.name, span.kind, span.traceId, parentId(span)]),
        [["ingress.http", "server", TRACE_ID, PARENT_ID]]
      )
    })
  )

  it.effect("decides alone: a server that traces its requests does not make an unsampled one sampled", () =>
    Effect.gen(function* () {
      const inside = yield* Effect.withSpan(Transport.ingress({}, { name: "ingress.http" }, trace), "POST")
      assert.deepStrictEqual(inside, NOTHING)
    })
  )

  it.effect("knows nothing of any other", () =>
    Effect.gen(function* () {
      const malformed = { traceparent: sampledCarrier.traceparent.replace("00-", "ff-") }
      const unsampled = { traceparent: unsampledCarrier.traceparent }
      for (const headers of [{}, unsampled, malformed, { traceparent: "" }]) {
        const { inside, opened } = yield* run(headers)
        assert.deepStrictEqual(inside, NOTHING)
        assert.deepStrictEqual(opened, [])
      }
    })
  )
})

describe("Transport.fanout", () => {
  const recipients = (size: number) =>
    Effect.forEach(Array.from({ length: size }), () =>
      Effect.map(Queue.unbounded<object | Envelope.Envelope<object>>(), (mailbox) => ({ mailbox }))
    )
  const refused = () => Effect.die("nobody refuses")

  it.effect("what is not sampled reaches everyone as it is", () =>
    Effect.gen(function* () {
      const sender = yield* (yield* Offload.Offload).sender
      const everyone = yield* recipients(50)
      const message = {}
      yield* Transport.fanout(everyone, message, { sender, refused })
      for (const { mailbox } of everyone) assert.strictEqual(yield* Queue.take(mailbox), message)
    }).pipe(Effect.provide([Sampler.always, Offload.inline]), Effect.scoped)
  )

  it.effect("those that keep a sampled one share an envelope that says with which odds; all others get it bare", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const sender = yield* (yield* Offload.Offload).sender
      const everyone = yield* recipients(100)
      const message = {}
      yield* traced(Effect.withSpan(Transport.fanout(everyone, message, { sender, refused }), "relay.fanout")).pipe(
        Random.withSeed("fan-out")
      )
      const got = yield* Effect.forEach(everyone, ({ mailbox }) => Queue.take(mailbox))
      const kept = got.filter(Envelope.isEnvelope)
      const [span] = spans.opened
      assert.isAbove(kept.length, 0)
      assert.isBelow(kept.length, 50)
      assert.strictEqual(new Set(kept).size, 1)
      assert.isTrue(got.every((one) => one === message || Envelope.isEnvelope(one)))
      yield* Effect.forEach(kept.slice(0, 1), (one) => Transport.handle(one, hop, () => Effect.void))
      assert.strictEqual(spans.opened[1]?.attributes.get("sampling.threshold"), Threshold.fromProbability(0.1))
      const carrier = kept[0]?.carrier
      assert(carrier?.traceparent !== undefined)
      assert.approximately(Threshold.probability(carrier.tracestate ?? ""), 0.1, 1e-12)
      assert.isTrue(TraceCarrier.isSampled(carrier.traceparent))
      assert.deepInclude(Object.fromEntries(span?.attributes ?? []), {
        "fanout.recipients": 100,
        "fanout.sampled": kept.length,
        "fanout.threshold": Threshold.fromProbability(0.1)
      })
    }).pipe(Effect.provide([Sampler.byFanOutSize(), Offload.inline, spans.layer]), Effect.scoped)
  })

  it.effect.each([
    ["NaN", (): number => Number.NaN],
    ["a negative number", (): number => -1],
    [
      "a defect",
      (): number => {
        throw new Error("sampler")
      }
    ]
  ] as const)("a sampler that gives %s costs no delivery", ([, probability]) =>
    Effect.gen(function* () {
      const sender = yield* (yield* Offload.Offload).sender
      const everyone = yield* recipients(3)
      const message = {}
      yield* traced(Transport.fanout(everyone, message, { sender, refused }))
      for (const { mailbox } of everyone) assert.strictEqual(yield* Queue.take(mailbox), message)
    }).pipe(
      Effect.provide([
        Layer.succeed(Sampler.Sampler, { decide: () => ({ probability: probability() }) }),
        Offload.inline
      ]),
      Effect.scoped
    )
  )

  it.effect("a part of a larger fan-out is thinned by the size of the whole", () =>
    Effect.gen(function* () {
      const sender = yield* (yield* Offload.Offload).sender
      const everyone = yield* recipients(1)
      yield* traced(Transport.fanout(everyone, {}, { sender, refused, size: 10_000 })).pipe(Random.withSeed("part"))
      const [one] = everyone
      assert.isFalse(one && Envelope.isEnvelope(yield* Queue.take(one.mailbox)))
    }).pipe(Effect.provide([Sampler.byFanOutSize(), Offload.inline]), Effect.scoped)
  )
})
