import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as FanOut from "../../src/domain/FanOut.ts"

/** A small generator with a seed, so that what is drawn is the same in every run. */
const seeded = (seed: number) => {
  let state = seed >>> 0
  let draws = 0
  const next = () => {
    draws++
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, draws: () => draws }
}

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5_000 }))
const Probability = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))

describe("FanOut.keep", () => {
  it.prop("indices of recipients, each once, ascending", [Size, Probability, Seed], ([size, probability, seed]) => {
    const kept = FanOut.keep(size, probability, seeded(seed).next)
    kept.forEach((index, at) => {
      assert.isTrue(Number.isInteger(index) && index >= 0 && index < size)
      assert.isTrue(at === 0 || index > (kept[at - 1] ?? size))
    })
  })

  it("all at certainty, none at impossibility, none of nothing", () => {
    assert.deepStrictEqual(FanOut.keep(3, 1, seeded(1).next), [0, 1, 2])
    assert.deepStrictEqual(FanOut.keep(1000, 0, seeded(1).next), [])
    assert.deepStrictEqual(FanOut.keep(0, 0.5, seeded(1).next), [])
  })

  it("draws in proportion to those kept, not to the fan-out", () => {
    const random = seeded(7)
    const kept = FanOut.keep(1_000_000, 0.001, random.next)
    assert.strictEqual(random.draws(), kept.length + 1)
  })

  it("bad luck is finite: a generator that gives 0 keeps its recipient, one near 1 ends the fan-out", () => {
    assert.deepStrictEqual(
      FanOut.keep(3, 0.5, () => 0),
      [0, 1, 2]
    )
    assert.deepStrictEqual(
      FanOut.keep(3, 0.5, () => 1 - 2 ** -53),
      []
    )
  })

  it("how many, and who: as independent tosses would keep them, within 5 %", () => {
    const size = 100
    const probability = 0.1
    const rounds = 40_000
    const random = seeded(42)
    const perRecipient = new Array<number>(size).fill(0)
    let total = 0
    let squares = 0
    for (let round = 0; round < rounds; round++) {
      const kept = FanOut.keep(size, probability, random.next)
      for (const index of kept) perRecipient[index] = (perRecipient[index] ?? 0) + 1
      total += kept.length
      squares += kept.length ** 2
    }
    const mean = total / rounds
    const variance = squares / rounds - mean ** 2
    // The mean of 40,000 rounds is off by 0.015 at one standard deviation: 5 % of 10 is more than thirty of them.
    assert.approximately(mean, size * probability, 0.05 * size * probability)
    assert.approximately(variance, size * probability * (1 - probability), 0.05 * size * probability)
    for (const count of perRecipient) assert.approximately(count / rounds, probability, 0.1 * probability)
  })
})
