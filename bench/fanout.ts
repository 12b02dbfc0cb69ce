/**
 * What a fan-out costs, per delivery: from the command to the guild, through relays, until the last session has handled
 * the message; tracing is on, and the message not sampled. Beside it, over as many, in turn: Effect's own `Queue` and
 * `PubSub` with a fiber for each recipient, and the BEAM with a process for each, by `send` and by `GenServer.cast`.
 *
 * Each peer is a process of its own, so that nobody pays for another's garbage; and so is the million, beside ten
 * thousand, and a crowd whose memory is scattered, as after hours, beside one whose memory lies in order.
 */
import { Effect, Layer } from "effect"
import { fork, spawn } from "node:child_process"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { fileURLToPath } from "node:url"
import { MemberStore, Offload, Sampler, TraceStore } from "../src/index.ts"
import * as beam from "./support/beam.ts"
import * as crowd from "./support/crowd.ts"
import { median, quick, report } from "./support/report.ts"
import { collectGarbage } from "./support/collect.ts"

const FEW = quick ? 100 : 10_000
const MANY = quick ? 1_000 : 100_000
const MILLION = quick ? 10_000 : 1_000_000

const ROUNDS = quick ? 2 : 9
const WARM_UP = quick ? 1 : 3
/** What is as after hours is compiled as after hours too: within the first dozen rounds a build takes 0.24 to 0.6 µs, by chance. */
const LONG_WARM_UP = quick ? 1 : 40
/** A round of the few takes a hundredth of the million's. */
const FEW_ROUNDS = quick ? 2 : 20

const strategies = Layer.mergeAll(Sampler.byFanOutSize(), MemberStore.heap, Offload.inline).pipe(
  Layer.provideMerge(TraceStore.ring({ traces: 1 }))
)

const timed = <E, R>(effect: Effect.Effect<unknown, E, R>, size: number) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => ((performance.now() - start) * 1000) / size)
  })

const inUse = Effect.sync(() => {
  collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
})

/** Effect's own queues and topics, in a process of their own. */
const effectPeer = Effect.gen(function* () {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(new URL("./peers/effect.ts", import.meta.url), [String(MANY)])),
    (child) => Effect.sync(() => child.kill())
  )
  const figure = Effect.callback<number>((resume) => {
    child.once("message", (micros) => resume(Effect.succeed(Number(micros))))
  })
  yield* figure
  return (what: "queue" | "topic") =>
    Effect.suspend(() => {
      child.send(what)
      return Effect.map(figure, (micros) => micros / MANY)
    })
})

type Figures = Readonly<Record<string, number>>

const million = Effect.gen(function* () {
  const few = yield* crowd.make(FEW)
  const all = yield* crowd.make(MILLION)
  yield* inUse
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const took = { few: new Array<number>(), million: new Array<number>() }
  const delays: Array<number> = []
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (let nth = 0; nth < FEW_ROUNDS; nth++) {
      const micros = yield* timed(few, FEW)
      if (round >= 0) took.few.push(micros)
      yield* Effect.sleep("1 millis")
    }
    delay.enable()
    const micros = yield* timed(all, MILLION)
    delay.disable()
    if (round >= 0) {
      took.million.push(micros)
      delays.push(delay.max / 1e6)
    }
    // Or the first figure of the next round would be the time between the two.
    delay.reset()
    yield* Effect.sleep("5 millis")
  }
  const figures: Figures = {
    deliver_us_10k: median(took.few),
    deliver_us_1m: median(took.million),
    scale_1m_over_10k: median(took.million) / median(took.few),
    rss_gb_1m: process.memoryUsage().rss / 1e9,
    loop_delay_ms_max: Math.max(...delays)
  }
  return figures
})

