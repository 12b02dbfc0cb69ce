import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Line } from "../../../src/domain/mailbox/Line.ts"

const Burst = Schema.Struct({
  come: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5_000 })),
  go: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5_000 }))
})

describe("Line", () => {
  it.effect.prop(
    "serves in the order of coming, and numbers its places in that order",
    [Schema.Array(Burst).check(Schema.isMaxLength(12))],
    ([bursts]) =>
      Effect.sync(() => {
        const line = new Line<number>()
        let came = 0
        let went = 0
        let numbered = true
        let inOrder = true
        for (const { come, go } of bursts) {
          for (let nth = 0; nth < come; nth++) {
            numbered &&= line.next === came
            line.push(came++)
          }
          for (let nth = 0; nth < go; nth++) {
            inOrder &&= line.shift() === (went < came ? went : undefined)
            if (went < came) went++
          }
          assert.isTrue(numbered && inOrder)
          assert.strictEqual(line.length, came - went)
          assert.strictEqual(line.served, went)
        }
      }),
    { arbitrary: { runs: 100 } }
  )
})
