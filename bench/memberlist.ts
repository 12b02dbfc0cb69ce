/**
 * The member list of a channel in a guild of a million who are all there, the whole way: from a session that asks until it
 * has the first hundred rows, and from somebody's change of presence until it hears of that; how long the guild's thread does
 * nothing else meanwhile, and what the list takes of memory.
 */
import { Deferred, Effect, Layer } from "effect"
import { PerformanceObserver } from "node:perf_hooks"
import { Guild, Ids, Intents, Offload, Sampler, Session, type SessionSocket, Transport } from "../src/index.ts"
import { hybrid } from "../src/layers/MemberStore/hybrid.ts"
import { community, general } from "../examples/support/salon.ts"
import * as crowd from "./support/crowd.ts"
import { median, quick, report } from "./support/report.ts"
import { collectGarbage } from "./support/collect.ts"

const MEMBERS = quick ? 3_000 : 1_000_000
const CHANGES = quick ? 3 : 40
const AT_ONCE = 64
/** In milliseconds, how often those who look are told what has changed. */
const INTERVAL = 200

const inUse = Effect.gen(function* () {
  collectGarbage()
  yield* Effect.sleep("50 millis")
  collectGarbage()
  return process.memoryUsage().heapUsed
})

/** The processor's time that this thread has had, in milliseconds. */
const worked = () => {
  const { system, user } = process.threadCpuUsage()
  return (user + system) / 1000
}

/**
 * What it comes to, and for how many milliseconds at most the thread did nothing else meanwhile (`stall`); of that, had the
 * processor (`busy`); and of that, not for the collector (`own`).
 */
const watched = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const pauses: Array<{ readonly startTime: number; readonly duration: number }> = []
    const observer = new PerformanceObserver((list) => void pauses.push(...list.getEntries()))
    observer.observe({ entryTypes: ["gc"] })
    const gaps: Array<{ readonly from: number; readonly to: number; readonly busy: number }> = []
    let from = performance.now()
    let before = worked()
    const timer = setInterval(() => {
      const to = performance.now()
      const now = worked()
      if (to - from > 2) gaps.push({ from, to, busy: now - before })
      from = to
      before = now
    }, 1)
    const value = yield* effect
    // What has held the thread is seen once it is over.
    yield* Effect.sleep("5 millis")
    clearInterval(timer)
    observer.disconnect()
    const collected = (from: number, to: number) =>
      pauses.reduce((sum, { duration, startTime }) => {
        const shared = Math.min(to, startTime + duration) - Math.max(from, startTime)
        return sum + Math.max(0, shared)
      }, 0)
    return {
      value,
      stall: Math.max(0, ...gaps.map(({ from, to }) => to - from)),
      busy: Math.max(0, ...gaps.map(({ busy }) => busy)),
      own: Math.max(0, ...gaps.map(({ busy, from, to }) => busy - collected(from, to)))
    }
  })

const id = Ids.SessionId.make("f".repeat(32))

const program = Effect.gen(function* () {
  let heard = () => {}
  const socket = (hear: (name: string) => void): SessionSocket.SessionSocket["Service"] => ({
    receive: Effect.never,
    send: () => Effect.void,
    sendUnsafe: ({ name }) => {
      hear(name)
      return true
    },
    close: () => Effect.void
  })
  const start = yield* Session.starter()
  // Those in the list are there as far as the guild can tell; what they are sent comes to one and the same mailbox.
  const { end, mailbox } = start({ id, socket: socket(() => {}) })
  const looker = start({
    id,
    socket: socket((name) => {
      if (name === "GUILD_MEMBER_LIST_UPDATE") heard()
    })
  })
  const guild = yield* Guild.make({ community, members: crowd.members(MEMBERS) })
  const connected = performance.now()
  for (let index = 0; index < MEMBERS; index += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, MEMBERS - index) }, (_, nth) => {
      const who = crowd.visitor(index + nth)
      const handle = { id: who.session, mailbox, end }
      const payload = { ...who, intents: Intents.GUILD_MESSAGES, isPassive: true, handle }
      return Transport.call(guild, "Connect", payload, { timeout: "1 minute" })
    })
    yield* Effect.all(some, { concurrency: "unbounded", discard: true })
  }
  const connect_us = ((performance.now() - connected) * 1000) / MEMBERS
  const user = crowd.author.user.id
  yield* Transport.call(guild, "Connect", { session: id, user, intents: Intents.GUILDS, handle: looker })

  /** Milliseconds until the looker has an update. */
  const until = <E>(effect: Effect.Effect<unknown, E>) =>
    Effect.gen(function* () {
      const told = yield* Deferred.make<void>()
      heard = () => Deferred.doneUnsafe(told, Effect.void)
      const began = performance.now()
      yield* effect
      yield* Deferred.await(told)
      return performance.now() - began
    })
  const look = (ranges: ReadonlyArray<readonly [number, number]>) =>
    guild.members.watch({ session: id, user, channel: general.id, ranges })

  const before = yield* inUse
  const idle = yield* watched(Effect.sleep("1 second"))
  const first = yield* watched(until(look([[0, 99]])))
  const bytes = ((yield* inUse) - before) / MEMBERS

  const changes = yield* watched(
    Effect.forEach(Array.from({ length: CHANGES }), (_, nth) => {
      const status = nth % 2 === 0 ? "idle" : "online"
      const change = Transport.call(guild, "SetStatus", { ...crowd.visitor(0), status })
      // Evenly over the interval after the last update.
      return Effect.delay(until(change), (INTERVAL * nth) / CHANGES)
    })
  )
  report("memberlist", {
    online: MEMBERS,
    connect_us,
    first_ms: first.value,
    stall_ms_max: first.stall,
    stall_ms_max_busy: first.busy,
    stall_ms_max_own: first.own,
    bytes_per_member: bytes,
    change_ms: median(changes.value),
    change_ms_max: Math.max(...changes.value) - INTERVAL,
    change_stall_ms_max: changes.stall,
    change_stall_ms_max_busy: changes.busy,
    idle_stall_ms_max: idle.stall
  })
})

const strategies = Layer.mergeAll(Sampler.byFanOutSize(), hybrid(), Offload.inline)
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(strategies)))
process.exit()
