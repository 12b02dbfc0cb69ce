/** A day under one offload, from the morning on, and its figures. */
import { Effect } from "effect"
import * as Day from "./Day.ts"
import { fairness } from "./fairness.ts"
import { measured } from "./measuring.ts"
import { bytesPerConnect, bytesPerMessage, turnOver } from "./memory.ts"

export interface Plan extends Day.Options {
  /** How long everybody lives. */
  readonly seconds: number
  /** Messages, and sessions that come and go, between two looks at the heap. */
  readonly messages: number
  readonly connects: number
  /** Messages of each guild alone, and how long all speak beside each other. */
  readonly samples: number
  readonly besideSeconds: number
  /** For which share of the time a thread is busy then. */
  readonly busy: number
  readonly progress: (text: string) => void
}

export type Figures = Readonly<Record<string, number>>

/** What is known at any time. */
export const sofar = (day: Day.Day): Figures => ({
  delivered: Day.delivered(day),
  extra: day.findings.extra,
  disordered: day.findings.disordered,
  closed_though_reading: day.findings.closedThoughReading,
  sequence_gaps: day.tally.get("gaps"),
  spans_left_open: day.instruments.spansOpen,
  spans: day.instruments.spansOpened,
  findings: Array.from(day.findings.kinds.values()).reduce((sum, count) => sum + count, 0),
  due: day.lives.reduce((sum, { model }) => sum + model.due, 0),
  sessions: day.lives.reduce((sum, { model }) => sum + model.sessions.size, 0),
  ...(day.hostile === undefined ? undefined : { hostile_deeds: day.hostile.deeds() })
})

/** The traffic, first with a look at the longest pieces, then with threads that die. */
export const lived = Effect.fnUntraced(function* (day: Day.Day, seconds: number) {
  const kills = day.world.kill !== undefined
  yield* measured(day, "pieces", Day.livesFor(day, (kills ? 0.5 : 1) * seconds * 1000))
  yield* Day.settle(day)
  if (!kills) return
  yield* Day.livesFor(day, 0.5 * seconds * 1000, true)
  yield* Day.settle(day)
})

/** What takes calm: what is kept in memory, and who waits for whom. */
export const calm = Effect.fnUntraced(function* (day: Day.Day, plan: Plan): Effect.fn.Return<Figures> {
  const { besideSeconds, busy: aim, connects, messages, offload, progress, samples } = plan
  yield* Day.withoutStopped(day)
  // Before memory is measured: collecting on demand has V8 keep the heap small, and mark it six times as often.
  const { busy, ratios } = yield* fairness(day, { samples, seconds: besideSeconds, busy: aim, progress })
  progress(`${offload}: p99 beside the others over alone, by size: ${ratios.map((one) => one.toFixed(1)).join(" ")}`)
  const bytes_per_message_kept = yield* bytesPerMessage(day, messages)
  progress(`${offload}: ${bytes_per_message_kept} bytes for each message`)
  yield* turnOver(day)
  const bytes_per_connect_kept = yield* bytesPerConnect(day, connects)
  progress(`${offload}: ${bytes_per_connect_kept} bytes for each session that came and went`)
  yield* Day.mourn(day)
  yield* Day.settle(day)
  yield* Day.spansEnded(day)
  return {
    bytes_per_message_kept,
    bytes_per_connect_kept,
    worst_guild_p99_over_alone: Math.max(...ratios),
    smallest_guild_p99_over_alone: ratios[0] ?? Number.NaN,
    largest_guild_p99_over_alone: ratios.at(-1) ?? Number.NaN,
    busy
  }
})

export const figures = (plan: Plan): Effect.Effect<Figures> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { offload, progress } = plan
      const start = performance.now()
      const day = yield* Day.make(plan)
      yield* Day.settle(day)
      progress(
        `${offload}, seed ${plan.seed}: ${sofar(day).sessions} sessions came in ${Math.round(performance.now() - start)} ms`
      )
      yield* lived(day, plan.seconds)
      progress(`${offload}: ${JSON.stringify(sofar(day))}`)
      const calmly = yield* calm(day, plan)
      return {
        ...calmly,
        longest_piece_ms: day.instruments.largest("longestPiece"),
        longest_turn_ms: day.instruments.largest("longestTurn"),
        collector_pause_ms: day.instruments.largest("longestPause"),
        ...sofar(day)
      }
    })
  )
