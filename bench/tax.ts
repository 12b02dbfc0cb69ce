/**
 * What tracing adds to a fan-out to fibers that wait at their mailboxes, as ratios to the same fan-out with nothing of it:
 * not sampled; sampled under the posts' curve; and the naive way, in which every recipient gets a carrier of its own,
 * reads it and opens a span, by OpenTelemetry's API and SDK.
 *
 * What is not sampled is measured over 1,000 fibers, in thousands of short rounds: they stay in the processor's cache, a
 * delivery costs an eighth of what it does among 100,000, and nothing can hide behind memory. `repeat` is the untraced
 * fan-out beside itself: what differs no more than that does not differ. What is sampled is measured over 100,000.
 *
 * All subjects use the same fibers and mailboxes, in every order, so that nobody's lie better in memory.
 */
import { context, defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from "@opentelemetry/api"
import { W3CTraceContextPropagator } from "@opentelemetry/core"
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base"
import { Deferred, Effect, Queue } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Envelope, FanOut, Sampler, Sender, TraceStore, Transport } from "../src/index.ts"
import { median, permutations, quick, report } from "./support/report.ts"

const MANY = quick ? 500 : 100_000
const FEW = quick ? 50 : 1_000
/** So often every order of the subjects; the naive way, told apart with far less, once in four. */
const LONG_CYCLES = quick ? 1 : 8
const SHORT_CYCLES = quick ? 1 : 400
const NAIVE_EVERY = 4

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

interface Naive {
  readonly text: string
  readonly carrier: Record<string, string>
}
type Message = string | Naive
type Mailbox = Queue.Queue<Message | Envelope.Envelope<Message>>

interface Subject {
  readonly name: string
  readonly way: "none" | "traced" | "naive"
  readonly fanout: Effect.Effect<void, never, Sampler.Sampler>
}

const propagator = new W3CTraceContextPropagator()
const tracer = new BasicTracerProvider().getTracer("naive")
const ATTRIBUTES = { "messaging.operation.type": "process" }

const program = Effect.gen(function* () {
  let missing = 0
  let done = Deferred.makeUnsafe<void>()
  let way: Subject["way"] = "none"
  const deliver = () => (--missing === 0 ? void Deferred.doneUnsafe(done, Effect.void) : undefined)
  const handler = (_: Message): Effect.Effect<void> => Effect.sync(deliver)

  const hop: Transport.Hop = { name: "session.deliver" }
  const receiver = Transport.receiver<Message>(() => hop, "continue")
  const naively = (message: Message): Effect.Effect<void> => {
    if (typeof message === "string") return handler(message)
    const parent = propagator.extract(ROOT_CONTEXT, message.carrier, defaultTextMapGetter)
    const span = tracer.startSpan("session.deliver", { attributes: ATTRIBUTES }, parent)
    return Effect.ensuring(
      handler(message),
      Effect.sync(() => span.end())
    )
  }
  const handle = (incoming: Message | Envelope.Envelope<Message>): Effect.Effect<void> => {
    if (way === "traced") return receiver.handle(incoming, handler)
    if (Envelope.isEnvelope(incoming)) return Effect.die("enveloped, though nobody traces")
    return way === "naive" ? naively(incoming) : handler(incoming)
  }

  const many = yield* Effect.forEach(Array.from({ length: MANY }), () =>
    Effect.map(Queue.unbounded<Message | Envelope.Envelope<Message>>(), (mailbox) => ({ mailbox }))
  )
  for (const { mailbox } of many) {
    yield* Effect.forkScoped(receiver.own(Effect.forever(Effect.flatMap(Queue.take(mailbox), handle))))
  }
  yield* Effect.sleep("100 millis")
  const few = many.slice(0, FEW)

  type Recipients = ReadonlyArray<{ readonly mailbox: Mailbox }>
  const refused = () => Effect.void
  const untraced = (recipients: Recipients) =>
    Effect.suspend(() => Sender.inline.push(FanOut.uniform(recipients, "hello"), refused))
  const unsampled = (recipients: Recipients) => Transport.fanout(recipients, "hello")
  const naive = (recipients: Recipients) =>
    Effect.suspend(() => {
      const parent = tracer.startSpan("relay.fanout")
      const here = trace.setSpan(context.active(), parent)
      for (const { mailbox } of recipients) {
        const carrier = {}
        propagator.inject(here, carrier, defaultTextMapSetter)
        Queue.offerUnsafe(mailbox, { text: "hello", carrier })
      }
      parent.end()
      return Effect.void
    })

  const took: Record<string, Array<number>> = {}
  const run = Effect.fnUntraced(function* (recipients: Recipients, subject: Subject) {
    way = subject.way
    missing = recipients.length
    done = Deferred.makeUnsafe()
    const start = performance.now()
    yield* subject.fanout
    yield* Deferred.await(done)
    ;(took[subject.name] ??= []).push(((performance.now() - start) * 1000) / recipients.length)
    // The last to be served are still on their way back to their mailboxes.
    yield* Effect.sleep(recipients === many ? "5 millis" : 0)
    // A long round starts from a clean heap. That flatters who leaves most beyond it: the naive way.
    if (recipients === many) collectGarbage()
  })
  const alternate = Effect.fnUntraced(function* (
    recipients: Recipients,
    subjects: ReadonlyArray<Subject>,
    cycles: number,
    between: (cycle: number) => Effect.Effect<void, never, Sampler.Sampler>
  ) {
    const orders = permutations(subjects)
    for (let cycle = 0; cycle < cycles; cycle++) {
      yield* between(cycle)
      for (const order of orders) for (const subject of order) yield* run(recipients, subject)
    }
  })

  yield* alternate(
    few,
    [
      { name: "none", way: "none", fanout: untraced(few) },
      { name: "repeat", way: "none", fanout: untraced(few) },
      { name: "unsampled", way: "traced", fanout: unsampled(few) }
    ],
    SHORT_CYCLES,
    () => Effect.void
  )
  yield* alternate(
    many,
    [
      { name: "none_100k", way: "none", fanout: untraced(many) },
      { name: "sampled_100k", way: "traced", fanout: Effect.withSpan(unsampled(many), "relay.fanout") }
    ],
    LONG_CYCLES,
    (cycle) =>
      cycle % NAIVE_EVERY === 0 ? run(many, { name: "naive", way: "naive", fanout: naive(many) }) : Effect.void
  )

  /** Without the first tenth, while the compiler still works. */
  const of = (name: string) => median((took[name] ?? []).slice(Math.floor((took[name] ?? []).length / 10)))
  report("tax", {
    none_us: of("none"),
    repeat: of("repeat") / of("none"),
    unsampled: of("unsampled") / of("none"),
    none_100k_us: of("none_100k"),
    sampled_100k: of("sampled_100k") / of("none_100k"),
    naive: of("naive") / of("none_100k")
  })
})

Effect.runPromise(program.pipe(Effect.scoped, Effect.provide([Sampler.byFanOutSize(), TraceStore.ring({ traces: 1 })])))
