/** How long a message takes to its last recipient: in each guild alone, and in all of them at once. */
import { Effect } from "effect"
import * as clients from "./clients.ts"
import { Ids, Intents, Transport } from "../../src/index.ts"
import type { Day } from "./Day.ts"
import { sharedNow } from "./Instruments.ts"
import type { Life } from "./Life.ts"
import { measured } from "./measuring.ts"
import { TIMED } from "./world.ts"

const LONGEST_MILLIS = 20_000

/** A thread is to be busy for at most this share of the time. */
const BUSY = 0.8

/** What guilds together are meant to take of a thread. */
const AIM = 0.5

const MOST_PER_SECOND = 40
const ROUNDS = 4

/** The share of them that took no longer. */
const quantile = (all: ReadonlyArray<number>, share: number): number =>
  all.toSorted((one, other) => one - other)[Math.max(0, Math.ceil(all.length * share) - 1)] ?? Number.NaN

/** Says something to all, and gives how long it took until the last had it, in milliseconds. */
const timed = (day: Day, life: Life): Effect.Effect<number> =>
  Effect.gen(function* () {
    const { index, open, owner } = life.place
    const number = life.ledger.begin()
    const start = sharedNow()
    const answer = yield* clients.answered(
      Transport.call(
        life.guild,
        "SendMessage",
        {
          author: Ids.UserId.make(owner),
          channel: Ids.ChannelId.make(open),
          draft: { content: `${number}${TIMED}`, embeds: [], tts: false }
        },
        { timeout: LONGEST_MILLIS }
      )
    )
    life.ledger.answered(number, answer)
    const isDone = yield* life.until(() => day.instruments.whenDone(index, number) > 0, LONGEST_MILLIS)
    if (!isDone) life.wrong("a message did not reach all in time", `message ${number}`)
    return isDone ? day.instruments.whenDone(index, number) - start : LONGEST_MILLIS
  })

/** From now on a message of this guild is done when all who look and read have it. */
const expect = ({ instruments }: Day, life: Life): number => {
  let count = 0
  for (const { client, stream } of life.model.sessions.values()) {
    if (stream.sort.isActive && stream.wants(Intents.GUILD_MESSAGES) && life.mannerOf(client) === "reads") count++
  }
  instruments.expect(life.place.index, count)
  return count
}

export interface Fairness {
  /** Of each guild that has anybody to tell, from the smallest to the largest: its p99 beside the others over its own alone. */
  readonly ratios: ReadonlyArray<number>
  readonly p99: ReadonlyArray<number>
  readonly alone: ReadonlyArray<number>
  readonly busy: number
}

/** `samples` of each guild alone; beside each other for so many seconds. */
export const fairness = Effect.fnUntraced(function* (
  day: Day,
  { samples, seconds }: { readonly samples: number; readonly seconds: number }
): Effect.fn.Return<Fairness> {
  const lives = day.lives.filter((life) => expect(day, life) > 0)
  const alone: Array<number> = []
  const usual: Array<number> = []
  for (const life of lives) {
    const took: Array<number> = []
    for (let sample = 0; sample < samples; sample++) {
      took.push(yield* timed(day, life))
      yield* Effect.sleep("1 millis")
    }
    alone.push(quantile(took, 0.99))
    usual.push(quantile(took, 0.5))
  }
  // The longer a guild's messages take, the fewer it has.
  const whole = usual.reduce((sum, took) => sum + Math.sqrt(took), 0)
  let rate = (AIM * Math.sqrt(1000)) / whole
  let p99: ReadonlyArray<number> = []
  let busy = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (const life of lives) expect(day, life)
    const all = lives.map((): Array<number> => [])
    const end = performance.now() + seconds * 1000
    const speaks = (life: Life, index: number) =>
      Effect.gen(function* () {
        const perSecond = Math.min(MOST_PER_SECOND, rate * Math.sqrt(1000 / (usual[index] ?? 1)))
        const period = 1000 / perSecond
        yield* Effect.sleep(period * life.random())
        // A message does not wait for the one before.
        while (performance.now() < end) {
          yield* Effect.forkChild(Effect.map(timed(day, life), (took) => void all[index]?.push(took)))
          yield* Effect.sleep(period * (0.5 + life.random()))
        }
        yield* life.until(() => life.ledger.calling === 0)
        yield* Effect.sleep("200 millis")
      })
    yield* measured(day, "utilization", Effect.forEach(lives, speaks, { concurrency: "unbounded", discard: true }))
    busy = day.instruments.largest("utilization")
    p99 = all.map((took) => quantile(took, 0.99))
    if (busy <= BUSY) break
    rate *= 0.7 / busy
  }
  return { ratios: p99.map((took, index) => took / (alone[index] ?? took)), p99, alone, busy }
})
