import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Ranges from "../../../src/domain/memberlist/Ranges.ts"

const Bound = Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: -20, maximum: 500 })),
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })),
  Schema.Literals([0, 99, 100, 199, 1.5, Number.MAX_SAFE_INTEGER]),
  Schema.Number
])
const Asked = Schema.Array(Schema.Tuple([Bound, Bound]))

const covered = (ranges: ReadonlyArray<Ranges.Range>): ReadonlyArray<number> =>
  Array.from(new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index))))

const isRange = ([from, to]: Ranges.Range) =>
  Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to

describe("Ranges", () => {
  it.prop(
    "cover what counts of what was asked for, in order, few and short, each row once",
    [Asked],
    ([asked]) => {
      const made = Ranges.make(asked)
      const all = Ranges.all(made)
      const expected = asked
        .filter(isRange)
        .slice(0, Ranges.MOST)
        .map(([from, to]): Ranges.Range => [from, Math.min(to, from + Ranges.WIDEST - 1)])
      assert.deepStrictEqual(
        covered(all),
        covered(expected).toSorted((one, other) => one - other)
      )
      assert.isAtMost(all.length, Ranges.MOST)
      for (const [from, to] of all) assert.isTrue(from <= to && to - from < Ranges.WIDEST)
      made.runs.forEach(({ from, ranges, to }, index) => {
        assert.deepStrictEqual([ranges[0]?.[0], ranges.at(-1)?.[1]], [from, to])
        assert.isAbove(from, (made.runs[index - 1]?.to ?? -2) + 1)
      })
      assert.deepStrictEqual(Ranges.make(all), made)
    },
    { arbitrary: { runs: 300 } }
  )

  it.prop("have one key if, and only if, they cover the same rows", [Asked, Asked], ([asked, others]) => {
    for (const other of [others, asked.toReversed().slice(-Ranges.MOST), asked]) {
      const [one, another] = [Ranges.make(asked), Ranges.make(other)]
      const isSame = covered(Ranges.all(one)).join() === covered(Ranges.all(another)).join()
      assert.strictEqual(one.key === another.key, isSame)
    }
  })

  it("what clients ask for as they scroll stays as it is", () => {
    const asked: ReadonlyArray<Ranges.Range> = [
      [0, 99],
      [100, 199],
      [300, 399]
    ]
    assert.deepStrictEqual(Ranges.all(Ranges.make(asked)), asked)
    assert.strictEqual(Ranges.make(asked).key, "0-199,300-399")
  })
})
