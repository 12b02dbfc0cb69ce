/**
 * A member store with very many members, in a process of its own: its memory, and its garbage, are its own affair. Told by
 * its parent which store and how many; then, each time, what to do.
 */
import { Effect, Layer, Queue, Stream } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Members } from "../../src/domain/MemberStore.ts"
import { MemberStore } from "../../src/index.ts"
import { hybrid } from "../../src/layers/MemberStore/hybrid.ts"
import * as Sqlite from "../../src/layers/Sqlite.ts"
import * as population from "../support/population.ts"

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
  /** The longest time for which the thread did nothing else, in milliseconds. */
  readonly stall_ms: number
}

const [, , name = "", members = "", operations = ""] = process.argv
const size = Number(members)
/** Changes that a disk has a part in are fewer. */
const count = Number(operations) / (name === "durable" ? 10 : 1)

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

/** Plain buffers are among the external memory too: those are few. */
const inUse = Effect.gen(function* () {
  collectGarbage()
  // Buffers go a little later.
  yield* Effect.sleep("50 millis")
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

const scan = (members: Members) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(members.ids(population.everyone), ({ size }) => {
      if (size === 0) throw new Error("nobody has been found")
      return performance.now() - start
    })
  })

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
  const ways: Record<string, Effect.Effect<number, unknown>> = {
    lookups: lookups(members),
    updates: updates(members),
    scan: scan(members)
  }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  while (true) {
    const way = ways[yield* Queue.take(asked)] ?? Effect.die("asked for something else")
    delay.enable()
    delay.reset()
    // The first turn is only where the second is counted from.
    yield* Effect.sleep("5 millis")
    const value = yield* way
    // A delay is seen once it is over.
    yield* Effect.sleep("5 millis")
    delay.disable()
    answer({ value, stall_ms: delay.max / 1e6 })
  }
})

const store = STORES[name]
if (store === undefined) throw new Error(`a store is one of ${Object.keys(STORES).join(", ")}`)
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(store)))
