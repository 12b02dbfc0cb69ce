import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as SamplingCurve from "../../src/domain/SamplingCurve.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import { conforms } from "../conformance/Sampler.ts"

conforms("always", Sampler.always)
conforms("never", Sampler.never)
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

const probabilities = Effect.map(Sampler.Sampler, ({ probability }) => [1, 100, 10_000, 1_000_000].map(probability))

it.effect("each as its name says", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* Effect.provide(probabilities, Sampler.always), [1, 1, 1, 1])
    assert.deepStrictEqual(yield* Effect.provide(probabilities, Sampler.never), [0, 0, 0, 0])
    assert.deepStrictEqual(yield* Effect.provide(probabilities, Sampler.byFanOutSize()), [1, 0.1, 0.001, 0.001])
  })
)
