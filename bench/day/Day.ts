/** A day of mixed traffic in guilds of all sizes, under one offload: built once, lived as long as one likes, and measured. */
import { Effect, Exit, References, Scope, Tracer } from "effect"
import { MemberStore } from "../../src/index.ts"
import { seeded } from "../../test/support/random.ts"
import { GUILDS_THREAD } from "./arrivals.ts"
import { type Finding, Findings } from "./Findings.ts"
import * as Hostile from "./Hostile.ts"
import { Instruments, shareInstruments } from "./Instruments.ts"
import { Life, PROGRESS_MILLIS } from "./Life.ts"
import * as observer from "./Observer.ts"
import { type Mood, moody } from "./store.ts"
import { share, Tally } from "./Tally.ts"
import { DONE } from "./talk.ts"
import { counting } from "./tracing.ts"
import { optionsOf, sizes, town, userOf } from "./town.ts"
import { live, type Rates } from "./traffic.ts"
import { until } from "./until.ts"
import { make as makeWorld, type OffloadName, type World } from "./world.ts"

/** Of sessions, that look elsewhere. */
const PASSIVE = 0.35

/** Clients told to connect at a time, in each thread. */
const AT_ONCE = 256

export interface Options {
  readonly offload: OffloadName
  readonly seed: number
  readonly guilds: number
  readonly smallest: number
  readonly largest: number
  /** How much happens: 1 keeps a thread busy to about a third. */
  readonly load: number
  readonly relayCapacity: number
  /** Of the mailboxes of those who stop reading. */
  readonly capacity: number
  /** How often those who look elsewhere are told what they missed; each three seconds unless it says otherwise. */
  readonly summaryMillis?: number
  readonly tell: (finding: Finding) => void
  /** How long deliveries that are due are waited for while none come; five seconds unless it says otherwise. */
  readonly progressMillis?: number
  /** Whether hostile clients come too, by the server's own ingress, to a guild of theirs. */
  readonly hostile?: boolean
}

export interface Day {
  readonly lives: ReadonlyArray<Life>
  readonly world: World
  readonly tally: Tally
  readonly instruments: Instruments
  readonly findings: Findings
  readonly mood: Mood
  readonly options: Options
  readonly hostile: Hostile.Hostile | undefined
  /** Commands that guilds have handled, as far as their administrators heard. */
  readonly handled: () => number
}

/** Connects many at a time. */
const fill = (day: Pick<Day, "world">, life: Life, all: ReadonlyArray<number>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { threads } = day.world
    const byThread = Array.from({ length: threads }, (_, thread) =>
      all.filter((client) => life.threadOf(client) === thread)
    )
    yield* Effect.forEach(
      byThread,
      (own, thread) =>
        Effect.gen(function* () {
          for (let at = 0; at < own.length; at += AT_ONCE) {
            const orders = own
              .slice(at, at + AT_ONCE)
              .map((client) => life.connectOrder(client, life.isLikely(PASSIVE)))
            for (const order of orders) life.observer.coming.set(order.user, order)
            const answers = yield* day.world.perform(thread, orders)
            for (const [nth, order] of orders.entries()) {
              if ((answers[nth] ?? DONE).error === undefined) continue
              life.observer.coming.delete(order.user)
              yield* life.connect(order.client, order.isPassive)
            }
          }
        }),
      { concurrency: "unbounded", discard: true }
    )
    const areThere = yield* life.until(() => all.every((client) => life.model.sessions.has(userOf(client))), 60_000)
    if (!areThere) life.wrong("sessions connected, and nobody heard of it", `${all.length} of them`)
  })

