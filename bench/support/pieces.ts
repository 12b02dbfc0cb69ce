/**
 * What something costs the thread, and for how long it holds the thread at a time.
 *
 * The cost is the processor's time, so that it does not matter who else is on the machine. It is read only after the thread has
 * waited, when Linux has just brought it up to date: otherwise it is up to 4 ms behind.
 */
import { Effect } from "effect"
import { type EventLoopUtilization, performance, PerformanceObserver } from "node:perf_hooks"

/** How far behind the processor's time may be, in milliseconds, where the thread has not waited. */
const STEP = 4

/** Nothing is left to do when the loop did, for so many looks in a row, a millisecond apart, less than this, in milliseconds. */
const LOOKS = 3
const NOTHING = 0.15

/** What cannot be told from a look counts as so much, in milliseconds. */
const LEAST = 0.001

/** The processor's time that this thread has had, in milliseconds. */
const worked = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (user + system) / 1000
}

interface Turn {
  readonly from: number
  readonly to: number
  /** How long the loop did not wait. */
  readonly active: number
  readonly busy: number
}

/** In milliseconds. `piece` is the longest time in which nobody had a turn, less what the collector took of it. */
export interface Pieces {
  readonly cost: number
  readonly piece: number
}

/** Runs an effect, and looks every millisecond until it is done and nothing is left to do. */
const looked = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    yield* Effect.sleep("1 millis")
    const turns: Array<Turn> = []
    let looks = 0
    let isDone = false
    let quiet = 0
    let from = performance.now()
    const began = worked()
    let before = began
    let loop: EventLoopUtilization = performance.eventLoopUtilization()
    const over = new Promise<void>((resolve) => {
      const look = () => {
        const to = performance.now()
        const now = worked()
        const then = performance.eventLoopUtilization()
        const active = then.active - loop.active
        if (active > 1) turns.push({ from, to, active, busy: now - before })
        looks++
        quiet = active < NOTHING ? quiet + 1 : 0
        loop = then
        from = to
        before = now
        if (isDone && quiet >= LOOKS) resolve()
        else setTimeout(look, 1)
      }
      setTimeout(look, 1)
    })
    const done = Effect.sync(() => {
      isDone = true
      quiet = 0
    })
    yield* Effect.ensuring(effect, done)
    yield* Effect.promise(() => over)
    return { turns, looks, busy: before - began }
  })

/** What a look takes, in milliseconds. */
const idle = Effect.map(looked(Effect.sleep("100 millis")), ({ busy, looks }) => busy / looks)

/** Gives what measures an effect, until it is done and nothing is left to do. */
export const make = Effect.map(
  idle,
  (idle) =>
    <E, R>(effect: Effect.Effect<unknown, E, R>) =>
      Effect.gen(function* () {
        const collected: Array<{ readonly startTime: number; readonly duration: number }> = []
        const observer = new PerformanceObserver((list) => void collected.push(...list.getEntries()))
        observer.observe({ entryTypes: ["gc"] })
        const { busy, looks, turns } = yield* looked(effect)
        observer.disconnect()
        const own = ({ active, busy, from, to }: Turn) => {
          const left = collected.reduce((left, { duration, startTime }) => {
            const shared = Math.min(to, startTime + duration) - Math.max(from, startTime)
            return left - Math.max(0, shared)
          }, active)
          return Math.min(left, busy + STEP)
        }
        const figures: Pieces = { cost: Math.max(LEAST, busy - looks * idle), piece: Math.max(0, ...turns.map(own)) }
        return figures
      })
)
