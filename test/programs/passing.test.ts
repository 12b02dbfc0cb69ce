/** Messages handled for a fiber that waits: what is seen of them is what `Transport.receiver` would show. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Logger, Queue, References, Tracer } from "effect"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import type { Handled } from "../../src/domain/mailbox/Consumer.ts"
import * as Propagation from "../../src/domain/Propagation.ts"
import type * as TraceCarrier from "../../src/domain/TraceCarrier.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { parentId, PARENT_ID, recorder, sampledCarrier, TRACE_ID, unsampledCarrier } from "../support/tracing.ts"

type Message = string | Envelope.Envelope<string>
type Handler = (message: string) => Handled<string, never>

const hop: Transport.Hop = { name: "hop", attributes: { who: "me" } }
const KEPT: TraceCarrier.TraceCarrier = { ...sampledCarrier, tracestate: "ot=th:8", sentAt: 0 }

const ending = (exit: Exit.Exit<unknown, unknown>) => (Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "ok")

/** What a tracer would tell of a span, but for its id: its parent, by name if that is known. */
const told = (span: Tracer.Span, _index: number, all: ReadonlyArray<Tracer.Span>) => ({
  name: span.name,
  kind: span.kind,
  traceId: span.traceId,
  parent: all.find(({ spanId }) => spanId === parentId(span))?.name ?? parentId(span),
  sampled: span.sampled,
  attributes: Object.fromEntries(span.attributes),
  links: span.links.length,
  status: span.status._tag === "Ended" ? ending(span.status.exit) : "open"
})

/** Sends one message to a fiber that waits, and answers with what was opened meanwhile. */
const sent = Effect.fnUntraced(function* (
  way: "passing" | "receiver",
  carrier: TraceCarrier.TraceCarrier,
  handler: Handler,
  policy: Propagation.Policy = "continue"
) {
  const spans = recorder()
  const mailbox = yield* Mailbox.make<Message>()
  const passing = Transport.passing(policy)
  const receiver = Transport.receiver<string>(() => hop, policy)
  const loop = Effect.withFiber((fiber) =>
    Mailbox.consume(mailbox, (incoming) => {
      if (!Envelope.isEnvelope(incoming)) return handler(incoming)
      return way === "passing"
        ? passing(fiber, incoming, hop, handler)
        : receiver.handle(incoming, (message) => handler(message) ?? Effect.void)
    })
  )
  const fiber = yield* Effect.forkChild(Effect.exit(Effect.provide(receiver.own(loop), spans.layer)))
  yield* Effect.yieldNow
  Mailbox.offerUnsafe(mailbox, Envelope.make("hello", carrier))
  for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
  fiber.interruptUnsafe()
  return spans.opened.map(told)
})

const handlers: Record<string, Handler> = {
  "is done when it returns": () => undefined,
  "gives an effect": () => Effect.withSpan(Effect.yieldNow, "inner"),
  "gives an effect that fails": () => Effect.fail("refused"),
  "gives an effect that dies": () => Effect.die("broken"),
  throws: () => {
    throw new Error("broken")
  }
}

describe("passing", () => {
  it.effect.each(
    Object.keys(handlers).flatMap((name) =>
      [KEPT, unsampledCarrier, { traceparent: "nonsense" }].flatMap((carrier) =>
        (["continue", "off"] as const).map((policy) => [name, carrier, policy] as const)
      )
    )
  )("a handler that %s, of a message with %j under %s: as a receiver would", ([name, carrier, policy]) =>
    Effect.gen(function* () {
      const handler = handlers[name] ?? (() => undefined)
      const seen = yield* sent("passing", carrier, handler, policy)
      assert.deepStrictEqual(seen, yield* sent("receiver", carrier, handler, policy))
      const isSeen = carrier === KEPT && policy === "continue"
      assert.strictEqual(seen[0]?.name, isSeen ? "hop" : undefined)
    })
  )

  it.effect("its span says what it continues, what it stands for, and how long the message lay", () =>
    Effect.gen(function* () {
      const [span] = yield* sent("passing", KEPT, () => undefined)
      assert.deepStrictEqual(span, {
        name: "hop",
        kind: "consumer",
        traceId: TRACE_ID,
        parent: PARENT_ID,
        sampled: true,
        attributes: {
          who: "me",
          "messaging.operation.type": "process",
          "sampling.threshold": "8",
          "mailbox.wait_ms": 0
        },
        links: 0,
        status: "ok"
      })
    })
  )

  it.effect("what its effect logs carries the span's ids; with ids only, the sender's; and nothing is left", () =>
    Effect.gen(function* () {
      const logged: Array<unknown> = []
      const logger = Logger.make(({ fiber, message }) => {
        logged.push([message, fiber.getRef(References.CurrentLogAnnotations).trace_id, fiber.cache.span?._tag])
      })
      const mailbox = yield* Mailbox.make<Message>()
      const done = yield* Queue.unbounded<void>()
      const passing = Transport.passing("continue")
      const log = (message: string) => Effect.andThen(Effect.log(message), Queue.offer(done, undefined))
      const loop = Effect.withFiber((fiber) =>
        Mailbox.consume(mailbox, (incoming) =>
          Envelope.isEnvelope(incoming) ? passing(fiber, incoming, hop, log) : log(incoming)
        )
      )
      yield* Effect.forkChild(
        loop.pipe(
          Effect.provide(Logger.layer([logger])),
          Effect.provideService(Propagation.unsampled, () => "ids")
        )
      )
      for (const message of [Envelope.make("kept", KEPT), Envelope.make("ids", unsampledCarrier), "bare"]) {
        Mailbox.offerUnsafe(mailbox, message)
        yield* Queue.take(done)
      }
      assert.deepStrictEqual(logged, [
        [["kept"], TRACE_ID, "Span"],
        [["ids"], TRACE_ID, undefined],
        [["bare"], undefined, undefined]
      ])
    })
  )
})
