/** What stays in memory of a message that has been handled, and of a session that has come and gone. */
import { Effect } from "effect"
import { below } from "../../test/support/random.ts"
import { type Day, mourn, settle } from "./Day.ts"
import type { Life } from "./Life.ts"
import { weight } from "./measuring.ts"

/** The middle of the slopes between any two points: one that stands out does not matter. */
export const slope = (points: ReadonlyArray<readonly [x: number, y: number]>): number => {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([laterX, laterY]) => (laterY - y) / (laterX - x))
  )
  const sorted = slopes.filter(Number.isFinite).sort((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}

const POINTS = 6
const WARM_UP = 2

/** Does so much at a time, and weighs in between; at first it warms up. */
const growth = Effect.fnUntraced(function* (day: Day, count: number, step: (count: number) => Effect.Effect<number>) {
  const points: Array<readonly [number, number]> = []
  let done = 0
  for (let point = -WARM_UP; point < POINTS; point++) {
    const more = yield* step(count)
    yield* Effect.sleep("100 millis")
    const bytes = yield* weight(day)
    if (point >= 0) points.push([(done += more), bytes])
  }
  return slope(points)
})

/** Guilds by turns: the smaller, the more often, so that all have as much to do. */
const shares = (day: Day, count: number): ReadonlyArray<readonly [Life, number]> => {
  const weightOf = (life: Life) => 1 / Math.max(10, life.place.size)
  const all = day.lives.reduce((sum, life) => sum + weightOf(life), 0)
  return day.lives.map((life) => [life, Math.ceil((count * weightOf(life)) / all)] as const)
}

const TALKERS = 2

/** Bytes for each message, with everybody connected. */
export const bytesPerMessage = (day: Day, count: number): Effect.Effect<number> =>
  growth(day, count, (count) =>
    Effect.gen(function* () {
      const own = shares(day, count)
      yield* Effect.forEach(
        own,
        ([life, share]) =>
          Effect.forEach(Array.from({ length: share }), () => life.talk, { concurrency: TALKERS, discard: true }),
        { concurrency: "unbounded", discard: true }
      )
      yield* mourn(day)
      yield* settle(day)
      return own.reduce((sum, [, share]) => sum + share, 0)
    })
  )

/** Somebody comes who was not there, and goes again. */
const comesAndGoes = (life: Life): Effect.Effect<void> =>
  Effect.suspend(() => {
    const absent = Array.from(life.away).filter(
      (client) => life.mannerOf(client) === "reads" && life.model.people.has(life.userOf(client))
    )
    const client = absent[below(life.random, absent.length)]
    if (client === undefined) return Effect.void
    life.away.delete(client)
    return Effect.flatMap(life.connect(client, false), () => {
      const session = life.model.sessions.get(life.userOf(client))
      return session === undefined ? Effect.void : life.leave(session)
    })
  })

const come = (all: ReadonlyArray<readonly [Life, number]>): Effect.Effect<void> =>
  Effect.forEach(
    all,
    ([life, share]) => Effect.forEach(Array.from({ length: share }), () => comesAndGoes(life), { discard: true }),
    { concurrency: "unbounded", discard: true }
  )

/**
 * As many come and go as there are. V8's hash tables count what was deleted, so each doubles once, and never again: without
 * this, memory would seem to grow for hours.
 */
export const turnOver = (day: Day): Effect.Effect<void> => come(day.lives.map((life) => [life, life.place.size]))

/** Bytes for each session that comes and goes again. */
export const bytesPerConnect = (day: Day, count: number): Effect.Effect<number> =>
  growth(day, count, (count) => {
    const own = shares(day, count)
    const sum = own.reduce((sum, [, share]) => sum + share, 0)
    return Effect.as(come(own), sum)
  })
