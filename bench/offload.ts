/**
 * What the offloads do for one guild of 100,000 sessions: how long it is busy with a fan-out, and how many deliveries a
 * second there are when messages come one upon the other; inline, by sender fibers, and by two worker threads.
 *
 * `guild_busy_us` is the duration of the guild's own span: from taking the command to being ready for the next. It is
 * measured with ten thousand sessions too, since it must not depend on them. `workers_speedup` is over one
 * thread under the better of the others; `memory_speedup`, to compare it with, is what as many threads
 * bring to nothing but reading memory at random: on some machines very little.
 */
import { Effect, Layer, Tracer } from "effect"
import { randomUUID } from "node:crypto"
import { community } from "../examples/support/salon.ts"
import { Guild, Guilds, MemberStore, Offload, Sampler } from "../src/index.ts"
import { workers } from "../src/layers/Offload/workers.ts"
import * as crowd from "./support/crowd.ts"
import * as memory from "./support/memory.ts"
import { median, quick, report } from "./support/report.ts"

const MANY = quick ? 1_000 : 100_000
const FEW = quick ? 100 : 10_000
const ROUNDS = quick ? 2 : 15
const WARM_UP = quick ? 1 : 5
/** Messages that come one upon the other. */
const BURST = quick ? 2 : 10
const THREADS = 2
const MEMORY_ROUNDS = quick ? 1 : 3

/** A guild and its crowd, wherever that is. `everyone` waits until so many messages have reached all. */
interface World {
  readonly guild: Guild.Guild
  readonly everyone: (messages: number) => Effect.Effect<void>
}

const strategies = Layer.mergeAll(Sampler.never, MemberStore.heap)

/** How long a guild was busy, by its own span. */
const busy: Array<number> = []
const tracer = Tracer.make({
  span: (options) => {
    const span = new Tracer.NativeSpan(options)
    const end = span.end.bind(span)
    span.end = (time, exit) => {
      if (span.name === "guild.SendMessage") busy.push(Number(time - span.startTime) / 1000)
      end(time, exit)
    }
    return span
  }
})

const here = Effect.fnUntraced(function* (size: number, offload: Layer.Layer<Offload.Offload>) {
  const { arrive, expect } = crowd.counter()
  const context = yield* Layer.build(Layer.merge(strategies, offload))
  const guild = yield* Effect.provideContext(Guild.make({ community, members: crowd.members(size) }), context)
  const welcomed = expect(size)
  yield* crowd.connect(guild, size, arrive)
  yield* welcomed
  const world: World = { guild, everyone: (messages) => expect(messages * size) }
  return world
})

const elsewhere = Effect.fnUntraced(function* (size: number) {
  const channel = randomUUID()
  const talk = yield* Effect.acquireRelease(
    Effect.sync(() => new BroadcastChannel(channel)),
    (talk) => Effect.sync(() => talk.close())
  )
  const { arrive, expect } = crowd.counter()
  talk.onmessage = arrive
  const welcomed = expect(THREADS)
  const offload = workers({
    url: new URL("./support/thread.ts", import.meta.url),
    count: THREADS,
    data: { channel, sessions: size / THREADS }
  })
  // Whatever numbers the threads have, their sessions are members'.
  const members = crowd.members(2 * THREADS * size)
  const guilds = Guilds.layer([{ community, members }]).pipe(Layer.provide([strategies, offload]))
  const { all } = yield* Effect.provideContext(Guilds.Guilds, yield* Layer.build(guilds))
  const [guild] = all
  if (guild === undefined) return yield* Effect.die(new Error("there is no guild"))
  yield* welcomed
  const world: World = { guild, everyone: (messages) => expect(messages * THREADS) }
  return world
})

const worlds = {
  inline: (size: number) => here(size, Offload.inline),
  senders: (size: number) => here(size, Offload.senders()),
  workers: elsewhere
}

const program = Effect.gen(function* () {
  const subjects: Array<readonly [name: string, world: World, size: number]> = []
  for (const [name, make] of Object.entries(worlds)) {
    subjects.push([`${name}_10k`, yield* make(FEW), FEW], [name, yield* make(MANY), MANY])
  }
  const busyOf: Record<string, Array<number>> = {}
  const took: Record<string, Array<number>> = {}
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const shift = (round + WARM_UP) % subjects.length
    for (const [name, { everyone, guild }, size] of [...subjects.slice(shift), ...subjects.slice(0, shift)]) {
      const one = everyone(1)
      busy.length = 0
      yield* Effect.withSpan(crowd.say(guild), "message")
      yield* one
      const start = performance.now()
      const burst = everyone(BURST)
      yield* Effect.all(
        Array.from({ length: BURST }, () => crowd.say(guild)),
        { concurrency: "unbounded", discard: true }
      )
      yield* burst
      if (round >= 0) {
        ;(busyOf[name] ??= []).push(...busy)
        ;(took[name] ??= []).push((performance.now() - start) / 1000 / (BURST * size))
      }
      yield* Effect.sleep("5 millis")
    }
  }
  const scaled: Array<number> = []
  for (let round = 0; round < MEMORY_ROUNDS; round++) scaled.push(yield* Effect.promise(() => memory.speedup(THREADS)))
  const figures: Record<string, number> = {}
  for (const [name] of subjects) {
    figures[`${name}_guild_busy_us`] = median(busyOf[name] ?? [])
    figures[`${name}_deliveries_per_s`] = 1 / median(took[name] ?? [])
  }
  report("offload", {
    ...figures,
    workers_speedup: Math.min(median(took.inline ?? []), median(took.senders ?? [])) / median(took.workers ?? []),
    memory_speedup: median(scaled)
  })
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provideService(Tracer.Tracer, tracer)))
process.exit()