const scattered = Effect.gen(function* () {
  const crowds = { inOrder: yield* crowd.make(MANY), scattered: yield* crowd.make(MANY, { isScattered: true }) }
  yield* inUse
  const took = { inOrder: new Array<number>(), scattered: new Array<number>() }
  for (let round = -LONG_WARM_UP; round < ROUNDS; round++) {
    for (const name of ["inOrder", "scattered"] as const) {
      const micros = yield* timed(crowds[name], MANY)
      if (round >= 0) took[name].push(micros)
      yield* Effect.sleep("5 millis")
    }
  }
  const figures: Figures = {
    deliver_us_100k_scattered: median(took.scattered),
    scattered_over_in_order: median(took.scattered) / median(took.inOrder)
  }
  return figures
})

/** What is measured in a process that has nothing else to remember. */
const apart = (name: "million" | "scattered") =>
  Effect.promise(
    () =>
      new Promise<Figures>((resolve, reject) => {
        const child = spawn(process.execPath, [fileURLToPath(import.meta.url), `--${name}`, ...process.argv.slice(2)], {
          stdio: ["ignore", "pipe", "inherit"]
        })
        let output = ""
        child.stdout.on("data", (chunk) => (output += String(chunk)))
        child.on("close", (code) =>
          code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`${name} ended with ${code}`))
        )
      })
  )

const program = Effect.gen(function* () {
  let before = 0
  // What members take is another matter.
  const membersAreThere = Effect.map(inUse, (bytes) => {
    before = bytes
  })
  const ours = yield* crowd.make(MANY, { before: membersAreThere })
  yield* Effect.sleep("100 millis")
  const bytes = ((yield* inUse) - before) / MANY
  const effect = yield* effectPeer
  const peer = yield* Effect.promise(() =>
    beam.start(fileURLToPath(new URL("./peers/fanout.exs", import.meta.url)), String(MANY))
  )
  yield* Effect.addFinalizer(() => Effect.sync(() => peer?.stop()))
  const asked = (what: string) =>
    Effect.promise(async () => (peer === undefined ? Number.NaN : (await peer.ask(what)) / MANY))
  const subjects: ReadonlyArray<readonly [name: string, micros: Effect.Effect<number, unknown, Sampler.Sampler>]> = [
    ["ours", timed(ours, MANY)],
    ["send", asked("send")],
    ["queue", effect("queue")],
    ["cast", asked("cast")],
    ["topic", effect("topic")]
  ]
  const took: Record<string, Array<number>> = {}
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const shift = (round + WARM_UP) % subjects.length
    for (const [name, micros] of [...subjects.slice(shift), ...subjects.slice(0, shift)]) {
      yield* Effect.sleep("5 millis")
      const figure = yield* micros
      if (round >= 0) (took[name] ??= []).push(figure)
    }
  }
  const of = (name: string) => median(took[name] ?? [])
  report("fanout", {
    deliver_us_100k: of("ours"),
    ...(yield* apart("scattered")),
    ...(yield* apart("million")),
    bytes_per_session: bytes,
    effect_queue_us: of("queue"),
    effect_pubsub_us: of("topic"),
    vs_effect_queue: of("queue") / of("ours"),
    ...(peer === undefined
      ? undefined
      : {
          beam_send_us: of("send"),
          beam_cast_us: of("cast"),
          beam_bytes: peer.greeting,
          vs_beam_send: of("send") / of("ours"),
          vs_beam_cast: of("cast") / of("ours"),
          memory_vs_beam: bytes / peer.greeting
        })
  })
})

/** For the parent, which reads it. */
const toParent = <E, R>(figures: Effect.Effect<Figures, E, R>) =>
  Effect.map(figures, (all) => console.log(JSON.stringify(all)))

const isAsked = (name: "million" | "scattered") => process.argv.includes(`--${name}`)
const apartOrAll = isAsked("million") ? toParent(million) : isAsked("scattered") ? toParent(scattered) : program
await Effect.runPromise(apartOrAll.pipe(Effect.scoped, Effect.provide(strategies)))
process.exit()
