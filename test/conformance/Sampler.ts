/** What every sampler promises. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Schema } from "effect"
import { Sampler } from "../../src/domain/Sampler.ts"

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000 }))

export const conforms = (name: string, layer: Layer.Layer<Sampler>) =>
  describe(`Sampler: ${name}`, () => {
    it.effect.prop("a probability, whatever the size, and no more kept than there are", [Size, Size], ([size, part]) =>
      Effect.gen(function* () {
        const recipients = Math.min(size, part)
        const { count = 0, probability } = (yield* Sampler).decide({ size, recipients, source: "guild" })
        assert.isTrue(probability >= 0 && probability <= 1)
        assert.isTrue(Number.isInteger(count) && count >= 0 && count <= recipients)
      }).pipe(Effect.provide(layer))
    )

    it.effect.prop("a larger fan-out never keeps a larger share", [Size, Size], ([a, b]) => {
      const probability = (size: number) =>
        Effect.map(Sampler, (sampler) => sampler.decide({ size, recipients: size, source: "guild" }).probability).pipe(
          Effect.provide(layer)
        )
      return Effect.gen(function* () {
        assert.isAtLeast(yield* probability(Math.max(1, Math.min(a, b))), yield* probability(Math.max(a, b)))
      })
    })
  })
