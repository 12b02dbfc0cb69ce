import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope, Stream } from "effect"
import * as RunQueue from "../../src/domain/mailbox/RunQueue.ts"
import { named } from "../../src/domain/MemberQuery.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import { hybrid } from "../../src/layers/MemberStore/hybrid.ts"
import { conforms } from "../conformance/MemberStore.ts"
import { GUILD, member } from "../support/community.ts"

conforms("heap", MemberStore.heap)
conforms("hybrid", hybrid())
conforms("hybrid, in leaves that are soon full", hybrid({ leafRows: 4, recentChanges: 2, workers: 2 }))
conforms(
  "hybrid, in the smallest leaves, written anew with each change",
  hybrid({ leafRows: 2, recentChanges: 0, workers: 1 })
)

describe.each([
  ["heap", MemberStore.heap],
  ["hybrid", hybrid({ leafRows: 16, recentChanges: 2 })]
])("MemberStore: %s", (_, layer) => {
  it.effect("members are kept for as long as the Layer lives, but for transient ones, which are whose they are", () =>
    Effect.gen(function* () {
      const store = yield* MemberStore.MemberStore
      const transient = Effect.provideService(store.open(GUILD), MemberStore.Transient, true)
      const put = (members: MemberStore.Members, count: number) =>
        Effect.forEach(Array.from({ length: count }), (_, index) => members.put(member(index)))
      yield* Effect.scoped(Effect.flatMap(store.open(GUILD), (members) => put(members, 30)))
      const first = yield* Scope.make()
      const one = yield* Scope.provide(transient, first)
      const other = yield* transient
      yield* put(one, 20)
      yield* put(other, 10)
      yield* Scope.close(first, Exit.void)
      assert.strictEqual(yield* other.size, 10)
      assert.strictEqual(yield* (yield* transient).size, 0)
      assert.strictEqual(yield* (yield* store.open(GUILD)).size, 30)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})

describe("MemberStore: heap", () => {
  it.effect("however many scan, between two messages one of them asks a thousand members", () =>
    Effect.gen(function* () {
      const members = yield* (yield* MemberStore.MemberStore).open(GUILD)
      let read = 0
      for (let index = 0; index < 5_000; index++) {
        const { user, ...rest } = member(index)
        yield* members.put({
          ...rest,
          get user() {
            read++
            return user
          }
        })
      }
      const query = named("nobody")
      const scans = yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
        Effect.forkChild(index % 2 === 0 ? members.ids(query) : Stream.runDrain(members.scan(query)))
      )
      const before = read
      let most = 0
      let last = read
      while (scans.some((scan) => scan.pollUnsafe() === undefined)) {
        yield* RunQueue.turn
        most = Math.max(most, read - last)
        last = read
      }
      yield* Effect.forEach(scans, Fiber.join)
      assert.isAtLeast(read - before, 20 * 5_000)
      assert.isAtMost(most, 2 * 1024)
    }).pipe(Effect.scoped, Effect.provide(MemberStore.heap))
  )
})
