import { assert, describe, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { afterEach } from "vitest"
import * as Mailbox from "../../../src/domain/Mailbox.ts"
import { settled } from "../../support/settled.ts"

afterEach(() => {
  vi.useRealTimers()
})

/** A mailbox at work, and what it has handled. */
const atWork = Effect.gen(function* () {
  const handled: Array<string> = []
  const mailbox = yield* Mailbox.make<string>()
  yield* Effect.forkScoped(
    Mailbox.consume(mailbox, (message) => void handled.push(message)),
    { startImmediately: true }
  )
  return { handled, offer: (message: string) => void Mailbox.offerUnsafe(mailbox, message) }
})

describe("a mailbox under fake timers", () => {
  it.effect("goes on when the real ones are back, though a delivery was pending; and so does every other", () =>
    Effect.gen(function* () {
      const first = yield* atWork
      const second = yield* atWork
      vi.useFakeTimers()
      first.offer("pending")
      vi.useRealTimers()
      second.offer("real again")
      yield* settled
      assert.deepStrictEqual(second.handled, ["real again"])
      assert.deepStrictEqual(first.handled, ["pending"])
    })
  )

  it.effect("goes on when pending timers were cleared, as soon as any other gets a message", () =>
    Effect.gen(function* () {
      const first = yield* atWork
      const second = yield* atWork
      vi.useFakeTimers()
      first.offer("cleared")
      vi.clearAllTimers()
      second.offer("later")
      yield* Effect.promise(() => vi.runAllTimersAsync())
      assert.deepStrictEqual(first.handled, ["cleared"])
      assert.deepStrictEqual(second.handled, ["later"])
    })
  )

  it.effect("waits for them as long as they are fake", () =>
    Effect.gen(function* () {
      const { handled, offer } = yield* atWork
      vi.useFakeTimers()
      offer("one")
      assert.deepStrictEqual(handled, [])
      yield* Effect.promise(() => vi.runAllTimersAsync())
      assert.deepStrictEqual(handled, ["one"])
    })
  )
})
