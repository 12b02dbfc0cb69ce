import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as demo from "../../src/programs/demo.ts"
import * as Guilds from "../../src/programs/Guilds.ts"
import * as Simulation from "../../src/programs/Simulation.ts"
import * as Transport from "../../src/programs/Transport.ts"

const SIZE = 500

describe("Simulation", () => {
  it.effect("one in ten looks at the guild, however long it goes on", () => {
    const guilds = Guilds.layer([demo.guild([demo.user(1, "owner")], SIZE)]).pipe(
      Layer.provide([Sampler.never, MemberStore.heap, Offload.inline])
    )
    return Effect.gen(function* () {
      const { all } = yield* Guilds.Guilds
      const [guild] = all
      assert.isDefined(guild)
      const status = Transport.call(guild, "Status", undefined)
      yield* Effect.repeat(Effect.andThen(Effect.yieldNow, status), { until: ({ sessions }) => sessions === SIZE })
      for (let second = 0; second < 10; second++) {
        yield* TestClock.adjust("1 second")
        const { active, sessions } = yield* status
        assert.strictEqual(sessions, SIZE)
        // Of 500, 50 on average: more than twice as many, or less than half, is not by chance.
        assert.isTrue(active > 20 && active < 110, `${active} look at it`)
      }
    }).pipe(Effect.provide(Simulation.layer({ count: SIZE, perSecond: 500 }).pipe(Layer.provideMerge(guilds))))
  })
})
