/**
 * What it spares that those who look elsewhere are not sent everything: the same guild with all sessions active, and with
 * nine in ten passive, as the post found them in large guilds.
 */
import { Effect, Layer } from "effect"
import { MemberStore, Offload, Sampler } from "../src/index.ts"
import * as crowd from "./support/crowd.ts"
import { median, permutations, quick, report } from "./support/report.ts"

const SESSIONS = quick ? 1_000 : 100_000
const PASSIVE = 0.9
const ROUNDS = quick ? 4 : 30
const WARM_UP = quick ? 2 : 6
/** Messages one after the other, as they come in a guild that is alive: the first of them finds other guilds' memory in the caches. */
const MESSAGES = 10

const strategies = Layer.mergeAll(Sampler.byFanOutSize(), MemberStore.heap, Offload.inline)

/** Microseconds until everybody who looks has the message. */
const worked = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => (performance.now() - start) * 1000)
  })

const program = Effect.gen(function* () {
  // Evenly among the relays, as they are in life.
  const isPassive = (index: number) => index % 10 < PASSIVE * 10
  const subjects = {
    active: yield* crowd.make(SESSIONS),
    passive: yield* crowd.make(SESSIONS, { isPassive })
  }
  const wall: Record<string, Array<number>> = {}
  const cold: Record<string, Array<number>> = {}
  const orders = permutations(Object.entries(subjects))
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, say] of orders[(round + WARM_UP) % orders.length] ?? []) {
      yield* Effect.sleep("5 millis")
      for (let nth = 0; nth < MESSAGES; nth++) {
        const took = yield* worked(say)
        if (round < 0) continue
        if (nth === 0) (cold[name] ??= []).push(took)
        ;(wall[name] ??= []).push(took)
      }
    }
  }
  const of = (figures: Record<string, Array<number>>, name: keyof typeof subjects) => median(figures[name] ?? [])
  report("passive", {
    sessions: SESSIONS,
    fanout_us_active: of(wall, "active"),
    fanout_us_passive: of(wall, "passive"),
    share: of(wall, "passive") / of(wall, "active"),
    share_first: of(cold, "passive") / of(cold, "active")
  })
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(strategies)))
process.exit()
