/**
 * What a store of a million members takes: memory, time for a look-up and for a change; for finding all who are to hear of a
 * ping of everyone (`everyone_scan`), and for reading through all members (`export`), each beside a guild at work, to which
 * thousands a second come and go and get other roles, and for how long at most that has to wait for its turn meanwhile
 * (`guild_stall`, `export_stall`; `idle_stall` when nobody scans, for as long as a scan takes). With `--ten`, of ten million too. And what it takes to start a relay in such a guild.
 *
 * Each store is a process of its own, and they are asked in turn.
 */
import { Effect, type Scope } from "effect"
import { fork } from "node:child_process"
import type { Answer } from "./peers/members.ts"
import type { Figures } from "./peers/relays.ts"
import { median, quick, report } from "./support/report.ts"

const STORES = ["hybrid", "heap", "durable"] as const
const SIZES: ReadonlyArray<readonly [suffix: string, size: number]> = [
  ["", quick ? 20_000 : 1_000_000],
  ...(process.argv.includes("--ten") ? [["_10m", quick ? 50_000 : 10_000_000] as const] : [])
]
const OPERATIONS = quick ? 2_000 : 100_000
const ROUNDS = quick ? 2 : 9
const WARM_UP = quick ? 1 : 2
/** Reading through everybody takes longest: it is done in some of the rounds, the first of which warms up. */
const EXPORTS_EVERY = quick ? 1 : 3

/** A store with all its members. */
const started = Effect.fnUntraced(function* (name: string, size: number) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      fork(new URL("./peers/members.ts", import.meta.url), [name, String(size), String(OPERATIONS)], {
        // Ten million objects on a heap are more than V8 allows unasked.
        execArgv: ["--max-old-space-size=16384"]
      })
    ),
    (child) => Effect.sync(() => child.kill())
  )
  const answer = Effect.callback<Answer>((resume) => {
    const ended = (code: number | null) => resume(Effect.die(`the store ${name} ended with ${code}`))
    child.once("exit", ended)
    child.once("message", (answer: Answer) => {
      child.off("exit", ended)
      resume(Effect.succeed(answer))
    })
  })
  const { value: bytes } = yield* answer
  const ask = (what: string) =>
    Effect.suspend(() => {
      child.send(what)
      return answer
    })
  return { name, bytes, ask }
})

const measured = Effect.fnUntraced(function* (
  suffix: string,
  size: number
): Effect.fn.Return<Record<string, number>, never, Scope.Scope> {
  const stores = yield* Effect.forEach(STORES, (name) => started(name, size))
  const took: Record<string, Array<number>> = {}
  const note = (name: string, value: number) => (took[name] ??= []).push(value)
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const { ask, name } of round % 2 === 0 ? stores : stores.toReversed()) {
      const isExported = (round + WARM_UP) % EXPORTS_EVERY === 0
      for (const what of ["lookups", "updates", "idle", "scan", ...(isExported ? ["export"] : [])]) {
        const { stall_ms, value } = yield* ask(what)
        // The first of them starts threads.
        if (round < 0 && what === "scan") note(`${name}.first_scan`, value)
        if (round < 0) continue
        note(`${name}.${what}`, value)
        note(`${name}.${what}.stall`, stall_ms)
      }
    }
  }
  const all = (name: string) => took[name] ?? []
  return Object.fromEntries(
    stores
      .flatMap(({ bytes, name }) => {
        const other = name === "hybrid" ? "" : `_${name}`
        return [
          [`bytes_per_member_${name}`, bytes],
          [`lookups_per_s_${name}`, median(all(`${name}.lookups`))],
          [`updates_per_s_${name}`, median(all(`${name}.updates`))],
          [`everyone_scan_ms${other}`, median(all(`${name}.scan`))],
          [`everyone_first_scan_ms${other}`, all(`${name}.first_scan`)[0] ?? Number.NaN],
          [`guild_stall_ms${other}`, median(all(`${name}.scan.stall`))],
          [`guild_stall_ms_max${other}`, Math.max(...all(`${name}.scan.stall`))],
          [`idle_stall_ms_max${other}`, Math.max(...all(`${name}.idle.stall`))],
          [`export_ms${other}`, median(all(`${name}.export`))],
          [`export_stall_ms_max${other}`, Math.max(...all(`${name}.export.stall`))]
        ] as const
      })
      .map(([name, value]) => [`${name}${suffix}`, value])
  )
})

/** Starting a relay in a guild of very many members, and in one of few. */
const relays = Effect.callback<Figures>((resume) => {
  const sizes = quick ? [20_000, 2_000, 500, 2] : [1_000_000, 20_000, 15_000, 9]
  const child = fork(new URL("./peers/relays.ts", import.meta.url), sizes.map(String))
  child.once("message", (figures: Figures) => resume(Effect.succeed(figures)))
  child.once("exit", (code) => resume(Effect.die(`the guilds ended with ${code}`)))
})

const program = Effect.gen(function* () {
  const metrics: Record<string, number> = {}
  for (const [suffix, size] of SIZES) Object.assign(metrics, yield* Effect.scoped(measured(suffix, size)))
  const { few, many } = yield* relays
  report("members", { ...metrics, relay_start_ms: many, relay_start_ratio: many / few })
})

await Effect.runPromise(program)
process.exit()
