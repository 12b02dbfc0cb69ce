import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Departures } from "../../../src/domain/relay/Departures.ts"
import { sessionId } from "../../support/community.ts"

const [one, two] = [sessionId(1), sessionId(2)]

describe("sessions that leave a relay", () => {
  it.effect("another relay waits until that one is done; the same relay does not", () =>
    Effect.gen(function* () {
      const departures = new Departures<string>()
      const gone = departures.leave(one, "a")
      assert.isUndefined(departures.before(one, "a"))
      assert.isUndefined(departures.before(two, "b"))
      const waiting = yield* Effect.forkChild(departures.before(one, "b") ?? Effect.die("nothing to wait for"))
      yield* Effect.yieldNow
      assert.isUndefined(waiting.pollUnsafe())
      yield* gone
      yield* Fiber.join(waiting)
      assert.isUndefined(departures.before(one, "b"))
    })
  )

  it.effect("what an older time ended with does not end the wait for a later one; nothing is kept", () =>
    Effect.gen(function* () {
      const departures = new Departures<string>()
      const first = departures.leave(one, "a")
      const second = departures.leave(one, "b")
      yield* first
      assert.isDefined(departures.before(one, "a"))
      assert.strictEqual(departures.size, 1)
      yield* second
      yield* second
      assert.isUndefined(departures.before(one, "a"))
      assert.strictEqual(departures.size, 0)
    })
  )
})
