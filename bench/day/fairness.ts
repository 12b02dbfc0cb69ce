/** How long a message takes to its last recipient: in each guild alone, and in all of them at once. */
import { Effect } from "effect"
import * as clients from "./clients.ts"
import { Ids, Intents, Transport } from "../../src/index.ts"
import type { Day } from "./Day.ts"
import { sharedNow } from "./Instruments.ts"
import type { Life } from "./Life.ts"
import { measured } from "./measuring.ts"
import { TIMED } from "./arrivals.ts"

const LONGEST_MILLIS = 20_000

/** How far a thread may be busier than it is to be. */
const TOLERANCE = 0.05

/** What the first round asks for: messages also cost what their sender does not wait for. */
const FIRST = 0.6

const MOST_PER_SECOND = 40
const ROUNDS = 4

/** The share of them that took no longer. */
const quantile = (all: ReadonlyArray<number>, share: number): number =>
  all.toSorted((one, other) => one - other)[Math.max(0, Math.ceil(all.length * share) - 1)] ?? Number.NaN

/** A message that was said, and when. */
interface Said {
  readonly number: number
  readonly start: number
}

/** Says something to all. */
const say = (life: Life, said: Array<Said>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { open, owner } = life.place
    const number = life.ledger.begin()
    said.push({ number, start: sharedNow() })
    const call = Transport.call(
      life.guild,
      "SendMessage",
      {
        author: Ids.UserId.make(owner),
        channel: Ids.ChannelId.make(open),
        draft: { content: `${number}${TIMED}`, embeds: [], tts: false }
      },
      { timeout: LONGEST_MILLIS }
    )
    return Effect.map(clients.answered(call), (answer) => life.ledger.answered(number, answer))
  })

/** Waits until the last has the last of them, and gives how long each took to its last recipient, in milliseconds. */
const times = ({ instruments }: Day, life: Life, said: ReadonlyArray<Said>): Effect.Effect<ReadonlyArray<number>> => {
  const { index } = life.place
  const isDone = ({ number }: Said) => instruments.whenDone(index, number) > 0
  return Effect.map(
    life.until(() => said.every(isDone), LONGEST_MILLIS),
    (areDone) => {
      const late = said.filter((one) => !isDone(one))
      if (!areDone) life.wrong("messages did not reach all in time", `${late.length} of ${said.length}`)
      return said.map((one) => (isDone(one) ? instruments.whenDone(index, one.number) - one.start : LONGEST_MILLIS))
    }
  )
}

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

/** How many messages tell what a guild's take when nothing else goes on. */
const USUAL_SAMPLES = 10

/** A guild speaks so often, until a moment; a message does not wait for the one before. */
const speak = (life: Life, perSecond: number, end: number): Effect.Effect<ReadonlyArray<Said>> =>
  Effect.gen(function* () {
    const said: Array<Said> = []
    const period = 1000 / perSecond
    yield* Effect.sleep(period * life.random())
    while (performance.now() < end) {
      yield* Effect.forkChild(say(life, said))
      yield* Effect.sleep(period * (0.5 + life.random()))
    }
    yield* life.until(() => life.ledger.calling === 0, LONGEST_MILLIS)
    return said
  })

interface Options {
  readonly samples: number
  readonly seconds: number
  /** For which share of the time a thread is to be busy. */
  readonly busy: number
  readonly progress: (text: string) => void
}

/** All guilds at once for so many seconds, as often as makes a thread so busy; then each alone, as often, `samples` times. */
export const fairness = Effect.fnUntraced(function* (day: Day, options: Options): Effect.fn.Return<Fairness> {
  const { progress, samples, seconds } = options
  const lives = day.lives.filter((life) => expect(day, life) > 0)
  const p99Of = (life: Life, said: ReadonlyArray<Said>) =>
    Effect.map(times(day, life, said), (took) => quantile(took, 0.99))
  const usual = yield* Effect.forEach(lives, (life) =>
    Effect.gen(function* () {
      const took: Array<number> = []
      for (let sample = 0; sample < USUAL_SAMPLES; sample++) {
        const said: Array<Said> = []
        yield* say(life, said)
        took.push(...(yield* times(day, life, said)))
      }
      return quantile(took, 0.5)
    })
  )
  // The longer a guild's messages take, the fewer it has.
  const whole = usual.reduce((sum, took) => sum + Math.sqrt(took), 0)
  let rate = (FIRST * options.busy * Math.sqrt(1000)) / whole
  const perSecond = (index: number) => Math.min(MOST_PER_SECOND, rate * Math.sqrt(1000 / (usual[index] ?? 1)))
  let p99: ReadonlyArray<number> = []
  let busy = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (const life of lives) expect(day, life)
    const end = performance.now() + seconds * 1000
    const speaking = Effect.forEach(lives, (life, index) => speak(life, perSecond(index), end), {
      concurrency: "unbounded"
    })
    const all = yield* measured(day, "utilization", speaking)
    busy = day.instruments.largest("utilization")
    p99 = yield* Effect.forEach(lives, (life, index) => p99Of(life, all[index] ?? []))
    const count = all.reduce((sum, said) => sum + said.length, 0)
    progress(`${Math.round(count / seconds)} messages a second, busy for ${busy.toFixed(2)} of the time`)
    if (busy <= options.busy + TOLERANCE) break
    rate *= options.busy / busy
  }
  const alone = yield* Effect.forEach(lives, (life, index) =>
    Effect.flatMap(speak(life, perSecond(index), performance.now() + (samples * 1000) / perSecond(index)), (said) =>
      p99Of(life, said)
    )
  )
  const millis = (all: ReadonlyArray<number>) => all.map((one) => one.toFixed(1)).join(" ")
  progress(`p99 in ms, by size, beside the others: ${millis(p99)}`)
  progress(`and alone: ${millis(alone)}`)
  return { ratios: p99.map((took, index) => took / (alone[index] ?? took)), p99, alone, busy }
})
