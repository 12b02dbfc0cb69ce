import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import type * as Envelope from "../../src/domain/Envelope.ts"
import * as FanOut from "../../src/domain/FanOut.ts"
import * as Offload from "../../src/layers/Offload.ts"
import { conforms } from "../conformance/Offload.ts"

conforms("inline", Offload.inline)
conforms("senders", Offload.senders())
conforms("senders, one that is soon busy", Offload.senders({ count: 1, capacity: 1 }))

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
})
