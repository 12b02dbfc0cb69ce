import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Envelope } from "../../src/domain/Envelope.ts"
import * as FanOut from "../../src/domain/FanOut.ts"
import type { Enqueue } from "../../src/domain/Mailbox.ts"
import * as Sender from "../../src/domain/Sender.ts"

const RECIPIENTS = 1_000

describe("a fan-out", () => {
  it.effect.each([
    ["whom nobody can reach", "dropping"],
    ["who are waited for", "suspend"]
  ] as const)("looks once at each of those %s", ([, strategy]) =>
    Effect.gen(function* () {
      let looks = 0
      const mailbox: Enqueue<string | Envelope<string>> = {
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
})
