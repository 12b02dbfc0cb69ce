import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import type { Envelope } from "../../src/domain/Envelope.ts"
import * as FanOut from "../../src/domain/FanOut.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import * as Sender from "../../src/domain/Sender.ts"

const RECIPIENTS = 1_000

describe("a fan-out", () => {
  it.effect.each([
    ["whom nobody can reach", "dropping"],
    ["who are waited for", "suspend"]
  ] as const)("looks once at each of those %s", ([, strategy]) =>
    Effect.gen(function* () {
      let looks = 0
      const mailbox: Mailbox.Enqueue<string | Envelope<string>> = {
        capacity: 1,
        strategy,
        get isIdle() {
          looks++
          return false
        },
        offerUnsafe: () => false,
        transferUnsafe: () => false,
        offer: () => Effect.succeed(true),
        offerAll: () => Effect.succeed([]),
        failCauseUnsafe: () => false,
        shutdownUnsafe: () => false
      }
      let refused = 0
      const recipients = Array.from({ length: RECIPIENTS }, () => ({ mailbox }))
      yield* Sender.inline.push(FanOut.uniform(recipients, "hello"), () => Effect.sync(() => void refused++))
      assert.strictEqual(refused, strategy === "dropping" ? RECIPIENTS : 0)
      assert.strictEqual(looks, RECIPIENTS)
    })
  )

  it.effect("reaches whoever has been slow and is quick again, however many tell them something at once", () =>
    Effect.gen(function* () {
      const [CALLERS, MESSAGES, BEHIND] = [300, 40, 300]
      const mailbox = yield* Mailbox.dropping<number | Envelope<number>>(1_024)
      const isQuickAgain = yield* Deferred.make<void>()
      let handled = 0
      const slowAtFirst = () => (handled++ === 0 ? Deferred.await(isQuickAgain) : undefined)
      yield* Effect.forkChild(Mailbox.consume(mailbox, slowAtFirst), { startImmediately: true })
      let refused = 0
      const caller = Effect.suspend(() => {
        const sender = Sender.makeInline()
        const push = sender.push(FanOut.uniform([{ mailbox }], 1), () => Effect.sync(() => void refused++))
        const told = Effect.andThen(
          push,
          Effect.suspend(() =>
            mailbox.length < BEHIND ? Effect.void : Effect.asVoid(Deferred.succeed(isQuickAgain, undefined))
          )
        )
        return Effect.repeat(told, { times: MESSAGES - 1 })
      })
      yield* Effect.forEach(Array.from({ length: CALLERS }), () => caller, { concurrency: "unbounded", discard: true })
      yield* Effect.repeat(Effect.yieldNow, { until: () => handled + refused === CALLERS * MESSAGES })
      assert.strictEqual(refused, 0)
    })
  )
})
