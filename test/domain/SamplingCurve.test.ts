import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as SamplingCurve from "../../src/domain/SamplingCurve.ts"

const Size = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 10_000_000 }))

describe("SamplingCurve", () => {
  it("the posts' three points, exactly", () => {
    assert.deepStrictEqual([1, 100, 10_000].map(SamplingCurve.discord), [1, 0.1, 0.001])
  })

  it.prop("it never rises, and stays between its ends", [Size, Size], ([a, b]) => {
    const [small, large] = [Math.min(a, b), Math.max(a, b)].map(SamplingCurve.discord)
    assert.isTrue(small !== undefined && large !== undefined && small >= large && large >= 0.001 && small <= 1)
  })

  it("it is straight on log–log axes between its points, and flat beyond them", () => {
    assert.approximately(SamplingCurve.discord(10), Math.sqrt(0.1), 1e-12)
    assert.approximately(SamplingCurve.discord(1000), 0.01, 1e-12)
    assert.strictEqual(SamplingCurve.discord(0), 1)
    assert.strictEqual(SamplingCurve.discord(2_000_000), 0.001)
  })

  it.each([
    [
      "no size",
      [
        [0, 1],
        [100, 0.1]
      ]
    ],
    [
      "sizes that do not rise",
      [
        [10, 1],
        [10, 0.1]
      ]
    ],
    ["impossibility", [[1, 0]]],
    ["more than certainty", [[1, 1.5]]],
    ["no number", [[1, Number.NaN]]]
  ] as const)("no curve goes through %s", (_, points) => {
    assert.throws(() => SamplingCurve.through(points), RangeError)
  })

  it("a curve of one's own", () => {
    assert.strictEqual(SamplingCurve.through([[5, 0.5]])(1_000), 0.5)
  })
})
