/**
 * What tracing adds to a fan-out to fibers that wait at their mailboxes, as ratios to the same fan-out with nothing of it:
 * not sampled; sampled under the posts' curve; and the naive way, in which every recipient gets a carrier of its own,
 * reads it and opens a span, by OpenTelemetry's API and SDK.
 *
 * Once through Effect's `Queue`, as an app has it that takes the transport alone; and once through our mailboxes, to what
 * a session does with a message (`own_…`): it numbers it and hands it to a connection, which here counts it and no more.
 * There a delivery costs so little that whatever is added to it is seen: so that is also told in nanoseconds per
 * delivery, and in microseconds per recipient that keeps the trace.
 *
 * What is not sampled is measured over 1,000 fibers, in thousands of short rounds: they stay in the processor's cache, and
 * nothing can hide behind memory. `repeat` is the untraced fan-out beside itself: what differs no more than that does not
 * differ. What is sampled is measured over 100,000.
 *
 * All subjects use the same fibers and mailboxes, in every order, so that nobody's lie better in memory.
 */
import { context, defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from "@opentelemetry/api"
import { W3CTraceContextPropagator } from "@opentelemetry/core"
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base"
import { Effect, type Fiber, Queue, type Scope } from "effect"
import { Envelope, FanOut, Mailbox, Sampler, SamplingCurve, Sender, TraceStore, Transport } from "../src/index.ts"
import { counter } from "./support/crowd.ts"
import { median, permutations, quick, report } from "./support/report.ts"
import { collectGarbage } from "./support/collect.ts"

const MANY = quick ? 500 : 100_000
const FEW = quick ? 50 : 1_000
/** So often every order of the subjects; the naive way, told apart with far less, once in two. */
const LONG_CYCLES = quick ? { queue: 1, own: 1 } : { queue: 2, own: 10 }
const SHORT_CYCLES = quick ? 1 : 300
const NAIVE_EVERY = 2

interface Naive {
  readonly text: string
  readonly carrier: Record<string, string>
}
type Message = string | Naive
type Incoming = Message | Envelope.Envelope<Message>
type Recipients = ReadonlyArray<Sender.Recipient<Message>>

interface Subject {
  readonly name: string
  readonly way: "none" | "traced" | "naive"
  readonly fanout: Effect.Effect<void, never, Sampler.Sampler>
}

const propagator = new W3CTraceContextPropagator()
const tracer = new BasicTracerProvider().getTracer("naive")
const ATTRIBUTES = { "messaging.operation.type": "process" }
const hop: Transport.Hop = { name: "session.deliver" }
const receiver = Transport.receiver<Message>(() => hop, "continue")

const { arrive, expect } = counter()
let way: Subject["way"] = "none"

const naively = ({ carrier }: Naive): void => {
  const parent = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)
  const span = tracer.startSpan("session.deliver", { attributes: ATTRIBUTES }, parent)
  arrive()
  span.end()
}

const handle = (incoming: Incoming): Effect.Effect<void> | void => {
  if (way === "naive") return typeof incoming === "object" && "text" in incoming ? naively(incoming) : undefined
  // Asked in this order, so that the ways differ in what tracing asks, and nothing else.
  return way === "traced" && Envelope.isEnvelope(incoming)
    ? receiver.handle(incoming, () => Effect.sync(arrive))
    : arrive()
}

const passing = Transport.passing("continue")
const connection = {
  sendUnsafe: (_message: Incoming, sequence: number): boolean => {
    arrive()
    return sequence > 0
  }
}

/** As sessions do it, with tracing and without. */
const session = (fiber: Fiber.Fiber<unknown, unknown>) => {
  let sequence = 0
  const deliver = (message: Incoming) => (connection.sendUnsafe(message, ++sequence) ? undefined : Effect.void)
  return (incoming: Incoming): Effect.Effect<void> | undefined => {
    if (way === "naive") {
      if (typeof incoming === "object" && "text" in incoming) naively(incoming)
      return undefined
    }
    return way === "traced" && Envelope.isEnvelope(incoming)
      ? passing(fiber, incoming, hop, deliver)
      : deliver(incoming)
  }
}

