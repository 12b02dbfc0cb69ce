import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { RoleId, UserId } from "../../../../src/domain/Ids.ts"
import type { Member } from "../../../../src/domain/Member.ts"
import { Arena } from "../../../../src/layers/MemberStore/hybrid/Arena.ts"
import { memberAt } from "../../../../src/layers/MemberStore/hybrid/Base.ts"
import { Builder } from "../../../../src/layers/MemberStore/hybrid/Builder.ts"
import type { Leaf } from "../../../../src/layers/MemberStore/hybrid/Leaf.ts"
import { type Snapshot, Table } from "../../../../src/layers/MemberStore/hybrid/Table.ts"
import { below, seeded } from "../../../support/random.ts"

/** A table whose leaves are written anew when `turn` says so, one at a time; it answers whether there was one. */
const make = (leafRows: number, recentChanges: number) => {
  const arena = new Arena()
  const waiting: Array<() => void> = []
  const later = (work: () => void) => void waiting.push(work)
  const turn = () => {
    const work = waiting.shift()
    work?.()
    return work !== undefined
  }
  return { arena, turn, table: new Table({ leafRows, recentChanges, builder: new Builder(leafRows), arena, later }) }
}

/** All that a snapshot's leaves say, read here and now. */
const read = (leaves: ReadonlyArray<Leaf>): ReadonlyMap<UserId, Member> => {
  const found = new Map<UserId, Member>()
  for (const { base, changes, size } of leaves) {
    const before = found.size
    const hidden = new Set(Array.from(changes.values(), ({ row }) => row))
    for (let row = 0; row < base.columns.rows; row++) {
      if (hidden.has(row)) continue
      const member = memberAt(base, row)
      found.set(member.user.id, member)
    }
    for (const { member } of changes.values()) if (member !== undefined) found.set(member.user.id, member)
    assert.strictEqual(found.size - before, size)
  }
  return found
}

/** How much the leaves' bases take up. */
const bytesIn = (leaves: ReadonlyArray<Leaf>) =>
  leaves.reduce((sum, { base }) => sum + (base.columns.rows === 0 ? 0 : base.piece.bytes), 0)

const userOf = (index: number) => UserId.make(String(BigInt(index) * 30_000_000_000_000_000n))

/** Somebody with a few of many roles, so that there are many sets of them. */
const drawn = (random: () => number, index: number): Member => ({
  user: { id: userOf(index), username: `user ${below(random, 1_000)}`, bot: random() < 0.1 },
  roles: Array.from({ length: below(random, 4) }, () => RoleId.make(String(below(random, 40)))),
  joinedAt: random(),
  ...(random() < 0.3 && { nick: `nick ${below(random, 10)}` }),
  ...(random() < 0.1 && { mute: true }),
  ...(random() < 0.1 && { deaf: true }),
  ...(random() < 0.1 && { timedOutUntil: random() })
})

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))

/** Members come, change and go at random, and snapshots are taken and closed. */
const life = (seed: number, leafRows: number, recentChanges: number, turns: number): void => {
  const random = seeded(seed)
  const { arena, table, turn } = make(leafRows, recentChanges)
  const leavesNow = () => {
    const { close, leaves } = table.freeze()
    close()
    return leaves
  }
  const mostChanges = () => Math.max(...leavesNow().map(({ changes }) => changes.size))
  const model = new Map<UserId, Member>()
  const snapshots: Array<readonly [Snapshot, ReadonlyMap<UserId, Member>]> = []
  const closeOne = () => {
    const [taken] = snapshots.splice(below(random, snapshots.length), 1)
    if (taken === undefined) return
    const [{ close, leaves }, then] = taken
    assert.deepStrictEqual(read(leaves), then)
    close()
    close()
  }
  // It grows, and shrinks, and grows.
  for (let step = 0; step < 800; step++) {
    const grows = step % 400 < 200
    const index = below(random, 150)
    if (random() < (grows ? 0.8 : 0.2)) {
      const member = drawn(random, index)
      model.set(member.user.id, member)
      table.put(member)
    } else assert.strictEqual(table.remove(userOf(index)), model.delete(userOf(index)))
    assert.strictEqual(table.size, model.size)
    const other = userOf(below(random, 150))
    assert.deepStrictEqual(table.get(other), model.get(other))
    if (random() < 0.1) assert.isAtMost(mostChanges(), 4 * recentChanges)
    if (random() < turns) turn()
    if (random() < 0.02) snapshots.push([table.freeze(), new Map(model)])
    if (random() < 0.02) closeOne()
  }
  // What is left to be written anew comes to an end.
  while (turn()) if (random() < 0.2) closeOne()
  assert.isAtMost(mostChanges(), recentChanges)
  while (snapshots.length > 0) closeOne()
  assert.deepStrictEqual(read(leavesNow()), model)
  assert.strictEqual(table.size, model.size)
  for (const [user, member] of model) assert.deepStrictEqual(table.get(user), member)
  assert.strictEqual(arena.used, bytesIn(leavesNow()))
}

