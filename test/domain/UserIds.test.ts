import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { UserId } from "../../src/domain/Ids.ts"
import { UserIds } from "../../src/domain/UserIds.ts"

const Id = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: (1n << 64n) - 1n }))
const Cuts = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })))

describe("UserIds", () => {
  it.prop(
    "are a set, ascending, in however many parts they come",
    [Schema.Array(Id), Schema.Array(Id), Cuts],
    ([some, others, cuts]) => {
      const wanted = new Set(some)
      const sorted = Array.from(wanted).sort((one, other) => (one < other ? -1 : 1))
      const ends = [...cuts.map((cut) => Math.min(cut, sorted.length)).sort((one, other) => one - other), sorted.length]
      const parts = ends.map((end, index) => BigUint64Array.from(sorted.slice(ends[index - 1] ?? 0, end)))
      const texts = sorted.map((id) => UserId.make(String(id)))
      for (const ids of [
        new UserIds(BigUint64Array.from(wanted)),
        new UserIds(parts),
        UserIds.from(texts.toReversed())
      ]) {
        assert.strictEqual(ids.size, wanted.size)
        assert.deepStrictEqual(Array.from(ids), texts)
        const chunks = Array.from(ids.chunks(3))
        assert.deepStrictEqual(chunks.flat(), texts)
        assert.isTrue(chunks.slice(0, -1).every(({ length }) => length === 3) && chunks.at(-1)?.length !== 0)
        const pieces = Array.from(ids.pieces(3))
        assert.isTrue(pieces.every(({ size }) => size > 0 && size <= 3))
        assert.deepStrictEqual(Array.from(UserIds.joined(pieces)), texts)
        for (const id of [...some, ...others]) assert.strictEqual(ids.has(UserId.make(String(id))), wanted.has(id))
      }
    }
  )
})
