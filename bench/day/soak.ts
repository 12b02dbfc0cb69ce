/**
 * The day again and again: `npm run soak -- --minutes N`, shared out among the offloads, or under `--offload NAME` alone. It
 * says every few minutes how it stands, on standard error, and at the end all figures in one line.
 */
import { Effect, Scheduler } from "effect"
import { report } from "../support/report.ts"
import * as Day from "./Day.ts"
import { PieceScheduler } from "./PieceScheduler.ts"
import { calm, lived, sofar } from "./figures.ts"
import { slope, turnOver } from "./memory.ts"
import { full, offloads, option, scaled, seed, small } from "./options.ts"

/** How long everybody lives between two looks at everything. */
const ROUND_SECONDS = 60

const program = Effect.gen(function* () {
  const minutes = Number(option("minutes") ?? "60")
  const scale = scaled(process.argv.includes("--small") ? small : full)
  const chosen = seed()
  console.error(`seed ${chosen}`)
  const all = offloads()
  const each: Record<string, number> = {}
  for (const offload of all) {
    const plan = { ...scale, offload, seed: chosen }
    const end = performance.now() + (minutes * 60_000) / all.length
    yield* Effect.scoped(
      Effect.gen(function* () {
        const day = yield* Day.make(plan)
        yield* Day.settle(day)
        yield* turnOver(day)
        yield* Day.settle(day)
        const heap: Array<readonly [number, number]> = []
        do {
          yield* lived(day, Math.min(ROUND_SECONDS, Math.max(1, (end - performance.now()) / 1000)))
          heap.push([performance.now() / 3_600_000, day.instruments.sum("heap") / 1e6])
          console.error(`${offload}: ${heap.at(-1)?.[1].toFixed(1)} MB, ${JSON.stringify(sofar(day))}`)
        } while (performance.now() < end)
        const figures = {
          heap_mb_per_hour: slope(heap),
          ...(yield* calm(day, plan)),
          longest_piece_ms: day.instruments.largest("longestPiece"),
          longest_turn_ms: day.instruments.largest("longestTurn"),
          ...sofar(day)
        }
        for (const [name, value] of Object.entries(figures)) each[`${offload}_${name}`] = value
      })
    )
  }
  report("soak", { seed: chosen, minutes, ...each })
})

await Effect.runPromise(Effect.provideService(program, Scheduler.Scheduler, new PieceScheduler()))
process.exit()
