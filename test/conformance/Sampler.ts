/** What every sampler promises. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Schema } from "effect"
import { Sampler } from "../../src/domain/Sampler.ts"

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000 }))

export const conforms = (name: string, layer: Layer.Layer<Sampler>) =>
  describe(`Sampler: ${name}`, () => {
    it.effect.prop("a probability, whatever the size", [Size], ([size]) =>
      Effect.gen(function* () {
        const probability = (yield* Sampler).probability(size)
        assert.isTrue(probability >= 0 && probability <= 1)
      }).pipe(Effect.provide(layer))
    )

    it.effect.prop("a larger fan-out never keeps a larger share", [Size, Size], ([a, b]) =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        assert.isAtLeast(sampler.probability(Math.min(a, b)), sampler.probability(Math.max(a, b)))
      }).pipe(Effect.provide(layer))
    )
  })
