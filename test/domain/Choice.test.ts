import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { vi } from "vitest"
import * as Choice from "../../src/domain/Choice.ts"
import * as SamplingCurve from "../../src/domain/SamplingCurve.ts"
import { seeded } from "../support/random.ts"

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5_000 }))
const Probability = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const Randomness = Schema.String.check(Schema.isPattern(/^[0-9a-f]{14}$/))

/** The randomness of a new trace each time, the same in every run. */
const traces = (start: number) => {
  const random = seeded(start)
  const half = () =>
    Math.floor(random() * 2 ** 28)
      .toString(16)
      .padStart(7, "0")
  return () => Choice.seed(half() + half())
}

const wellFormed = (chosen: ReadonlyArray<number>, size: number) =>
  chosen.forEach((index, at) => {
    assert.isTrue(Number.isInteger(index) && index >= 0 && index < size)
    assert.isTrue(at === 0 || index > (chosen[at - 1] ?? size))
  })

/** Pearson's measure of how far counts are from what is expected of them. */
const chiSquare = (counts: ReadonlyArray<readonly [observed: number, expected: number]>) =>
  counts.reduce((sum, [observed, expected]) => sum + (observed - expected) ** 2 / expected, 0)

describe("Choice.each", () => {
  it.prop("indices, each once, ascending", [Size, Probability, Randomness], ([size, probability, randomness]) => {
    wellFormed(Choice.each(size, probability, Choice.seed(randomness)), size)
  })

  it.prop(
    "whoever draws for the same trace chooses alike",
    [Size, Probability, Randomness],
    ([size, p, randomness]) => {
      assert.deepStrictEqual(
        Choice.each(size, p, Choice.seed(randomness)),
        Choice.each(size, p, Choice.seed(randomness, 0))
      )
    }
  )

  it.prop(
    "who is chosen at one rate is chosen at every higher one",
    [Size, Probability, Probability, Randomness],
    ([size, a, b, randomness]) => {
      const seed = Choice.seed(randomness)
      const more = new Set(Choice.each(size, Math.max(a, b), seed))
      for (const index of Choice.each(size, Math.min(a, b), seed)) assert.isTrue(more.has(index))
    }
  )

  it("nested all the way down, far below the last halving", () => {
    const seed = Choice.seed("6e6d1a75832a2f")
    let more = new Set(Choice.each(100_000, 1, seed))
    for (let rate = 0.93; rate > 1e-14; rate *= 0.7) {
      const chosen = Choice.each(100_000, rate, seed)
      for (const index of chosen) assert.isTrue(more.has(index))
      more = new Set(chosen)
    }
    assert.strictEqual(more.size, 0)
  })

  it("all at certainty, none at impossibility, none of nothing", () => {
    const seed = Choice.seed("00000000000000")
    assert.deepStrictEqual(Choice.each(3, 1, seed), [0, 1, 2])
    assert.deepStrictEqual(Choice.each(1000, 0, seed), [])
    assert.deepStrictEqual(Choice.each(0, 0.5, seed), [])
  })

  it("draws in proportion to those chosen, not to those chosen from", () => {
    const drawn = vi.spyOn(Math, "log")
    const chosen = Choice.each(1_000_000, 0.001, Choice.seed("6e6d1a75832a2f"))
    assert.isBelow(drawn.mock.calls.length, 2 * chosen.length + 64)
    drawn.mockRestore()
  })

  it.each([
    [1, 1],
    [0.6, 2],
    [0.1, 3],
    [0.03, 4]
  ])("how many, and who: as independent tosses at %s would choose, within far less than 5 %%", (probability, start) => {
    const size = 100
    const rounds = 40_000
    const trace = traces(start)
    const perRecipient = new Array<number>(size).fill(0)
    let total = 0
    let squares = 0
    for (let round = 0; round < rounds; round++) {
      const chosen = Choice.each(size, probability, trace())
      for (const index of chosen) perRecipient[index] = (perRecipient[index] ?? 0) + 1
      total += chosen.length
      squares += chosen.length ** 2
    }
    const mean = total / rounds
    const variance = size * probability * (1 - probability)
    // Five standard deviations of the mean of so many rounds: 1.5 % of it at a rate of 0.03, the worst case here.
    assert.approximately(mean, size * probability, 5 * Math.sqrt(variance / rounds))
    assert.approximately(squares / rounds - mean ** 2, variance, 0.05 * variance + 1e-9)
    for (const count of perRecipient) assert.approximately(count / rounds, probability, 0.1 * probability)
  })

  it("every subset is as likely as independent tosses make it", () => {
    const size = 5
    const probability = 0.3
    const rounds = 60_000
    const trace = traces(5)
    const counts = new Array<number>(2 ** size).fill(0)
    for (let round = 0; round < rounds; round++) {
      const subset = Choice.each(size, probability, trace()).reduce((bits, index) => bits | (1 << index), 0)
      counts[subset] = (counts[subset] ?? 0) + 1
    }
    const measured = counts.map((count, bits) => {
      const chosen = bits.toString(2).replaceAll("0", "").length
      return [count, rounds * probability ** chosen * (1 - probability) ** (size - chosen)] as const
    })
    // 99.9 % of honest draws stay below 61.1 with 31 degrees of freedom.
    assert.isBelow(chiSquare(measured), 61.1)
  })

  it("the number chosen follows the posts' curve, and multiplied back it is the true one", () => {
    for (const [size, rounds] of [
      [7, 20_000],
      [100, 10_000],
      [1_000, 10_000],
      [20_000, 2_000]
    ] as const) {
      const probability = SamplingCurve.discord(size)
      const trace = traces(size)
      let estimated = 0
      for (let round = 0; round < rounds; round++) {
        estimated += Choice.each(size, probability, trace()).length / probability
      }
      const deviation = Math.sqrt((size * (1 - probability)) / probability / rounds)
      assert.approximately(estimated / rounds, size, 4 * deviation)
      // The bound is narrow enough to find a bias of 5 %.
      assert.isBelow(4 * deviation, 0.05 * size)
    }
  })

  it("salts keep choosers apart", () => {
    const together = Array.from({ length: 200 }, (_, salt) =>
      Choice.each(1_000, 0.1, Choice.seed("6e6d1a75832a2f", salt))
    )
    const counts = new Array<number>(1_000).fill(0)
    for (const chosen of together) for (const index of chosen) counts[index] = (counts[index] ?? 0) + 1
    // Were they correlated, some would be chosen by all and others by none.
    assert.isBelow(Math.max(...counts), 50)
    assert.isAbove(Math.min(...counts), 2)
  })
})

describe("Choice.exactly", () => {
  it.prop("so many indices, each once, ascending", [Size, Size, Randomness], ([size, count, randomness]) => {
    const chosen = Choice.exactly(size, count, Choice.seed(randomness))
    wellFormed(chosen, size)
    assert.lengthOf(chosen, Math.min(size, count))
  })

  it.prop("who is among fewer is among more", [Size, Size, Size, Randomness], ([size, a, b, randomness]) => {
    const seed = Choice.seed(randomness)
    const more = new Set(Choice.exactly(size, Math.max(a, b), seed))
    for (const index of Choice.exactly(size, Math.min(a, b), seed)) assert.isTrue(more.has(index))
  })

  it("every choice of so many is as likely", () => {
    const rounds = 30_000
    const trace = traces(9)
    const counts = new Map<string, number>()
    for (let round = 0; round < rounds; round++) {
      const chosen = Choice.exactly(6, 3, trace()).join()
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
    }
    assert.strictEqual(counts.size, 20)
    // 99.9 % of honest draws stay below 43.8 with 19 degrees of freedom.
    assert.isBelow(chiSquare(Array.from(counts.values(), (count) => [count, rounds / 20] as const)), 43.8)
  })
})
