import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Random } from "effect"
import { TestClock } from "effect/testing"
import * as SamplingCurve from "../../src/domain/SamplingCurve.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import { conforms } from "../conformance/Sampler.ts"
import { machine, onMachine } from "../support/machine.ts"
import { below, seeded } from "../support/random.ts"

conforms("always", Sampler.always)
conforms("never", Sampler.never)
conforms("ratio", Sampler.ratio(0.25))
conforms("by fan-out size", Sampler.byFanOutSize())
conforms(
  "by a curve of one's own",
  Sampler.byFanOutSize(
    SamplingCurve.through([
      [10, 0.5],
      [1000, 0.01]
    ])
  )
)
conforms("budget", Sampler.budget({ spansPerSecond: 100 }))

const probabilities = Effect.map(Sampler.Sampler, ({ decide }) =>
  [1, 100, 10_000, 1_000_000].map((size) => decide({ size, recipients: size, source: "guild" }).probability)
)

it.effect("each as its name says", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* Effect.provide(probabilities, Sampler.always), [1, 1, 1, 1])
    assert.deepStrictEqual(yield* Effect.provide(probabilities, Sampler.never), [0, 0, 0, 0])
    assert.deepStrictEqual(yield* Effect.provide(probabilities, Sampler.ratio(0.2)), [0.2, 0.2, 0.2, 0.2])
    assert.deepStrictEqual(yield* Effect.provide(probabilities, Sampler.byFanOutSize()), [1, 0.1, 0.001, 0.001])
  })
)

it("what cannot be is refused at once", () => {
  for (const ratio of [-0.1, 1.1, Number.NaN]) assert.throws(() => Sampler.ratio(ratio), RangeError, /from 0 to 1/)
  for (const spansPerSecond of [0, 0.5, -1, Number.NaN, Infinity]) {
    assert.throws(() => Sampler.budget({ spansPerSecond }), RangeError, /1 or more/)
  }
})

