import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as TraceState from "../../src/domain/TraceState.ts"

const Probability = Schema.Finite.check(Schema.isBetween({ minimum: 1e-9, maximum: 1 }))

describe("TraceState", () => {
  it.prop("a probability survives its threshold", [Probability], ([probability]) => {
    const back = TraceState.probabilityOf(TraceState.thresholdOf(probability))
    assert.approximately(back ?? Number.NaN, probability, 1e-12)
  })

  it("thresholds are as the specification writes them", () => {
    assert.deepStrictEqual([1, 0.5, 0.25, 0.1].map(TraceState.thresholdOf), ["0", "8", "c", "e6666666666666"])
  })

  it.prop("choices multiply, whatever else the list holds", [Probability, Probability], ([first, second]) => {
    const twice = TraceState.keptWith(TraceState.keptWith("vendor=opaque,ot=rv:6e6d1a75832a2f", first), second)
    assert.approximately(TraceState.probability(twice), first * second, 1e-9)
    assert.isTrue(twice.includes("vendor=opaque"))
    assert.isTrue(twice.includes("rv:6e6d1a75832a2f"))
  })

  it("the entry that changed comes first, and a certain choice changes nothing", () => {
    assert.strictEqual(TraceState.keptWith("a=1,ot=th:8", 0.5), "ot=th:c,a=1")
    assert.strictEqual(TraceState.keptWith("a=1", 1), "a=1")
    assert.strictEqual(TraceState.keptWith("", 0.5), "ot=th:8")
  })

  it("a list never grows beyond 32 entries", () => {
    const full = Array.from({ length: 32 }, (_, index) => `v${index}=x`).join(",")
    assert.lengthOf(TraceState.keptWith(full, 0.5).split(","), 32)
  })

  it("what is malformed counts as certain", () => {
    for (const list of ["ot=th:", "ot=th:xyz", "ot=th:123456789abcdef0", "ot", ",,,"]) {
      assert.strictEqual(TraceState.probability(list), 1, list)
    }
  })
})
