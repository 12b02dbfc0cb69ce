/**
 * What tracing adds to a fan-out to 100,000 fibers that wait at their mailboxes, as ratios to the same fan-out with
 * nothing of it: not sampled, sampled under the posts' curve, and the naive way, in which every recipient gets a carrier
 * of its own, reads it and opens a span, by OpenTelemetry's API and SDK.
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

const RECIPIENTS = quick ? 500 : 100_000
/** Every order of the three, so often; the naive way, which takes much longer, once for every order. */
const CYCLES = quick ? 1 : 2
const WARM_UP = quick ? 1 : 2

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

interface Naive {
  readonly text: string
  readonly carrier: Record<string, string>
}
type Message = string | Naive
type Way = "none" | "traced" | "naive"

const propagator = new W3CTraceContextPropagator()
const tracer = new BasicTracerProvider().getTracer("naive")
const ATTRIBUTES = { "messaging.operation.type": "process" }

const program = Effect.gen(function* () {
  let missing = 0
  let done = Deferred.makeUnsafe<void>()
  let way: Way = "none"
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

  const recipients = yield* Effect.forEach(Array.from({ length: RECIPIENTS }), () =>
    Effect.map(Queue.unbounded<Message | Envelope.Envelope<Message>>(), (mailbox) => ({ mailbox }))
  )
  for (const { mailbox } of recipients) {
    yield* Effect.forkScoped(receiver.own(Effect.forever(Effect.flatMap(Queue.take(mailbox), handle))))
  }
  yield* Effect.sleep("100 millis")

  const refused = () => Effect.void
  const none = Effect.suspend(() => Sender.inline.push(FanOut.uniform(recipients, "hello"), refused))
  const unsampled = Transport.fanout(recipients, "hello")
  const naive = Effect.suspend(() => {
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
  const subjects: ReadonlyArray<
    readonly [name: string, way: Way, effect: Effect.Effect<void, never, Sampler.Sampler>]
  > = [
    ["none", "none", none],
    ["unsampled", "traced", unsampled],
    ["sampled", "traced", Effect.withSpan(unsampled, "relay.fanout")]
  ]

  const took: Record<string, Array<number>> = {}
  const run = Effect.fnUntraced(function* ([name, how, effect]: (typeof subjects)[number], counts: boolean) {
    // The last to be served are still on their way back to their mailboxes; and nobody pays for another's garbage (nor,
    // beyond the round, for its own, which flatters whoever leaves most: the naive way).
    yield* Effect.sleep("5 millis")
    collectGarbage()
    way = how
    missing = RECIPIENTS
    done = Deferred.makeUnsafe()
    const start = performance.now()
    yield* effect
    yield* Deferred.await(done)
    if (counts) (took[name] ??= []).push((performance.now() - start) * 1000)
  })

  const orders = permutations(subjects)
  for (let round = 0; round < WARM_UP; round++) {
    for (const subject of orders[round % orders.length] ?? []) yield* run(subject, false)
  }
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    for (const order of orders) for (const subject of order) yield* run(subject, true)
    yield* run(["naive", "naive", naive], cycle > 0 || quick)
  }
  const of = (name: string) => median(took[name] ?? [])
  report("tax", {
    recipients: RECIPIENTS,
    none_us: of("none") / RECIPIENTS,
    unsampled: of("unsampled") / of("none"),
    sampled_100k: of("sampled") / of("none"),
    naive: of("naive") / of("none")
  })
})

Effect.runPromise(program.pipe(Effect.scoped, Effect.provide([Sampler.byFanOutSize(), TraceStore.ring({ traces: 1 })])))