/** Builds the guilds and connects everybody. */
export const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Day, never, Scope.Scope> {
  const { guilds, largest, offload, relayCapacity, seed, smallest, tell } = options
  const places = town(sizes(guilds, smallest, largest), seed)
  const clients = places.reduce((sum, place) => sum + place.clients, 0)
  const shared = share(clients)
  const sharedInstruments = shareInstruments(guilds)
  const tally = new Tally(shared)
  const instruments = new Instruments(sharedInstruments)
  const findings = new Findings(tell)
  const mood: Mood = { isOn: false, slow: 0.002, fails: 0.004, loses: 0.08 }
  const tracer = counting(instruments, GUILDS_THREAD)
  const { summaryMillis = 3_000 } = options
  const world = yield* makeWorld(offload, {
    guilds: places.map((place) => optionsOf(place, { relayCapacity, summaryMillis })),
    store: moody(MemberStore.heap, mood, seeded(seed + 1)),
    shared,
    instruments: sharedInstruments,
    capacity: options.capacity,
    relayCapacity,
    summaryMillis,
    isOpen: options.hostile === true
  }).pipe(
    Effect.provideService(Tracer.Tracer, tracer),
    // That its store fails is what the day wants.
    Effect.provideService(References.MinimumLogLevel, "Error")
  )
  const { ports } = world
  const hostile = ports === undefined ? undefined : yield* Hostile.make(ports, seeded(seed + 2))
  const lives: Array<Life> = []
  for (const [index, place] of places.entries()) {
    const guild = world.guilds[index]
    if (guild === undefined) continue
    const where = `${offload}, seed ${seed}, guild ${index} of ${place.size}`
    const random = seeded(seed * 1_000 + index)
    const life = new Life({ ...options, place, guild, world, tally, tracer, findings, random, where })
    lives.push(life)
    yield* observer.connect(guild, life.observer)
  }
  const day: Day = {
    lives,
    world,
    tally,
    instruments,
    findings,
    mood,
    options,
    hostile,
    handled: () => lives.reduce((sum, life) => sum + life.observer.heard, 0)
  }
  for (const life of lives) {
    const { clients, first, size } = life.place
    yield* fill(
      day,
      life,
      Array.from({ length: size }, (_, nth) => first + nth)
    )
    for (let client = first + size; client < first + clients; client++) life.away.add(client)
  }
  return day
})

/** Those whose connections the server has closed leave, and come again; as clients do. */
export const mourn = Effect.fnUntraced(function* (day: Day) {
  for (const life of day.lives) {
    const { clients, first } = life.place
    for (let client = first; client < first + clients; client++) {
      if (day.tally.closed[client] === 0 || life.busy.has(client)) continue
      const session = life.model.sessions.get(userOf(client))
      if (session === undefined) continue
      if (life.mannerOf(client) !== "stops") {
        day.findings.closedThoughReading++
        const { count } = session.due
        const seen = day.tally.count[client]
        life.wrong(
          "a client that reads was closed",
          `user ${session.user}, which ${life.mannerOf(client)}: ${day.tally.closed[client]}, due ${count}, got ${seen}`
        )
      }
      life.acting++
      const again = Effect.gen(function* () {
        yield* life.leave(session)
        life.away.delete(client)
        yield* life.connect(client, life.wasPassive.has(client))
      })
      yield* life.held(client, life.lane.withPermit(again)).pipe(Effect.ensuring(Effect.sync(() => life.acting--)))
    }
  }
})

/** Ends a thread with all who live there; they come again when another has taken its place. */
export const kill = Effect.fnUntraced(function* (day: Day, thread: number) {
  const { findings, lives, tally, world } = day
  if (world.kill === undefined) return
  for (const life of lives) life.isHalted = true
  for (const life of lives) yield* life.until(() => life.acting === 0, 300_000)
  const gone = lives.map((life) => ({
    life,
    sessions: Array.from(life.model.sessions.values()).filter(({ client }) => life.threadOf(client) === thread)
  }))
  for (const { life, sessions } of gone) for (const { user } of sessions) life.observer.leaving.add(user)
  yield* world.kill(thread)
  for (const { life, sessions } of gone) {
    const haveLeft = yield* life.until(() => sessions.every(({ user }) => !life.model.sessions.has(user)), 60_000)
    if (!haveLeft) life.wrong("a worker died, and its sessions are still there", `${sessions.length} of them`)
    for (const { client, user } of sessions) {
      const due = life.observer.ended.get(user)?.due
      life.observer.ended.delete(user)
      life.observer.leaving.delete(user)
      // What was under way died with them; but nobody got more than they were due.
      const missing = due === undefined ? 0 : due.count - tally.seen(client).count
      if (missing >= 0) findings.excused += missing
      else life.wrong("a session whose worker died got more than it was due", user)
    }
    yield* fill(
      day,
      life,
      sessions.filter(({ user }) => !life.model.sessions.has(user)).map(({ client }) => client)
    )
    life.isHalted = false
  }
})

