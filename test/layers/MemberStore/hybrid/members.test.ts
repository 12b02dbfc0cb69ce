import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Semaphore, Stream } from "effect"
import { GuildId } from "../../../../src/domain/Ids.ts"
import * as MemberQuery from "../../../../src/domain/MemberQuery.ts"
import { Arena } from "../../../../src/layers/MemberStore/hybrid/Arena.ts"
import { Builder } from "../../../../src/layers/MemberStore/hybrid/Builder.ts"
import * as Columns from "../../../../src/layers/MemberStore/hybrid/Columns.ts"
import * as members from "../../../../src/layers/MemberStore/hybrid/members.ts"
import type { Pool } from "../../../../src/layers/MemberStore/hybrid/Pool.ts"
import { Table } from "../../../../src/layers/MemberStore/hybrid/Table.ts"
import { member } from "../../../support/community.ts"

const SIZE = 1_000
const WINDOW = 3

/** A table of many leaves, and a pool without threads that counts what it is asked. */
const counted = (recentChanges = 0) => {
  const counts = { asked: 0, closed: 0 }
  const pool: Pool = {
    window: WINDOW,
    open: (_guild, _query, done) => ({
      ask: ({ leaf }) =>
        Effect.sync(() => {
          counts.asked++
          const { rows } = Columns.read(leaf)
          return { rows: Uint16Array.from({ length: rows }, (_, row) => row), ids: new BigUint64Array(0) }
        }),
      close: Effect.sync(() => {
        counts.closed++
        done()
      })
    })
  }
  const arena = new Arena()
  const table = new Table({ leafRows: 8, recentChanges, builder: new Builder(8), arena, later: (work) => work() })
  for (let index = 0; index < SIZE; index++) table.put(member(index))
  return {
    counts,
    arena,
    table,
    members: members.make({ guild: GuildId.make("1"), table, pool, turns: Semaphore.makeUnsafe(1) })
  }
}

describe("members", () => {
  it.effect("who is slow to look at what a scan has found does not have it pile up", () =>
    Effect.gen(function* () {
      const { counts, members } = counted()
      let seen = 0
      yield* members.scan(MemberQuery.everybody).pipe(
        Stream.rechunk(1),
        Stream.runForEach(() =>
          Effect.gen(function* () {
            seen++
            for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
            // A leaf has four members at least, and not many more are asked than are seen.
            assert.isAtMost(counts.asked, seen / 4 + 2 * WINDOW + 2)
          })
        )
      )
      assert.strictEqual(seen, SIZE)
      assert.strictEqual(counts.closed, 1)
    })
  )

  it.effect("a scan that ends early asks no more, and gives back the memory that only it needed", () =>
    Effect.gen(function* () {
      const { arena, counts, members, table } = counted()
      const before = arena.used
      yield* members.scan(MemberQuery.everybody).pipe(
        Stream.rechunk(1),
        Stream.tap(() => Effect.sync(() => Array.from({ length: SIZE }, (_, index) => table.put(member(index))))),
        Stream.take(2),
        Stream.runDrain
      )
      assert.isAtMost(counts.asked, 3 * WINDOW)
      assert.strictEqual(counts.closed, 1)
      assert.isAtMost(arena.used, 1.2 * before)
    })
  )

  it.effect("between the recent changes of one leaf and those of the next, others have their turn", () =>
    Effect.gen(function* () {
      const recentChanges = 4
      const { members, table } = counted(recentChanges)
      for (let index = 0; index < SIZE; index += 2) table.put(member(index))
      let looked = 0
      const query: MemberQuery.MemberQuery = {
        _tag: "Named",
        get prefix() {
          looked++
          return "nobody"
        }
      }
      const both = Effect.all([members.ids(query), Stream.runDrain(members.scan(query))], { concurrency: 2 })
      const fiber = yield* Effect.forkChild(both)
      let most = 0
      while (fiber.pollUnsafe() === undefined) {
        const before = looked
        yield* Effect.yieldNow
        most = Math.max(most, looked - before)
      }
      yield* Fiber.join(fiber)
      assert.isAbove(looked, 100)
      // A name is compared twice, where there are two.
      assert.isAtMost(most, 2 * recentChanges)
    })
  )
})
