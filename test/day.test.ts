/** A short day in each offload: whatever the bench of that name asserts that depends on no clock. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { AsyncResource } from "node:async_hooks"
import * as Day from "../bench/day/Day.ts"
import type { Finding } from "../bench/day/Findings.ts"
import { lived, sofar } from "../bench/day/figures.ts"
import { afterMessage } from "../bench/day/hash.ts"
import { PieceMeter } from "../bench/day/pieces.ts"
import { Place, Stream, withEvent, withMessage } from "../bench/day/Stream.ts"
import { NOTHING } from "../bench/day/Tally.ts"
import { OFFLOADS, type OffloadName } from "../bench/day/world.ts"
import { below, seeded } from "./support/random.ts"

const SEED = 20_261_129
const SECONDS = 3

const optionsOf = (offload: OffloadName, found: Array<Finding>): Day.Options => ({
  offload,
  seed: SEED,
  guilds: 4,
  smallest: 10,
  largest: 150,
  load: 1.5,
  relayCapacity: 40,
  capacity: 64,
  summaryMillis: 500,
  tell: (finding) => void found.push(finding)
})

/** Lives for a moment, and gives what is known then. */
const livedThrough = Effect.fnUntraced(function* (options: Day.Options, found: ReadonlyArray<Finding>) {
  const day = yield* Day.make(options)
  yield* Day.settle(day)
  yield* lived(day, SECONDS)
  yield* Day.withoutStopped(day)
  const figures = sofar(day)
  const { closed_though_reading, delivered, disordered, due = 0, extra } = figures
  const { sequence_gaps, spans = 0, spans_left_open } = figures
  assert.deepStrictEqual(found, [])
  assert.deepStrictEqual(
    { closed_though_reading, delivered, disordered, extra, sequence_gaps, spans_left_open },
    { closed_though_reading: 0, delivered: 1, disordered: 0, extra: 0, sequence_gaps: 0, spans_left_open: 0 }
  )
  // It was a day, and not a night.
  assert.isAbove(due, 1_000)
  assert.isAbove(spans, 0)
  return figures
}, Effect.scoped)

describe("a day", () => {
  it.live.each(OFFLOADS)("%s: everybody gets what they may see, once, in order, and nothing else", (offload) => {
    const found: Array<Finding> = []
    return livedThrough(optionsOf(offload, found), found)
  })

  it.live.each(["inline", "workers"] as const)(
    "%s: also beside clients that flood, stall, pipeline and send what is huge",
    (offload) =>
      Effect.gen(function* () {
        const found: Array<Finding> = []
        const { hostile_deeds = 0 } = yield* livedThrough({ ...optionsOf(offload, found), hostile: true }, found)
        assert.isAbove(hostile_deeds, 10)
      }),
    60_000
  )

  it.live("one delivery more, or less, or in another order is noticed", () =>
    Effect.gen(function* () {
      const found: Array<Finding> = []
      const day = yield* Day.make({ ...optionsOf("inline", found), progressMillis: 300 })
      yield* Day.settle(day)
      const [life] = day.lives
      assert.isDefined(life)
      yield* life.announce(" one")
      yield* life.announce(" another")
      yield* life.settle
      assert.deepStrictEqual(found, [])
      const [more, less, other] = Array.from(life.model.sessions.values()).filter(
        (session) => life.reads(session) && session.stream.sort.isActive
      )
      assert.isDefined(more)
      assert.isDefined(less)
      assert.isDefined(other)
      day.tally.see(more.client, 1)
      day.tally.count[less.client] = (day.tally.count[less.client] ?? 0) - 1
      day.tally.hash[other.client] = afterMessage(day.tally.hash[other.client] ?? 0, 0, 1)
      yield* life.settle
      assert.strictEqual(found.length, 3)
      assert.deepStrictEqual([day.findings.missing, day.findings.extra, day.findings.disordered], [1, 1, 1])
    }).pipe(Effect.scoped)
  )
})

describe("how long a thread is held in one piece", () => {
  /** Some ten milliseconds. */
  const work = () => {
    let sum = 0
    for (let nth = 0; nth < 1e7; nth++) sum += Math.sqrt(nth)
    return sum
  }

  it.live("is told call by call, also by a meter that is started within calls", () =>
    Effect.gen(function* () {
      const within = <A>(start: () => A): A => new AsyncResource("test").runInAsyncScope(start)
      const meter = within(() => within(() => new PieceMeter(undefined)))
      yield* Effect.callback<void>((resume) => {
        for (let nth = 1; nth <= 8; nth++) setImmediate(() => work() > 0 && nth === 8 && resume(Effect.void))
      })
      yield* Effect.sleep("10 millis")
      const { longest, longestTurn } = meter.stop()
      assert.isAbove(longest, 0)
      // All eight are called in one turn.
      assert.isBelow(longest, longestTurn / 2)
    })
  )
})

describe("what a session is due", () => {
  it("is the same, worked out from its stream, as counted by itself, whenever it came or moved", () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = seeded(seed)
      const sort = { roles: [], intents: 0, isActive: true, user: "", isNamed: false }
      const streams = [new Stream("one", sort), new Stream("other", sort)] as const
      let [current] = streams
      const some = () => {
        const token = below(random, 2 ** 31)
        const [stream] = random() < 0.5 ? streams : [streams[1]]
        const isMessage = random() < 0.5
        if (isMessage) stream.message(token)
        else stream.event(token)
        return stream === current ? { token, isMessage } : undefined
      }
      for (let step = below(random, 10); step > 0; step--) some()
      const place = new Place(current)
      let own = NOTHING
      for (let step = 0; step < 40; step++) {
        if (random() < 0.1) {
          current = current === streams[0] ? streams[1] : streams[0]
          place.move(current)
        }
        // Now and then it gets something that the others do not.
        if (random() < 0.1) {
          own = random() < 0.5 ? withMessage(own, step) : withEvent(own, step)
          place.set(own)
        }
        const one = some()
        if (one !== undefined) own = one.isMessage ? withMessage(own, one.token) : withEvent(own, one.token)
        assert.deepStrictEqual(place.due, own, `seed ${seed}, step ${step}`)
      }
    }
  })
})