/** Lets everybody live for so long. Threads die in between, if they are to. */
export const livesFor = Effect.fnUntraced(function* (day: Day, millis: number, kills = false) {
  const { hostile, lives, mood, options, world } = day
  const scope = yield* Scope.make()
  mood.isOn = true
  if (hostile !== undefined) yield* Scope.provide(Effect.forkScoped(hostile.come), scope)
  for (const life of lives) {
    life.isPaused = false
    const { size } = life.place
    const rates: Rates = {
      messages: options.load * Math.min(25, 1 + 5_000 / size),
      deeds: options.load * Math.min(6, 0.5 + 400 / size),
      comings: options.load * 4,
      searches: 0.5
    }
    yield* Scope.provide(live(life, world, rates), scope)
  }
  const end = performance.now() + millis
  let nextKill = performance.now() + millis / 3
  let victim = 0
  let closed = 0
  while (performance.now() < end) {
    yield* Effect.sleep("50 millis")
    const closedNow = day.tally.get("closed")
    if (closedNow !== closed) yield* mourn(day)
    closed = closedNow
    if (kills && performance.now() > nextKill) {
      nextKill = performance.now() + millis / 3
      yield* kill(day, victim++ % world.threads)
    }
  }
  for (const life of lives) life.isPaused = true
  for (const life of lives) {
    // Longer than what one of them may wait: it says itself what it waited for in vain.
    const isOver = yield* life.until(() => life.acting + life.ledger.calling === 0, 300_000)
    if (!isOver)
      life.wrong("something was begun and did not end", `${life.acting}, and ${life.ledger.calling} messages`)
  }
  yield* Scope.close(scope, Exit.void)
  mood.isOn = false
  yield* mourn(day)
  yield* Effect.forEach(lives, (life) => life.summarise, { concurrency: "unbounded", discard: true })
})

/** Waits for spans that are about to end: a handler's outlasts its answer. */
export const spansEnded = ({ instruments, options }: Day): Effect.Effect<unknown> =>
  until(() => instruments.spansOpen === 0, options.progressMillis ?? PROGRESS_MILLIS)

/** Those who read no more leave: what waits for them would be counted as kept, and a delivery to one of them as open. */
export const withoutStopped = (day: Day): Effect.Effect<unknown> =>
  Effect.andThen(
    Effect.forEach(
      day.lives,
      (life) =>
        Effect.forEach(
          Array.from(life.model.sessions.values()).filter(({ client }) => life.mannerOf(client) === "stops"),
          (session) => life.leave(session),
          { discard: true }
        ),
      { concurrency: "unbounded", discard: true }
    ),
    spansEnded(day)
  )

/** Waits until everybody has what they are due, and compares. */
export const settle = ({ findings, lives, options, tally }: Day): Effect.Effect<void> =>
  Effect.map(
    Effect.forEach(lives, (life) => life.settle, { concurrency: "unbounded", discard: true }),
    () => {
      const unknown = tally.get("unknown")
      const where = `${options.offload}, seed ${options.seed}`
      if (unknown > 0)
        findings.add({ what: "something happened in a channel not told of", where, detail: `${unknown}` })
    }
  )

/** What came of all that was due, of clients that were to get everything. */
export const delivered = ({ findings, lives }: Day): number => {
  const due = lives.reduce((sum, life) => sum + life.model.due, 0) - findings.excused
  return due === 0 ? 1 : 1 - findings.missing / due
}