describe("Table", () => {
  it.prop(
    "a snapshot stays as it was for as long as it is wanted, and what nobody sees gives its memory back, whenever leaves are written anew",
    [Seed, Schema.Literals([4, 16, 64]), Schema.Literals([0, 1, 3, 8]), Schema.Literals([0, 0.02, 0.1, 0.5])],
    ([seed, leafRows, recentChanges, turns]) => life(seed, leafRows, recentChanges, turns),
    { arbitrary: { runs: 60 } }
  )

  it.each([
    [953_332_880, 4, 3, 0.5],
    [1_955_832_436, 4, 1, 0.1]
  ] as const)("what is below all others is written anew too, where the first leaf has gone (%i, %i, %i, %f)", life)

  it.each([
    { order: "ascending", meanwhile: true },
    { order: "ascending", meanwhile: false },
    { order: "descending", meanwhile: true },
    { order: "descending", meanwhile: false }
  ])(
    "when nearly all have gone, so has nearly all that they took up: $order, leaves written anew meanwhile: $meanwhile",
    ({ meanwhile, order }) => {
      const random = seeded(1)
      const { arena, table, turn } = make(32, 2)
      const everybody = Array.from({ length: 500 }, (_, index) => drawn(random, index))
      for (const member of everybody) table.put(member)
      while (turn());
      const leavesNow = () => {
        const { close, leaves } = table.freeze()
        close()
        return leaves.length
      }
      const full = { leaves: leavesNow(), used: arena.used }
      assert.isAtLeast(full.leaves, 10)
      const leaving = everybody.filter((_, index) => index % 50 !== 0)
      for (const { user } of order === "ascending" ? leaving : leaving.toReversed()) {
        table.remove(user.id)
        if (meanwhile) while (turn());
      }
      while (turn());
      assert.strictEqual(table.size, 10)
      assert.isAtMost(leavesNow(), full.leaves / 5)
      assert.isAtMost(arena.used, full.used / 10)
    }
  )

  it("that has ended has nobody, takes nobody, and no memory but for those who still look at it", () => {
    const random = seeded(3)
    const { arena, table, turn } = make(32, 2)
    const everybody = new Map(Array.from({ length: 300 }, (_, index) => [userOf(index), drawn(random, index)]))
    for (const member of everybody.values()) table.put(member)
    const { close, leaves } = table.freeze()
    table.end()
    const nobody = () => {
      while (turn());
      assert.strictEqual(table.size, 0)
      assert.isUndefined(table.get(userOf(1)))
      assert.isFalse(table.remove(userOf(1)))
      const snapshot = table.freeze()
      assert.strictEqual(read(snapshot.leaves).size, 0)
      snapshot.close()
    }
    nobody()
    assert.deepStrictEqual(read(leaves), everybody)
    assert.isAbove(arena.used, 0)
    close()
    assert.strictEqual(arena.used, 0)
    for (const member of everybody.values()) table.put(member)
    nobody()
    assert.strictEqual(arena.used, 0)
  })

  it("who has roles that nobody had before, over and over, takes up no more for it", () => {
    const random = seeded(2)
    const { arena, table, turn } = make(256, 8)
    const round = (nth: number) => {
      for (let index = 0; index < 50; index++) {
        table.put({ ...drawn(random, index), roles: [RoleId.make(String(1_000 * nth + index))] })
        turn()
      }
    }
    round(0)
    const once = arena.used
    for (let nth = 1; nth < 50; nth++) {
      round(nth)
      assert.isAtMost(arena.used, 2 * once)
    }
  })
})
