import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Threshold from "../../src/domain/Threshold.ts"
import { TRACE_ID, PARENT_ID } from "../support/tracing.ts"

const Probability = Schema.Finite.check(Schema.isBetween({ minimum: 1e-9, maximum: 1 }))

describe("Threshold", () => {
  it.prop("a probability survives its threshold", [Probability], ([probability]) => {
    const back = Threshold.toProbability(Threshold.fromProbability(probability))
    assert.approximately(back ?? Number.NaN, probability, 1e-12)
  })

  it("thresholds are as the specification writes them", () => {
    assert.deepStrictEqual([1, 0.5, 0.25, 0.1].map(Threshold.fromProbability), ["0", "8", "c", "e6666666666666"])
  })

  it.prop("choices multiply, whatever else the list holds", [Probability, Probability], ([first, second]) => {
    const twice = Threshold.keptWith(Threshold.keptWith("vendor=opaque,ot=rv:6e6d1a75832a2f;k:1", first), second)
    assert.approximately(Threshold.probability(twice), first * second, 1e-9)
    assert.isTrue(twice.endsWith("vendor=opaque") || first * second === 1)
    assert.isTrue(twice.includes("rv:6e6d1a75832a2f"))
    assert.isTrue(twice.includes("k:1"))
  })

  it("the entry that changed comes first, and a certain choice changes nothing", () => {
    assert.strictEqual(Threshold.keptWith("a=1,ot=th:8", 0.5), "ot=th:c,a=1")
    assert.strictEqual(Threshold.keptWith("a=1,ot=th:8", 1), "a=1,ot=th:8")
    assert.strictEqual(Threshold.keptWith("a=1", 1), "ot=th:0,a=1")
    assert.strictEqual(Threshold.keptWith("", 0.5), "ot=th:8")
  })

  it("when the entry grows too long, others' subkeys go and the randomness stays", () => {
    const list = `ot=${"k:1234567890;".repeat(18)}rv:6e6d1a75832a2f`
    const kept = Threshold.keptWith(list, 0.1)
    assert.isAtMost(kept.length, "ot=".length + 256)
    assert.match(kept, /^ot=th:e6666666666666;rv:6e6d1a75832a2f;k:1234567890;/)
  })

  it("what is malformed counts as certain, and as absent", () => {
    for (const list of ["ot=th:", "ot=th:xyz", "ot=th:123456789abcdef0", "ot=th", "ot=", ""]) {
      assert.strictEqual(Threshold.probability(list), 1, list)
      assert.isUndefined(Threshold.get(list), list)
    }
    assert.strictEqual(Threshold.get("a=1,ot=rv:6e6d1a75832a2f;th:c"), "c")
  })

  const Randomness = Schema.String.check(Schema.isPattern(/^[0-9a-f]{14}$/))
  it.prop(
    "a trace that begins here says how it was kept, by randomness that agrees",
    [Probability, Randomness],
    ([p, rv]) => {
      const list = Threshold.begin(p, rv)
      assert.approximately(Threshold.probability(list), p, 1e-9)
      assert.strictEqual(Threshold.randomness({ traceId: TRACE_ID, spanId: PARENT_ID, flags: 1, traceState: list }), rv)
      const threshold = (Threshold.get(list) ?? "").padEnd(14, "0")
      assert.strictEqual(Threshold.keeps(p, rv), BigInt(`0x${rv}`) >= BigInt(`0x${threshold}`))
      assert.isTrue(Threshold.keeps(1, rv))
      assert.isFalse(Threshold.keeps(0, rv))
    }
  )

  it("the randomness of a trace: rv before the trace id, which has some only if it is flagged", () => {
    const context = { traceId: TRACE_ID, spanId: PARENT_ID, flags: 0x01, traceState: "" }
    assert.isUndefined(Threshold.randomness(context))
    assert.strictEqual(Threshold.randomness({ ...context, flags: 0x03 }), TRACE_ID.slice(-14))
    assert.strictEqual(
      Threshold.randomness({ ...context, flags: 0x03, traceState: "ot=rv:6e6d1a75832a2f" }),
      "6e6d1a75832a2f"
    )
    assert.isUndefined(Threshold.randomness({ ...context, traceState: "ot=rv:6E6D1A75832A2F" }))
  })
})