/** A fiber that waits at its mailbox, of either kind. */
const kinds: Record<"queue" | "own", Effect.Effect<Sender.Recipient<Message>, never, Scope.Scope>> = {
  queue: Effect.gen(function* () {
    const mailbox = yield* Queue.unbounded<Incoming>()
    const each = Effect.flatMap(Queue.take(mailbox), (incoming) => handle(incoming) ?? Effect.void)
    yield* Effect.forkScoped(receiver.own(Effect.forever(each)))
    return { mailbox }
  }),
  own: Effect.gen(function* () {
    const mailbox = yield* Mailbox.make<Incoming>()
    yield* Effect.forkScoped(receiver.own(Effect.withFiber((fiber) => Mailbox.consume(mailbox, session(fiber)))))
    return { mailbox }
  })
}

const refused = () => Effect.void
const untraced = (recipients: Recipients) =>
  Effect.suspend(() =>
    Sender.inline.push(FanOut.uniform<Sender.Recipient<Message>, Message>(recipients, "hello"), refused)
  )
const unsampled = (recipients: Recipients) => Transport.fanout<Message, Sender.Recipient<Message>>(recipients, "hello")
const naive = (recipients: Recipients) =>
  Effect.suspend(() => {
    const parent = tracer.startSpan("relay.fanout")
    const here = trace.setSpan(context.active(), parent)
    for (const { mailbox } of recipients) {
      const carrier = {}
      propagator.inject(here, carrier, defaultTextMapSetter)
      Mailbox.offerUnsafe(mailbox, { text: "hello", carrier })
    }
    parent.end()
    return Effect.void
  })

const measured = Effect.fnUntraced(function* (kind: "queue" | "own") {
  const many = yield* Effect.forEach(Array.from({ length: MANY }), () => kinds[kind])
  yield* Effect.sleep("100 millis")
  const few = many.slice(0, FEW)

  const took: Record<string, Array<number>> = {}
  const run = Effect.fnUntraced(function* (recipients: Recipients, subject: Subject) {
    way = subject.way
    const everyone = expect(recipients.length)
    const start = performance.now()
    yield* subject.fanout
    yield* everyone
    const isLong = recipients === many && kind === "queue"
    // Fibers at queues are still on their way back to them.
    if (isLong) yield* Effect.sleep(1)
    ;(took[subject.name] ??= []).push(((performance.now() - start) * 1000) / recipients.length)
    yield* Effect.sleep(recipients === many ? "5 millis" : 0)
    // A long round through queues starts from a clean heap: what they leave is more than what is measured, and collecting it
    // takes now this long, now that. It flatters who leaves most, the naive way.
    if (isLong) collectGarbage()
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
      { name: "unsampled_100k", way: "traced", fanout: unsampled(many) },
      { name: "sampled_100k", way: "traced", fanout: Effect.withSpan(unsampled(many), "relay.fanout") }
    ],
    LONG_CYCLES[kind],
    (cycle) =>
      cycle % NAIVE_EVERY === 0 ? run(many, { name: "naive", way: "naive", fanout: naive(many) }) : Effect.void
  )
  /** Without the first tenth, while the compiler still works. */
  return (name: string) => median((took[name] ?? []).slice(Math.floor((took[name] ?? []).length / 10)))
})

const program = Effect.gen(function* () {
  const own = yield* Effect.scoped(measured("own"))
  const queue = yield* Effect.scoped(measured("queue"))
  const kept = MANY * SamplingCurve.discord(MANY)
  report("tax", {
    none_us: queue("none"),
    repeat: queue("repeat") / queue("none"),
    unsampled: queue("unsampled") / queue("none"),
    none_100k_us: queue("none_100k"),
    unsampled_100k: queue("unsampled_100k") / queue("none_100k"),
    sampled_100k: queue("sampled_100k") / queue("none_100k"),
    naive: queue("naive") / queue("none_100k"),
    own_none_us: own("none"),
    own_repeat: own("repeat") / own("none"),
    own_unsampled: own("unsampled") / own("none"),
    own_unsampled_ns: (own("unsampled") - own("none")) * 1000,
    own_none_100k_us: own("none_100k"),
    own_unsampled_100k: own("unsampled_100k") / own("none_100k"),
    own_sampled_100k: own("sampled_100k") / own("none_100k"),
    own_sampled_us_per_kept: ((own("sampled_100k") - own("none_100k")) * MANY) / kept,
    own_naive: own("naive") / own("none_100k")
  })
})

Effect.runPromise(program.pipe(Effect.scoped, Effect.provide([Sampler.byFanOutSize(), TraceStore.ring({ traces: 1 })])))
