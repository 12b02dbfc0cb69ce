import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Arena, type Piece } from "../../../../src/layers/MemberStore/hybrid/Arena.ts"

/** From bytes to more than a segment has. */
const Size = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 }))
const Steps = Schema.Array(
  Schema.Union([
    Schema.TaggedStruct("Take", { size: Size, unit: Schema.Literals([1, 1_000, 150_000]) }),
    Schema.TaggedStruct("Give", { which: Schema.Natural })
  ])
)

const bytesOf = ({ buffer, bytes, start }: Piece) => Buffer.from(buffer, start, bytes)

describe("Arena", () => {
  it.prop(
    "no two pieces touch each other's bytes, and what is given back is not lost",
    [Steps],
    ([steps]) => {
      const arena = new Arena()
      const pieces = new Array<readonly [piece: Piece, mark: number]>()
      let mark = 0
      for (const step of steps) {
        if (step._tag === "Take") {
          const bytes = step.size * step.unit
          const piece = arena.take(bytes)
          assert.isAtLeast(piece.bytes, bytes)
          assert.strictEqual(piece.start % 8, 0)
          mark = (mark + 1) % 256
          bytesOf(piece).fill(mark)
          pieces.push([piece, mark])
        } else {
          const [taken] = pieces.splice(step.which % Math.max(1, pieces.length), 1)
          if (taken !== undefined) arena.give(taken[0])
        }
        assert.strictEqual(
          arena.used,
          pieces.reduce((sum, [{ bytes }]) => sum + bytes, 0)
        )
        assert.isAtLeast(arena.bytes, arena.used)
      }
      for (const [piece, mark] of pieces) {
        assert.isTrue(bytesOf(piece).equals(Buffer.alloc(piece.bytes, mark)))
      }
      const most = arena.bytes
      for (const [piece] of pieces) arena.give(piece)
      assert.strictEqual(arena.used, 0)
      const before = arena.bytes
      assert.isAtMost(before, most)
      // It is whole again: all of what is left can be had at once.
      if (before > 0) arena.take(before)
      assert.strictEqual(arena.bytes, before)
    },
    { arbitrary: { size: 60, runs: 100 } }
  )

  it("memory that nobody needs any more is let go, but for one segment", () => {
    const arena = new Arena()
    const pieces = Array.from({ length: 100 }, () => arena.take(1_000_000))
    assert.isAtLeast(arena.bytes, 100_000_000)
    for (const piece of pieces) arena.give(piece)
    assert.isAtMost(arena.bytes, 8_000_000)
  })
})