describe("Sampler.budget", () => {
  /** What each source keeps in each of some seconds, when it fans out so often to so many. */
  const kept = (
    spansPerSecond: number,
    seconds: number,
    sources: Readonly<Record<string, { readonly fanOuts: number; readonly recipients: number }>>
  ) =>
    Effect.gen(function* () {
      const { decide } = yield* Sampler.Sampler
      const random = yield* Random.Random
      const perSecond: Array<Record<string, number>> = []
      const estimated: Record<string, number> = {}
      for (let second = 0; second < seconds; second++) {
        const kept: Record<string, number> = {}
        // In turn, but each second in another order.
        const turns = Object.entries(sources)
          .flatMap(([source, { fanOuts, recipients }]) =>
            Array.from({ length: fanOuts }, () => ({ source, recipients, at: random.nextDoubleUnsafe() }))
          )
          .toSorted((a, b) => a.at - b.at)
        for (const { recipients, source } of turns) {
          const { count = 0, probability } = decide({ size: recipients, recipients, source })
          kept[source] = (kept[source] ?? 0) + count
          if (count > 0) estimated[source] = (estimated[source] ?? 0) + count / probability
        }
        perSecond.push(kept)
        yield* TestClock.adjust("1 second")
      }
      return { perSecond, estimated }
    }).pipe(Effect.provide(Sampler.budget({ spansPerSecond, curve: () => 0.5 })), Random.withSeed("budget"))

  const total = (kept: Readonly<Record<string, number>>) => Object.values(kept).reduce((sum, count) => sum + count, 0)

  it.effect("never more than the budget in any second, however much is asked for", () =>
    Effect.gen(function* () {
      for (const spansPerSecond of [1, 7, 100, 1000.5]) {
        const { perSecond } = yield* kept(spansPerSecond, 20, {
          a: { fanOuts: 50, recipients: 100 },
          b: { fanOuts: 3, recipients: 10_000 },
          c: { fanOuts: 200, recipients: 1 }
        })
        for (const second of perSecond) assert.isAtMost(total(second), spansPerSecond)
      }
    })
  )

  it.effect("also when the clock is set, many times a second", () =>
    Effect.gen(function* () {
      const { step } = yield* machine
      const { decide } = yield* Sampler.Sampler
      let kept = 0
      for (let times = 0; times < 50; times++) {
        kept += decide({ size: 100, recipients: 100, source: "guild" }).count ?? 0
        yield* step(times % 2 === 0 ? -3_600_000 : 3_601_000)
      }
      assert.isAtMost(kept, 100)
    }).pipe(Effect.provide(Sampler.budget({ spansPerSecond: 100, curve: () => 1 })), onMachine)
  )

  it.effect("and no less than nine tenths of it, once it is known what is asked for", () =>
    Effect.gen(function* () {
      const { perSecond } = yield* kept(1000, 20, {
        a: { fanOuts: 50, recipients: 100 },
        b: { fanOuts: 3, recipients: 10_000 }
      })
      for (const second of perSecond.slice(1)) assert.isAtLeast(total(second), 900)
    })
  )

  it.effect("the modest get all they ask for, the others equal parts of the rest", () =>
    Effect.gen(function* () {
      const { perSecond } = yield* kept(1000, 30, {
        modest: { fanOuts: 10, recipients: 10 },
        large: { fanOuts: 30, recipients: 200 },
        huge: { fanOuts: 5, recipients: 100_000 }
      })
      const mean = (source: string) =>
        perSecond.slice(1).reduce((sum, second) => sum + (second[source] ?? 0), 0) / (perSecond.length - 1)
      assert.approximately(mean("modest"), 50, 1)
      assert.approximately(mean("large"), (950 - 50) / 2, 25)
      assert.approximately(mean("huge"), (950 - 50) / 2, 25)
    })
  )

  it.effect("a thousand sources with less than one span each: every one has its turn", () =>
    Effect.gen(function* () {
      const sources = Object.fromEntries(
        Array.from({ length: 1000 }, (_, index) => [`guild ${index}`, { fanOuts: 1, recipients: 100 }])
      )
      const { perSecond } = yield* kept(100, 200, sources)
      const counts = Object.keys(sources).map((source) =>
        // In the first second the first to come takes more.
        perSecond.slice(1).reduce((sum, second) => sum + (second[source] ?? 0), 0)
      )
      // 18 are to be expected; chance alone makes it 4 more or less.
      assert.isAtLeast(Math.min(...counts), 3)
      assert.isAtMost(Math.max(...counts), 45)
    })
  )

  it.effect("who comes late finds something left, and a fair share a second later", () =>
    Effect.gen(function* () {
      const { decide } = yield* Sampler.Sampler
      const ask = (source: string) => decide({ size: 1_000_000, recipients: 1_000_000, source }).count ?? 0
      assert.isAtMost(ask("first"), 500)
      assert.isAtLeast(ask("second"), 100)
      assert.isAtLeast(ask("third"), 50)
      yield* TestClock.adjust("1 second")
      for (const source of ["first", "second", "third"]) assert.isAtLeast(ask(source), 299)
    }).pipe(Effect.provide(Sampler.budget({ spansPerSecond: 1000 })))
  )

  it.effect("multiplied back, what was kept is what there was", () =>
    Effect.gen(function* () {
      const seconds = 60
      const { estimated } = yield* kept(1000, seconds, {
        a: { fanOuts: 20, recipients: 50 },
        b: { fanOuts: 40, recipients: 400 }
      })
      assert.approximately((estimated.a ?? 0) / (seconds * 20 * 50), 1, 0.03)
      assert.approximately((estimated.b ?? 0) / (seconds * 40 * 400), 1, 0.03)
    })
  )

  it.effect("and so it is when fan-outs come unevenly, far beyond the budget, and mostly late in a second", () =>
    Effect.gen(function* () {
      for (const [spansPerSecond, sources] of [
        [10, 1],
        [10, 5],
        [100, 5]
      ] as const) {
        const random = seeded(spansPerSecond * 100 + sources)
        const { decide } = yield* Sampler.Sampler.pipe(Effect.provide(Layer.fresh(Sampler.budget({ spansPerSecond }))))
        const SECONDS = 4000
        let recipients = 0
        let estimated = 0
        for (let second = 0; second < SECONDS; second++) {
          let kept = 0
          for (let fanOut = below(random, 30 * sources); fanOut > 0; fanOut--) {
            const size = 1 + below(random, 40)
            const { count = 0, probability } = decide({ size, recipients: size, source: `${below(random, sources)}` })
            assert.isAbove(probability, 0)
            kept += count
            recipients += size
            estimated += count / probability
          }
          assert.isAtMost(kept, spansPerSecond)
          yield* TestClock.adjust("1 second")
        }
        assert.approximately(estimated / recipients, 1, 0.05, `${spansPerSecond} for ${sources}`)
      }
    }).pipe(Random.withSeed("uneven"))
  )

  it.effect("a clock that is set back does not stop it", () =>
    Effect.gen(function* () {
      const { decide } = yield* Sampler.Sampler
      const ask = () => decide({ size: 100, recipients: 100, source: "a" }).count ?? 0
      yield* TestClock.setTime(10_000)
      for (let times = 0; times < 100; times++) ask()
      assert.isAtMost(ask(), 1)
      yield* TestClock.setTime(5_000)
      // The second is not over yet.
      assert.isAtMost(ask(), 1)
      yield* TestClock.adjust("2 seconds")
      assert.isAbove(ask(), 5)
    }).pipe(Effect.provide(Sampler.budget({ spansPerSecond: 100 })))
  )
})
