import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import * as Background from "../../../../src/layers/MemberStore/hybrid/background.ts"
import { turns } from "../../../support/durable/store.ts"

describe("background", () => {
  it.effect("does a piece of work at a turn, in order, and not in the turn in which it is left", () =>
    Effect.gen(function* () {
      const later = yield* Background.make
      for (let round = 0; round < 2; round++) {
        const done: Array<number> = []
        for (let index = 0; index < 10; index++) later(() => void done.push(index))
        assert.deepStrictEqual(done, [])
        for (let turn = 0; done.length < 10; turn++) {
          const before = done.length
          yield* Effect.yieldNow
          assert.isAtMost(done.length, before + 1)
          assert.isBelow(turn, 30)
        }
        assert.deepStrictEqual(
          done,
          Array.from({ length: 10 }, (_, index) => index)
        )
        // It has come to rest, and begins again.
        yield* turns(20)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("goes on with the next when one cannot be done", () =>
    Effect.gen(function* () {
      const later = yield* Background.make
      let done = 0
      later(() => {
        throw new RangeError("no memory")
      })
      later(() => done++)
      yield* turns(10)
      assert.strictEqual(done, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("ends with the scope, and what is left then is not done", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const later = yield* Scope.provide(Background.make, scope)
      let done = 0
      yield* turns(3)
      later(() => done++)
      yield* Scope.close(scope, Exit.void)
      later(() => done++)
      yield* turns(10)
      assert.strictEqual(done, 0)
    })
  )
})
