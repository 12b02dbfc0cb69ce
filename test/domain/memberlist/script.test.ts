import { assert, describe, it } from "@effect/vitest"
import { Equivalence, Schema } from "effect"
import { RoleId } from "../../../src/domain/Ids.ts"
import { longestRise } from "../../../src/domain/memberlist/longestRise.ts"
import { Entry } from "../../../src/domain/memberlist/Entry.ts"
import { header, type Row } from "../../../src/domain/memberlist/Row.ts"
import { isAlike, script } from "../../../src/domain/memberlist/script.ts"
import { userId } from "../../support/community.ts"
import { Client } from "../../support/memberlist.ts"

const isSame = Equivalence.strictEqual<boolean>()

const Small = Schema.Int.check(Schema.isBetween({ minimum: -1, maximum: 12 }))

/** How long the longest common subsequence is, by the book. */
const common = <A>(one: ReadonlyArray<A>, other: ReadonlyArray<A>): number => {
  let row = other.map(() => 0)
  for (const a of one) {
    const next: Array<number> = []
    other.forEach((b, index) => {
      const diagonal = index === 0 ? 0 : (row[index - 1] ?? 0)
      next.push(a === b ? diagonal + 1 : Math.max(row[index] ?? 0, next[index - 1] ?? 0))
    })
    row = next
  }
  return row.at(-1) ?? 0
}

const Drawn = Schema.Struct({
  who: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 25 })),
  value: Schema.Boolean,
  isGroup: Schema.Boolean
})
const rowsOf = (drawn: ReadonlyArray<typeof Drawn.Type>): ReadonlyArray<Row<boolean>> =>
  Array.from(new Map(drawn.map((one) => [`${one.who}${one.isGroup}`, one])).values(), ({ isGroup, value, who }) =>
    isGroup ? header(RoleId.make(userId(who)), value ? 1 : 2) : new Entry(userId(who), "", "online", value)
  )
/** What rows are about. A role may have the id of a user. */
const subjects = (rows: ReadonlyArray<Row<boolean>>) =>
  rows.map((row) => (row._tag === "Member" ? `member ${row.user}` : `group ${row.id}`))

describe("longestRise", () => {
  it.prop("rises, leaves out what is negative, and nothing longer does", [Schema.Array(Small)], ([numbers]) => {
    const kept = longestRise(numbers)
    const sequence = kept.map((index) => numbers[index] ?? -1)
    assert.isTrue(sequence.every((number, index) => number >= 0 && number > (sequence[index - 1] ?? -1)))
    assert.isTrue(kept.every((place, index) => place > (kept[index - 1] ?? -1)))
    const rising = Array.from(new Set(numbers.filter((number) => number >= 0))).toSorted((one, other) => one - other)
    assert.strictEqual(kept.length, common(numbers, rising))
  })
})

describe("script", () => {
  it.prop(
    "makes one of the other, with as few ops as there can be, and touches nothing else",
    [Schema.Array(Drawn), Schema.Array(Drawn)],
    ([one, other]) => {
      const [before, after] = [rowsOf(one), rowsOf(other)]
      const [above, below] = [new Entry(userId(100), "", "online", true), new Entry(userId(101), "", "online", true)]
      const ops = script(1, before, after, isSame)
      const client = new Client<boolean>([above, ...before, below])
      client.apply(ops)
      assert.deepStrictEqual(client.rows, [above, ...after, below])

      const updates = ops.filter(({ _tag }) => _tag === "Update").length
      const moves = before.length + after.length - 2 * common(subjects(before), subjects(after))
      assert.strictEqual(ops.length - updates, moves)
      const isChanged = (row: Row<boolean>) =>
        before.some((was) => subjects([was])[0] === subjects([row])[0] && !isAlike(was, row, isSame))
      assert.isAtMost(updates, after.filter(isChanged).length)
    },
    { arbitrary: { size: 40, runs: 300 } }
  )
})
