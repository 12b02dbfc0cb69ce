import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Queue, Scope } from "effect"
import { TestClock } from "effect/testing"
import type * as Envelope from "../../src/domain/Envelope.ts"
import * as FanOut from "../../src/domain/FanOut.ts"
import * as Offload from "../../src/layers/Offload.ts"
import { conforms } from "../conformance/Offload.ts"
import { settled } from "../support/settled.ts"

conforms("inline", Offload.inline)
conforms("senders", Offload.senders())
conforms("senders that are soon busy", Offload.senders({ capacity: 1 }))

describe("Offload.senders", () => {
  it.effect("the caller goes on before its message has been sent", () =>
    Effect.gen(function* () {
      const sender = yield* (yield* Offload.Offload).sender
      const full = { mailbox: yield* Queue.bounded<number | Envelope.Envelope<number>>(1) }
      for (let round = 0; round < 10; round++) yield* sender.push(FanOut.uniform([full], round), () => Effect.void)
      assert.strictEqual(yield* Queue.size(full.mailbox), 0)
      for (let round = 0; round < 10; round++) assert.strictEqual(yield* Queue.take(full.mailbox), round)
    }).pipe(Effect.scoped, Effect.provide(Offload.senders()))
  )

  it.effect(
    "callers that wait for a place when it stops, and has not sent everything in time, send for themselves",
    () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const layer = Offload.senders({ capacity: 1, grace: "1 second" })
        const { sender } = Context.get(yield* Layer.buildWithScope(layer, scope), Offload.Offload)
        const caller = yield* Scope.provide(sender, scope)
        const full = { mailbox: yield* Queue.bounded<number | Envelope.Envelope<number>>(1) }
        const push = (round: number) => caller.push(FanOut.uniform([full], round), () => Effect.void)
        // The first is taken, the second is being sent, the third has the one place.
        for (let round = 0; round < 3; round++) yield* Effect.andThen(push(round), settled)
        const waiting = yield* Effect.forkChild(Effect.andThen(push(3), push(4)))
        yield* settled
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* settled
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(closing)
        for (const round of [0, 3, 4]) assert.strictEqual(yield* Queue.take(full.mailbox), round)
        yield* Fiber.join(waiting)
      })
  )
})
