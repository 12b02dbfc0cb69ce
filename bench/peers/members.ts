/**
 * A member store with very many members, in a process of its own: its memory, and its garbage, are its own affair. Told by
 * its parent which store and how many; then, each time, what to do.
 */
import { Effect, Fiber, Layer, Queue, Stream } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemberQuery from "../../src/domain/MemberQuery.ts"
import type { Members } from "../../src/domain/MemberStore.ts"
import { MemberStore } from "../../src/index.ts"
import { hybrid } from "../../src/layers/MemberStore/hybrid.ts"
import * as Sqlite from "../../src/layers/Sqlite.ts"
import * as population from "../support/population.ts"
import { collectGarbage } from "../support/collect.ts"

const folder = mkdtempSync(join(tmpdir(), "fanfare-bench-"))
process.on("exit", () => rmSync(folder, { recursive: true }))

/** The durable one commits to a file, and does not wait for the disk: that is the disk's figure. */
const STORES: Readonly<Record<string, Layer.Layer<MemberStore.MemberStore, SqlError>>> = {
  heap: MemberStore.heap,
  hybrid: hybrid(),
  durable: MemberStore.durable({ working: hybrid() }).pipe(
    Layer.provide(Sqlite.file(join(folder, "members.db"), { synchronous: "normal" }))
  )
}

/** What is asked for, and what is answered. */
export interface Answer {
  readonly value: number
  /** The longest that a guild at work waited for its turn meanwhile, in milliseconds; 0 where there was none. */
  readonly stall_ms: number
}

const [, , name = "", members = "", operations = ""] = process.argv
const size = Number(members)
/** Changes that a disk has a part in are fewer. */
const count = Number(operations) / (name === "durable" ? 10 : 1)

/** Plain buffers are among the external memory too: those are few. */
const inUse = Effect.gen(function* () {
  collectGarbage()
  // Buffers go a little later, and what has just been written is gathered in the background.
  yield* Effect.sleep("300 millis")
  collectGarbage()
  const { arrayBuffers, external, heapUsed } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
})

const random = () => Math.floor(Math.random() * size)

const perSecond = <E>(done: Effect.Effect<void, E>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(done, () => (count * 1000) / (performance.now() - start))
  })

const lookups = (members: Members) =>
  Effect.suspend(() => {
    const users = Array.from({ length: count }, () => population.userId(random()))
    return perSecond(
      Effect.gen(function* () {
        for (const user of users) {
          if ((yield* members.get(user))._tag === "None") return yield* Effect.die(`${user} is not found`)
        }
      })
    )
  })

let version = 0

const updates = (members: Members) =>
  Effect.suspend(() => {
    version++
    const changed = Array.from({ length: count }, () => population.memberOf(random(), version))
    return perSecond(
      Effect.gen(function* () {
        for (const member of changed) yield* members.put(member)
      })
    )
  })

const took = <E>(done: Effect.Effect<number, E>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(done, (found) => {
      if (found === 0) throw new Error("nobody has been found")
      return performance.now() - start
    })
  })

const scan = (members: Members) => took(Effect.map(members.ids(population.everyone), ({ size }) => size))

/** Everybody, one after the other, as whoever writes them all down reads them. */
const exported = (members: Members) =>
  took(
    Stream.runFold(
      members.scan(MemberQuery.everybody, { deadline: "10 minutes" }),
      () => 0,
      (count, { user }) => count + (user.bot ? 0 : 1)
    )
  )

/** What a guild of very many has to write down within a millisecond: who comes, who has other roles, and who goes again. */
const CHANGES = 4
/** How many have come who are not among those that are looked up; most of them have gone. */
let came = 0
const STAYING = 100

const changes = (members: Members) =>
  Effect.suspend(() => {
    version++
    const comes = members.put(population.memberOf(size + came, version))
    const goes = members.remove(population.userId(size + Math.max(0, came++ - STAYING)))
    const changed = Array.from({ length: CHANGES - 2 }, () => members.put(population.memberOf(random(), version)))
    return Effect.all([comes, goes, ...changed], { concurrency: "unbounded", discard: true })
  })

/** Something, and beside it a guild at work, a millisecond and more from turn to turn: some thousand changes a second. */
const beside = <E>(members: Members, work: Effect.Effect<number, E>) =>
  Effect.gen(function* () {
    let longest = 0
    let last = performance.now()
    const turn = Effect.gen(function* () {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
      yield* changes(members)
      yield* Effect.sleep("1 millis")
    })
    const guild = yield* Effect.forkChild(Effect.forever(turn))
    // Very many changes in one go, as `updates` are, leave much to the background: no guild makes so many at once.
    yield* Effect.sleep("300 millis")
    longest = 0
    const value = yield* work
    // A wait is seen once it is over.
    yield* Effect.sleep("5 millis")
    yield* Fiber.interrupt(guild)
    return { value, stall_ms: longest }
  })

const alone = <E>(work: Effect.Effect<number, E>) => Effect.map(work, (value) => ({ value, stall_ms: 0 }))

const program = Effect.gen(function* () {
  const asked = yield* Queue.unbounded<string>()
  process.on("message", (what) => void Queue.offerUnsafe(asked, String(what)))
  const before = yield* inUse
  const members = yield* (yield* MemberStore.MemberStore).open(population.guild)
  // So many at once, which a durable store commits together.
  yield* Stream.range(0, size - 1).pipe(
    Stream.runForEachArray((some) =>
      Effect.forEach(some, (index) => members.put(population.memberOf(index)), {
        concurrency: name === "durable" ? "unbounded" : 1,
        discard: true
      })
    )
  )
  const answer = (answer: Answer) => process.send?.(answer)
  answer({ value: ((yield* inUse) - before) / size, stall_ms: 0 })
  const ways: Record<string, Effect.Effect<Answer, unknown>> = {
    lookups: alone(lookups(members)),
    updates: alone(updates(members)),
    // So long a scan takes about.
    idle: beside(members, Effect.as(Effect.sleep("50 millis"), 1)),
    scan: beside(members, scan(members)),
    export: beside(members, exported(members))
  }
  while (true) answer(yield* ways[yield* Queue.take(asked)] ?? Effect.die("asked for something else"))
})

const store = STORES[name]
if (store === undefined) throw new Error(`a store is one of ${Object.keys(STORES).join(", ")}`)
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(store)))
