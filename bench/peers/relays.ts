/**
 * Two guilds, one with very many members and one with few, in a process of its own: how long it takes until so many sessions
 * are connected, all of them served by a relay that starts with the first.
 */
import { Effect, Layer } from "effect"
import { Guild, Offload, Sampler, Transport } from "../../src/index.ts"
import { hybrid } from "../../src/layers/MemberStore/hybrid.ts"
import { community } from "../../examples/support/salon.ts"
import * as crowd from "../support/crowd.ts"
import { median } from "../support/report.ts"

/** Milliseconds, at the median. */
export interface Figures {
  readonly many: number
  readonly few: number
}

const [, , many = "", few = "", sessions = "", rounds = ""] = process.argv
const count = Number(sessions)

const make = Effect.fnUntraced(function* (size: number) {
  const { arrive, expect } = crowd.counter()
  const guild = yield* Guild.make({ community, members: crowd.members(size), relayCapacity: count })
  const left = Effect.forEach(
    Array.from({ length: count }, (_, index) => crowd.visitor(index)),
    (visitor) => Transport.call(guild, "Disconnect", visitor),
    { discard: true }
  )
  return Effect.gen(function* () {
    const welcomed = expect(count)
    const start = performance.now()
    yield* crowd.connect(guild, count, arrive)
    yield* welcomed
    const took = performance.now() - start
    yield* left
    return took
  })
})

const program = Effect.gen(function* () {
  // Each has a store of its own.
  const inMany = yield* Effect.provide(make(Number(many)), strategies())
  const inFew = yield* Effect.provide(make(Number(few)), strategies())
  const took = { many: new Array<number>(), few: new Array<number>() }
  for (let round = -2; round < Number(rounds); round++) {
    const subjects = [["many", inMany] as const, ["few", inFew] as const]
    for (const [name, millis] of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const figure = yield* millis
      if (round >= 0) took[name].push(figure)
    }
  }
  const figures: Figures = { many: median(took.many), few: median(took.few) }
  process.send?.(figures)
})

const strategies = () => Layer.mergeAll(Sampler.byFanOutSize(), Layer.fresh(hybrid()), Offload.inline)

await Effect.runPromise(Effect.scoped(program))
process.exit()
