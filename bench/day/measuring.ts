/** Having every thread of the day measure itself. */
import { Effect } from "effect"
import type { Day } from "./Day.ts"
import { heapUsed } from "./heap.ts"
import { Meters } from "./meters.ts"
import { GUILDS_THREAD } from "./arrivals.ts"

type What = "pieces" | "utilization"

const everywhere = ({ world }: Day, what: What, isOn: boolean) =>
  Effect.forEach(
    Array.from({ length: world.threads }, (_, thread) => thread),
    (thread) => world.perform(thread, [{ do: "measure", what, isOn }]),
    { discard: true }
  )

/** Measures all threads while something goes on; what was found is in the day's instruments. */
export const measured = <A>(day: Day, what: What, during: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.gen(function* () {
    // Where clients live elsewhere, the guilds' own thread is one more.
    const own = day.world.kill === undefined ? undefined : yield* Meters.make(day.instruments, GUILDS_THREAD)
    yield* everywhere(day, what, true)
    if (what === "pieces") own?.startPieces()
    else own?.startUtilization()
    const done = yield* during
    // What was collected last is told a little later.
    yield* Effect.sleep("50 millis")
    if (what === "pieces") own?.stopPieces()
    else own?.stopUtilization()
    yield* everywhere(day, what, false)
    return done
  })

/** Bytes in use, in all threads together. */
export const weight = (day: Day): Effect.Effect<number> =>
  Effect.gen(function* () {
    if (day.world.kill === undefined) return yield* heapUsed
    let sum = yield* heapUsed
    for (let thread = 0; thread < day.world.threads; thread++) {
      for (const { found = 0 } of yield* day.world.perform(thread, [{ do: "weigh" }])) sum += found
    }
    return sum
  })
