/**
 * The same peer with this library's transport. It understands both bare and enveloped messages from the start; of which
 * share of its traces it wraps the messages, it is told while it runs: `wrap 0.5`. Every other message is in a sampled
 * trace.
 */
import { Effect, Queue, Schema, Tracer } from "effect"
import * as Envelope from "../../../src/domain/Envelope.ts"
import * as Propagation from "../../../src/domain/Propagation.ts"
import * as Transport from "../../../src/programs/Transport.ts"
import { run } from "./link.ts"

const Message = Schema.Struct({ id: Schema.String, text: Schema.String })
type Message = typeof Message.Type

const wraps = new Map([["peer", 0]])
const counts = { enveloped: 0, traced: 0, wrapped: 0 }

const encode = Transport.encode(Message, "peer")
const decode = Transport.decode(Message)
const random = (length: number) => Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join("")

/** Counts the spans that are opened where messages of a trace are handled. */
const tracer = Tracer.make({
  span: (options) => {
    if (options.name === "peer.hear") counts.traced++
    return new Tracer.NativeSpan(options)
  }
})

const runFork = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.runFork(
    effect.pipe(
      Effect.provideService(Propagation.wrap, (destination) => wraps.get(destination) ?? 0),
      Effect.withTracer(tracer)
    )
  )

const inbox = Effect.runSync(Queue.unbounded<Heard | Envelope.Envelope<Heard>>())
interface Heard {
  readonly message: unknown
  readonly heard: (message: unknown) => void
}

runFork(
  Effect.forever(
    Transport.receive(
      inbox,
      () => ({ name: "peer.hear" }),
      ({ heard, message }) => Effect.sync(() => heard(message))
    )
  )
)

let sampled = false
run({
  say: (message, write) => {
    sampled = !sampled
    const sent = Effect.tap(encode(message), (wire) =>
      Effect.sync(() => {
        if (Object.hasOwn(Object(wire), Envelope.MARK)) counts.wrapped++
        write(wire)
      })
    )
    const parent = Tracer.externalSpan({ traceId: random(32), spanId: random(16), sampled: true })
    runFork(sampled ? Effect.withParentSpan(sent, parent) : sent)
  },
  hear: (wire, heard) => {
    if (Object.hasOwn(Object(wire), Envelope.MARK)) counts.enveloped++
    runFork(
      decode(wire).pipe(
        Effect.flatMap((incoming) => {
          const put = (message: Message): Heard => ({ message, heard })
          return Queue.offer(
            inbox,
            Envelope.isEnvelope(incoming) ? Envelope.make(put(incoming.message), incoming.carrier) : put(incoming)
          )
        }),
        Effect.catch(() => Effect.sync(() => heard(undefined)))
      )
    )
  },
  command: (line) => void wraps.set("peer", Number(line.replace("wrap ", ""))),
  report: () => counts
})
