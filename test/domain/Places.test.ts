import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schema } from "effect"
import { Places } from "../../src/domain/Places.ts"
import { below, seeded } from "../support/random.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))
const Few = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 }))

const settle = Effect.repeat(Effect.yieldNow, { times: 200 })

interface Held {
  readonly client: string | undefined
  readonly fiber: Fiber.Fiber<void>
  readonly done: Deferred.Deferred<void>
}

describe("Places", () => {
  it.effect.prop(
    "whoever comes, finishes and gives up: no more than there are, no client more than its share, and none left empty",
    [Seed, Few, Few],
    ([seed, size, share]) =>
      Effect.gen(function* () {
        const random = seeded(seed)
        const places = new Places({ size, share })
        const present = new Set<Held>()
        const inside = new Set<Held>()
        const enter = Effect.gen(function* () {
          const name = below(random, 4)
          const client = name === 0 ? undefined : `client ${name}`
          const done = yield* Deferred.make<void>()
          const start = yield* Deferred.make<Held>()
          const held = places.hold(
            client,
            Effect.acquireUseRelease(
              Effect.map(Deferred.await(start), (self) => {
                inside.add(self)
                return self
              }),
              () => Deferred.await(done),
              (self) => Effect.sync(() => inside.delete(self))
            )
          )
          const self: Held = { client, done, fiber: yield* Effect.forkChild(held) }
          present.add(self)
          yield* Deferred.succeed(start, self)
        })
        const leave = Effect.gen(function* () {
          const self = Array.from(present)[below(random, present.size)]
          if (self === undefined) return
          present.delete(self)
          yield* below(random, 2) === 0 ? Deferred.succeed(self.done, undefined) : Fiber.interrupt(self.fiber)
        })
        const count = (all: Set<Held>, client: string | undefined) =>
          Array.from(all).filter((one) => one.client === client).length
        for (let step = 0; step < 60; step++) {
          yield* below(random, 5) < 3 ? enter : leave
          yield* settle
          const clients = new Set(Array.from(present, ({ client }) => client))
          let wanted = 0
          for (const client of clients) {
            const own = client === undefined ? Number.POSITIVE_INFINITY : share
            assert.isAtMost(count(inside, client), own)
            wanted += Math.min(own, count(present, client))
          }
          assert.strictEqual(inside.size, Math.min(size, wanted))
        }
        for (const { fiber } of present) yield* Fiber.interrupt(fiber)
        yield* settle
        assert.deepStrictEqual([inside.size, places.clients], [0, 0])
      }),
    { arbitrary: { runs: 30 } }
  )
})
