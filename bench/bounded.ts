/**
 * What bounds cost, and what keeps what has none small: memory that a payload takes per byte, in several scripts, and what
 * each recipient of it costs beside one in ASCII (`nonascii_vs_ascii`, to real connections, with as many bytes); a page of
 * one member of 200,000 (`page_us`), and how that grows from a thousand members to a million: of one guild each
 * (`page_growth`), and of as many members in all, a thousand in each guild or all in one (`page_growth_alike`), which leaves out
 * that the processor's cache has what is small; and what limits cost a message's POST (`limits_tax`) and a frame
 * (`frame_limits_tax`): of two servers in turn, one of which counts nothing, and by what it takes to count alone (`_alone`). Of what goes to a connection that takes it, nothing is counted.
 */
import { Effect, Layer } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as RunQueue from "../src/domain/mailbox/RunQueue.ts"
import type { Members } from "../src/domain/MemberStore.ts"
import { Ids, MemberStore, Payload } from "../src/index.ts"
import { hybrid } from "../src/layers/MemberStore/hybrid.ts"
import * as Framing from "../src/layers/SessionSocket/Framing.ts"
import { Waiting } from "../src/layers/SessionSocket/Waiting.ts"
import * as Sqlite from "../src/layers/Sqlite.ts"
import { collectGarbage } from "./support/collect.ts"
import { connections } from "./support/connections.ts"
import * as population from "./support/population.ts"
import { limits } from "./support/limits.ts"
import { median, quick, report } from "./support/report.ts"

const SCRIPTS = { ascii: "a", cyrillic: "ж", chinese: "漢", emoji: "😀" } as const
type Script = keyof typeof SCRIPTS

/** A text of so many bytes. */
const written = (script: Script, bytes: number): string => {
  const letter = SCRIPTS[script]
  return letter.repeat(Math.ceil(bytes / Buffer.byteLength(letter)))
}

const KEPT = quick ? 20 : 200
const KEPT_BYTES = 100_000

const inUse = () => {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const heapPerByte = (script: Script): number => {
  const before = inUse()
  const kept = Array.from({ length: KEPT }, (_, index) =>
    Payload.make("MESSAGE_CREATE", { content: `${index} ${written(script, KEPT_BYTES)}` })
  )
  const bytes = inUse() - before
  return bytes / kept.reduce((sum, { octets }) => sum + octets.length, 0)
}

const CONNECTIONS = quick ? 10 : 500
const ROUNDS = quick ? 3 : 60
const MESSAGE_BYTES = 2_000

/** Microseconds for each of many connections, to each of which an event is written. */
const perRecipient = Effect.gen(function* () {
  const sockets = yield* connections(CONNECTIONS)
  const runQueue = yield* Effect.withFiber((fiber) => Effect.succeed(RunQueue.of(fiber)))
  const all = sockets.map((socket) => new Waiting(socket, runQueue))
  const took: Record<Script, Array<number>> = { ascii: [], cyrillic: [], chinese: [], emoji: [] }
  const scripts: ReadonlyArray<Script> = ["ascii", "cyrillic", "chinese", "emoji"]
  let sequence = 0
  for (let round = -5; round < ROUNDS; round++) {
    for (const script of scripts) {
      const start = performance.now()
      const payload = Payload.make("MESSAGE_CREATE", { content: written(script, MESSAGE_BYTES) })
      sequence++
      for (const waiting of all) {
        waiting.push(Framing.text.event(payload, sequence) ?? "")
        waiting.flush()
      }
      if (round >= 0) took[script].push(((performance.now() - start) * 1000) / CONNECTIONS)
      // What was written is read meanwhile.
      yield* Effect.sleep("5 millis")
    }
  }
  return (script: Script) => median(took[script])
})

const STORES: Readonly<Record<string, Layer.Layer<MemberStore.MemberStore, SqlError>>> = {
  heap: MemberStore.heap,
  hybrid: hybrid(),
  durable: MemberStore.durable({ working: hybrid() }).pipe(Layer.provide(Sqlite.memory))
}

const SIZES = quick ? ([100, 1_000, 2_000] as const) : ([1_000, 200_000, 1_000_000] as const)
const PAGES = quick ? 100 : 2_000

/** Microseconds for a page of one member, of any guild, wherever it begins. */
const page = (guilds: ReadonlyArray<Members>, size: number) =>
  Effect.gen(function* () {
    const start = performance.now()
    for (let nth = 0; nth < PAGES; nth++) {
      const members = guilds[Math.floor(Math.random() * guilds.length)]
      yield* members?.page(population.userId(Math.floor(Math.random() * size)), 1) ?? Effect.void
    }
    return ((performance.now() - start) * 1000) / PAGES
  })

const everybody = function* (size: number) {
  for (let index = 0; index < size; index++) yield population.memberOf(index)
}

const pages = Effect.fnUntraced(function* (store: string) {
  const { open } = yield* MemberStore.MemberStore
  let last = 0
  const filled = Effect.fnUntraced(function* (size: number) {
    const members = yield* open(Ids.GuildId.make(String(++last)))
    yield* members.putAll(everybody(size))
    return members
  })
  const [few, , most] = SIZES
  const alone = yield* Effect.forEach(SIZES, (size) => Effect.map(filled(size), (members) => [members]))
  const alike = yield* Effect.forEach(Array.from({ length: most / few }), () => filled(few))
  const subjects = [...SIZES.map((size, nth) => ({ size, guilds: alone[nth] ?? [] })), { size: few, guilds: alike }]
  const took = subjects.map((): Array<number> => [])
  for (let round = -2; round < 9; round++) {
    for (const [nth, { guilds, size }] of subjects.entries()) {
      const micros = yield* page(guilds, size)
      if (round >= 0) took[nth]?.push(micros)
    }
  }
  const [ofFew = Number.NaN, ofMany, ofMost = Number.NaN, ofAlike = Number.NaN] = took.map(median)
  return {
    [`page_us_${store}`]: ofMany ?? Number.NaN,
    [`page_growth_${store}`]: ofMost / ofFew,
    [`page_growth_alike_${store}`]: ofMost / ofAlike
  }
}, Effect.scoped)

const program = Effect.gen(function* () {
  const micros = yield* perRecipient
  const others: ReadonlyArray<Script> = ["cyrillic", "chinese", "emoji"]
  const heap = Object.fromEntries(
    (["ascii", ...others] as const).map((script) => [`heap_per_byte_${script}`, heapPerByte(script)])
  )
  const paged = yield* Effect.forEach(Object.entries(STORES), ([name, layer]) => Effect.provide(pages(name), layer))
  report("bounded", {
    ...heap,
    ascii_us: micros("ascii"),
    nonascii_vs_ascii: Math.max(...others.map((script) => micros(script))) / micros("ascii"),
    ...Object.assign({}, ...paged),
    ...(yield* limits)
  })
})

await Effect.runPromise(Effect.scoped(program))
process.exit()
