/** Guilds beside each other: nobody is starved, and nobody who reads is sent away. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as crowd from "../../bench/support/crowd.ts"
import { community } from "../../examples/support/salon.ts"
import * as Guild from "../../src/programs/Guild.ts"

const offloads = [
  ["inline", Offload.inline],
  ["senders", Offload.senders()]
] as const

const strategies = (offload: Layer.Layer<Offload.Offload>) => Layer.mergeAll(Sampler.never, MemberStore.heap, offload)

/** A guild of so many sessions, and how often one of them has been told of a message. */
const guildOf = Effect.fnUntraced(function* (size: number) {
  let arrived = 0
  const guild = yield* Guild.make({ community, members: crowd.members(size) })
  yield* crowd.connect(guild, size, () => void arrived++)
  yield* Effect.repeat(Effect.yieldNow, { until: () => arrived === size })
  arrived = 0
  return { say: crowd.say(guild), arrived: () => arrived }
})

describe.each(offloads)("offload: %s", (_, offload) => {
  it.effect.each([10, 50, 200])("%d sessions get every message of one who waits for nobody", (size) =>
    Effect.gen(function* () {
      const { arrived, say } = yield* guildOf(size)
      const messages = 3_000
      yield* Effect.repeat(say, { times: messages - 1 })
      for (let turn = 0; turn < 1_000 && arrived() < messages * size; turn++) yield* Effect.yieldNow
      assert.strictEqual(arrived(), messages * size)
    }).pipe(Effect.provide(strategies(offload)))
  )

  it.effect("a message to a large guild goes out beside eight small ones that are always busy", () =>
    Effect.gen(function* () {
      const large = yield* guildOf(5_000)
      const small = yield* Effect.forEach(Array.from({ length: 8 }), () => guildOf(10))
      for (const { say } of small) yield* Effect.forkScoped(Effect.forever(say, { disableYield: true }))
      yield* Effect.repeat(Effect.yieldNow, { until: () => small.every(({ arrived }) => arrived() > 100) })
      const before = small.map(({ arrived }) => arrived())
      yield* large.say
      yield* Effect.repeat(Effect.yieldNow, { until: () => large.arrived() === 5_000 })
      // Twenty slices: each small guild has a turn or two beside each.
      small.forEach(({ arrived }, index) => assert.isBelow((arrived() - (before[index] ?? 0)) / 10, 200))
    }).pipe(Effect.provide(strategies(offload)))
  )
})
