/**
 * A day of mixed traffic: forty guilds of 10 to 20,000 sessions at once, in each of the offloads, with everything that can
 * happen there, checked by a model: every client that reads gets everything it may see, once, in order, and nothing else.
 *
 * What it does follows from a seed, which it prints first: `--seed N` does the same again (but for what threads and timers do
 * in another order), `--offload NAME` under one offload only. With `--hostile`, clients of every kind of bench `hostile` come
 * too while everybody lives, by the server's own ingress: members of a guild of their own, or strangers. What is wrong goes to
 * standard error as it is found.
 *
 * `bytes_per_message_kept` and `bytes_per_connect_kept` are slopes of the heap in use, over messages that were handled and
 * over sessions that came and went. `worst_guild_p99_over_alone` compares the time from a message's call to its last delivery
 * when all guilds speak with that when its guild alone does. `longest_piece_ms` is the longest that an event loop called one
 * thing in the midst of it all (a timer, a port, a run of the line), and `longest_turn_ms` that of one turn of it, which calls
 * all that is due; both in processor time and without what the collector and the bench had of it. `busy` is the share of the
 * time in which the busiest thread worked while guilds were compared.
 */
import { Effect, Scheduler } from "effect"
import { figures, type Figures } from "./day/figures.ts"
import { PieceScheduler } from "./day/PieceScheduler.ts"
import { full, offloads, scaled, seed, small } from "./day/options.ts"
import { quick, report } from "./support/report.ts"

/** What is best when it is high; all else is best when it is low. */
const HIGH = new Set(["delivered", "due", "sessions", "spans", "hostile_deeds"])

const program = Effect.gen(function* () {
  const scale = scaled(quick ? small : full)
  const chosen = seed()
  console.error(`seed ${chosen}`)
  const worst: Record<string, number> = {}
  const each: Record<string, number> = {}
  for (const offload of offloads()) {
    const found: Figures = yield* figures({ ...scale, offload, seed: chosen })
    for (const [name, value] of Object.entries(found)) {
      each[`${offload}_${name}`] = value
      const before = worst[name]
      const better = HIGH.has(name) ? Math.min : Math.max
      worst[name] = before === undefined ? value : better(before, value)
    }
  }
  report("day", { seed: chosen, ...worst, ...each })
})

await Effect.runPromise(Effect.provideService(program, Scheduler.Scheduler, new PieceScheduler()))
process.exit()
