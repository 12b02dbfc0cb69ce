/** Each span that is started is ended, once, wherever its fiber is interrupted. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Scheduler, Schema, Tracer } from "effect"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as Payload from "../../src/domain/gateway/Payload.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import { SessionSocket, SocketClosed } from "../../src/domain/SessionSocket.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { sessionId } from "../support/community.ts"
import { sampledCarrier } from "../support/tracing.ts"

/** A tracer that counts how often each of its spans is ended. */
const counting = () => {
  const ends: Array<number> = []
  class Span extends Tracer.NativeSpan {
    readonly nth = ends.push(0) - 1
    override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
      ends[this.nth] = (ends[this.nth] ?? 0) + 1
      super.end(endTime, exit)
    }
  }
  return { ends, tracer: Tracer.make({ span: (options) => new Span(options) }) }
}

const assertEnded = (ends: ReadonlyArray<number>) =>
  assert.deepStrictEqual(
    ends.filter((times) => times !== 1),
    [],
    `of ${ends.length} spans`
  )

const turns = (count: number) => Effect.repeat(Effect.yieldNow, { times: count })

/** Fibers give way after so many steps, and may be interrupted there. */
const Steps = Schema.Int.check(Schema.isBetween({ minimum: 3, maximum: 24 }))
const Turns = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))

const Outcome = Schema.Literals(["at once", "after a while", "never", "fails", "dies", "throws"])
const Messages = Schema.Array(Schema.Struct({ outcome: Outcome, isSampled: Schema.Boolean })).check(
  Schema.isBetweenLength(1, 20)
)
type Message = (typeof Messages.Type)[number]

const enveloped = <M>(message: M, isSampled: boolean): M | Envelope.Envelope<M> =>
  isSampled ? Envelope.make(message, sampledCarrier) : message

const effectOf = (outcome: Message["outcome"]): Effect.Effect<void, string> => {
  switch (outcome) {
    case "at once":
      return Effect.void
    case "after a while":
      return turns(3)
    case "never":
      return Effect.never
    case "fails":
      return Effect.fail("failed")
    case "dies":
      return Effect.die("defect")
    case "throws":
      throw new Error("defect")
  }
}

const Ending = Schema.Literals(["end", "stop"])

/** A session gets these messages, and is ended after so many turns. */
const ended = Effect.fnUntraced(function* (
  messages: ReadonlyArray<Message>,
  steps: number,
  before: number,
  ending: typeof Ending.Type
) {
  const { ends, tracer } = counting()
  let nth = -1
  let outcome: Message["outcome"] = "at once"
  const socket: SessionSocket["Service"] = {
    receive: Effect.never,
    sendUnsafe: () => (outcome = messages[++nth]?.outcome ?? "at once") === "at once",
    send: () => Effect.mapError(effectOf(outcome), () => new SocketClosed({ code: 1006, reason: "" })),
    close: () => Effect.void
  }
  const session = yield* Session.make({ id: sessionId(1) }).pipe(
    Effect.provideService(SessionSocket, socket),
    Effect.provideService(Scheduler.MaxOpsBeforeYield, steps),
    Effect.provideService(Tracer.Tracer, tracer)
  )
  for (const { isSampled } of messages) {
    Mailbox.offerUnsafe(session.mailbox, enveloped(Payload.make("HELLO", {}), isSampled))
  }
  yield* turns(before)
  yield* ending === "stop" ? session.stop : session.end({ code: 4000, reason: "" })
  yield* session.closed
  yield* turns(40)
  assertEnded(ends)
}, Effect.scoped)

describe("spans", () => {
  it.effect.prop(
    "of a session that is ended, at whatever it is",
    [Messages, Steps, Turns, Ending],
    ([messages, steps, before, ending]) => ended(messages, steps, before, ending)
  )

  it.effect("of a session that waits for its connection, wherever it is ended on its way there", () =>
    Effect.gen(function* () {
      for (let steps = 3; steps <= 12; steps++) {
        for (let before = 0; before <= 12; before++) {
          yield* ended([{ outcome: "never", isSampled: true }], steps, before, "end")
        }
      }
    })
  )

  it.effect.prop(
    "of a fiber that receives, by either way, and is interrupted, at whatever it is",
    [Messages, Steps, Turns, Schema.Literals(["passing", "receiver"]), Schema.Literals(["start", "continue"])],
    ([messages, steps, before, way, policy]) =>
      Effect.gen(function* () {
        const { ends, tracer } = counting()
        const hop = (): Transport.Hop => ({ name: "hop", attributes: { who: "me" } })
        const passing = Transport.passing(policy)
        const receiver = Transport.receiver<Message>(hop, policy)
        const mailbox = yield* Mailbox.make<Message | Envelope.Envelope<Message>>()
        const effect = ({ outcome }: Message) =>
          Effect.ignoreCause(
            Effect.withSpan(
              Effect.suspend(() => effectOf(outcome)),
              "inner"
            )
          )
        const loop = Effect.withFiber((fiber) =>
          Mailbox.consume(mailbox, (incoming) => {
            if (way === "receiver") return receiver.handle(incoming, effect)
            if (!Envelope.isEnvelope(incoming)) return effect(incoming)
            return passing(fiber, incoming, hop(), (message) =>
              message.outcome === "at once" ? undefined : effect(message)
            )
          })
        )
        const fiber = yield* receiver
          .own(loop)
          .pipe(
            Effect.provideService(Scheduler.MaxOpsBeforeYield, steps),
            Effect.provideService(Tracer.Tracer, tracer),
            Effect.forkScoped
          )
        for (const message of messages) Mailbox.offerUnsafe(mailbox, enveloped(message, message.isSampled))
        yield* turns(before)
        yield* Fiber.interrupt(fiber)
        assertEnded(ends)
      }).pipe(Effect.scoped)
  )

  it.effect.prop(
    "of a request that is interrupted, at whatever it is",
    [Outcome, Steps, Turns, Schema.Boolean],
    ([outcome, steps, before, isSampled]) =>
      Effect.gen(function* () {
        const { ends, tracer } = counting()
        const headers = isSampled ? { traceparent: sampledCarrier.traceparent } : {}
        const handler = Effect.withSpan(
          Effect.suspend(() => effectOf(outcome)),
          "inner"
        )
        const fiber = yield* Transport.ingress(headers, { name: "ingress.http" }, handler, { start: 1 }).pipe(
          Effect.provideService(Scheduler.MaxOpsBeforeYield, steps),
          Effect.provide(Layer.succeed(Tracer.Tracer, tracer)),
          Effect.forkScoped
        )
        yield* turns(before)
        yield* Fiber.interrupt(fiber)
        assertEnded(ends)
        const exit = yield* Fiber.await(fiber)
        if (outcome === "at once" && Exit.isFailure(exit)) assert.isTrue(Cause.hasInterruptsOnly(exit.cause))
      }).pipe(Effect.scoped)
  )
})
