import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Schema, Scope } from "effect"
import * as GroupCommit from "../../../src/layers/MemberStore/GroupCommit.ts"
import { below, seeded } from "../../support/random.ts"

const MOST = 4

/** Commits that take as many turns as they are told to, and are remembered. */
const recorded = (turns: () => number, fails: (batch: ReadonlyArray<number>) => boolean = () => false) => {
  const batches: Array<ReadonlyArray<number>> = []
  let running = 0
  const commit = Effect.fnUntraced(function* (batch: ReadonlyArray<number>) {
    assert.strictEqual(++running, 1, "two commits at once")
    yield* Effect.replicateEffect(Effect.yieldNow, turns(), { discard: true })
    running--
    if (fails(batch)) return yield* Effect.fail("no room")
    batches.push(batch)
    return batch.map((change) => change * 2)
  })
  return { batches, commit }
}

const background = (effect: Effect.Effect<void>) => effect

describe("GroupCommit", () => {
  it.effect.prop(
    "changes are made in the order in which they come, each once, together as far as they may, and answered each",
    [Schema.Int, Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 }))],
    ([seed, count]) =>
      Effect.gen(function* () {
        const random = seeded(seed)
        const { batches, commit } = recorded(() => below(random, 4))
        const change = yield* GroupCommit.make({ commit, most: MOST, background })
        const came: Array<number> = []
        yield* Effect.forEach(
          Array.from({ length: count }, (_, index) => index),
          Effect.fnUntraced(function* (index) {
            yield* Effect.replicateEffect(Effect.yieldNow, below(random, 20), { discard: true })
            came.push(index)
            assert.strictEqual(yield* change(index), index * 2)
          }),
          { concurrency: "unbounded", discard: true }
        )
        assert.deepStrictEqual(batches.flat(), came)
        for (const batch of batches) assert.isAtMost(batch.length, MOST)
      }).pipe(Effect.scoped)
  )

  it.effect("those that come at the same time share a commit", () =>
    Effect.gen(function* () {
      const { batches, commit } = recorded(() => 1)
      const change = yield* GroupCommit.make({ commit, most: MOST, background })
      yield* Effect.forEach([1, 2, 3, 4, 5, 6], change, { concurrency: "unbounded" })
      assert.deepStrictEqual(batches, [
        [1, 2, 3, 4],
        [5, 6]
      ])
      yield* change(7)
      assert.deepStrictEqual(batches.at(-1), [7])
    }).pipe(Effect.scoped)
  )

  it.effect("who shared a commit that fails, or dies, is told; who comes after is none the worse", () =>
    Effect.gen(function* () {
      const { batches, commit } = recorded(
        () => 1,
        (batch) => batch.includes(2)
      )
      const change = yield* GroupCommit.make({
        commit: (batch: ReadonlyArray<number>) => (batch.includes(9) ? Effect.die("a bug") : commit(batch)),
        most: 2,
        background
      })
      const exits = yield* Effect.forEach([1, 2, 3, 4, 9, 5, 6], (index) => Effect.exit(change(index)), {
        concurrency: "unbounded"
      })
      const said = exits.map((exit) => (Exit.isSuccess(exit) ? exit.value : Cause.squash(exit.cause)))
      assert.deepStrictEqual(said, ["no room", "no room", 6, 8, "a bug", "a bug", 12])
      assert.deepStrictEqual(batches, [[3, 4], [6]])
    }).pipe(Effect.scoped)
  )

  it.effect("who gives up before its turn has made no change; who gives up later holds nobody up", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { batches, commit } = recorded(() => 0)
      const change = yield* GroupCommit.make({
        commit: (batch: ReadonlyArray<number>) => Effect.andThen(Deferred.await(gate), commit(batch)),
        most: 1,
        background
      })
      const [first, second, third] = yield* Effect.forEach([1, 2, 3], (index) => Effect.forkChild(change(index)))
      yield* Effect.replicateEffect(Effect.yieldNow, 3, { discard: true })
      if (second !== undefined) yield* Fiber.interrupt(second)
      if (first !== undefined) yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, undefined)
      if (third !== undefined) assert.strictEqual(yield* Fiber.join(third), 6)
      assert.deepStrictEqual(batches, [[1], [3]])
    }).pipe(Effect.scoped)
  )

  it.effect("when the scope closes, those that wait are made yet", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { batches, commit } = recorded(() => 3)
      const change = yield* Scope.provide(GroupCommit.make({ commit, most: 1, background }), scope)
      const waiting = yield* Effect.forEach([1, 2, 3], (index) => Effect.forkChild(change(index)))
      yield* Effect.yieldNow
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(batches, [[1], [2], [3]])
      assert.deepStrictEqual(yield* Fiber.joinAll(waiting), [2, 4, 6])
    })
  )
})
