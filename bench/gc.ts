/**
 * What the garbage collector takes of a fan-out, by the size of the young generation: where sessions are served in passing
 * (their handler needs no fiber), and where each message wakes its session's fiber, which then waits anew. What a wait
 * holds lives until the next message, so it survives whatever the collector does meanwhile, and is copied: the young
 * generation has to be larger than a fan-out's waits, or all of it is copied and then moved to the old one.
 *
 * Each size in a process of its own, since V8 takes it when it starts. `pause` is the collector's share of the time.
 * `…_2_threads`: the same crowd in two worker threads at once, each with half of it and a heap of its own; microseconds are
 * then of the time in which either half of the deliveries happened.
 */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { PerformanceObserver } from "node:perf_hooks"
import { fileURLToPath } from "node:url"
import { isMainThread, parentPort, Worker } from "node:worker_threads"
import { type Envelope, FanOut, Mailbox, Sender } from "../src/index.ts"
import { counter } from "./support/crowd.ts"
import { median, quick, report } from "./support/report.ts"

const SIZE = quick ? 500 : 100_000
const ROUNDS = quick ? 3 : 20
const WARM_UP = quick ? 1 : 5

/** Of half the young generation, in MiB, as V8 is told it; 0 leaves it to V8 (16, as far as it needs them). */
const SEMI_SPACES = quick ? [0, 16] : [0, 1, 16, 64, 128]
/** Those of them that worker threads are tried with. */
const IN_THREADS = quick ? [0] : [0, 16]
const THREADS = 2
const WAYS = ["passing", "woken"] as const
type Way = (typeof WAYS)[number]

interface Figures {
  readonly deliver_us: number
  readonly pause: number
  readonly pause_ms_max: number
}

const measured = (way: Way, size: number) =>
  Effect.gen(function* () {
    const { arrive, expect } = counter()
    const handle = way === "passing" ? () => arrive() : () => Effect.sync(arrive)
    const recipients = yield* Effect.forEach(Array.from({ length: size }), () =>
      Effect.map(Mailbox.make<string | Envelope.Envelope<string>>(), (mailbox) => ({ mailbox }))
    )
    for (const { mailbox } of recipients) yield* Effect.forkScoped(Mailbox.consume(mailbox, handle))
    let counts = false
    const pauses: Array<number> = []
    const observer = new PerformanceObserver((list) => {
      if (counts) for (const { duration } of list.getEntries()) pauses.push(duration)
    })
    observer.observe({ entryTypes: ["gc"] })
    const took: Array<number> = []
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      // What was seen before belongs to the rounds before.
      yield* Effect.sleep("5 millis")
      counts = round >= 0
      const everyone = expect(size)
      const start = performance.now()
      yield* Sender.inline.push(FanOut.uniform(recipients, "hello"), () => Effect.void)
      yield* everyone
      if (counts) took.push(performance.now() - start)
    }
    yield* Effect.sleep("5 millis")
    const sum = (all: ReadonlyArray<number>) => all.reduce((total, one) => total + one, 0)
    const figures: Figures = {
      deliver_us: (median(took) * 1000) / size,
      pause: sum(pauses) / sum(took),
      pause_ms_max: Math.max(0, ...pauses)
    }
    return figures
  })

/** The crowd in worker threads, each with its share, all at once. */
const inThreads = (way: Way) =>
  Effect.promise(async () => {
    const all = await Promise.all(
      Array.from(
        { length: THREADS },
        () =>
          new Promise<Figures>((resolve, reject) => {
            const thread = new Worker(fileURLToPath(import.meta.url), {
              argv: [`--way=${way}`, ...process.argv.slice(2)]
            })
            thread.once("message", resolve)
            thread.once("error", reject)
          })
      )
    )
    const mean = (of: (figures: Figures) => number) => all.reduce((sum, figures) => sum + of(figures), 0) / THREADS
    const figures: Figures = {
      deliver_us: mean(({ deliver_us }) => deliver_us) / THREADS,
      pause: mean(({ pause }) => pause),
      pause_ms_max: Math.max(...all.map(({ pause_ms_max }) => pause_ms_max))
    }
    return figures
  })

const inProcess = (semiSpace: number, way: Way, threads: boolean) =>
  Effect.promise(
    () =>
      new Promise<Figures>((resolve, reject) => {
        const flags =
          semiSpace === 0 ? [] : [`--min-semi-space-size=${semiSpace}`, `--max-semi-space-size=${semiSpace}`]
        const child = spawn(
          process.execPath,
          [
            ...flags,
            fileURLToPath(import.meta.url),
            `--way=${way}`,
            ...(threads ? ["--threads"] : []),
            ...process.argv.slice(2)
          ],
          { stdio: ["ignore", "pipe", "inherit"] }
        )
        let output = ""
        child.stdout.on("data", (chunk) => (output += String(chunk)))
        child.on("close", (code) =>
          code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`ended with ${code}`))
        )
      })
  )

const program = Effect.gen(function* () {
  const metrics: Record<string, number> = {}
  for (const way of WAYS) {
    for (const [semiSpace, threads] of [
      ...SEMI_SPACES.map((semiSpace) => [semiSpace, false] as const),
      ...IN_THREADS.map((semiSpace) => [semiSpace, true] as const)
    ]) {
      const { deliver_us, pause, pause_ms_max } = yield* inProcess(semiSpace, way, threads)
      const name = `${way}_${semiSpace === 0 ? "default" : `${semiSpace}_mib`}${threads ? "_2_threads" : ""}`
      metrics[`${name}_us`] = deliver_us
      metrics[`${name}_pause`] = pause
      metrics[`${name}_pause_ms_max`] = pause_ms_max
    }
  }
  report("gc", metrics)
})

const asked = WAYS.find((way) => process.argv.includes(`--way=${way}`))
const told = (figures: Figures) =>
  Effect.sync(() => {
    // For the parent, which reads it: a process on standard output, a thread at its port.
    if (parentPort === null) console.log(JSON.stringify(figures))
    else parentPort.postMessage(figures)
  })
const subject = (way: Way) => {
  if (!isMainThread) return Effect.scoped(measured(way, SIZE / THREADS))
  return process.argv.includes("--threads") ? inThreads(way) : Effect.scoped(measured(way, SIZE))
}
await Effect.runPromise(asked === undefined ? program : Effect.flatMap(subject(asked), told))
if (isMainThread) process.exit()
