/**
 * What a message costs on its way from the guild to every session, per delivery: not sampled, sampled under the posts'
 * curve, and sampled for everyone; beside a plain loop that offers the same to as many fibers through Effect's `Queue`.
 */
import { Effect, Layer, Queue } from "effect"
import { MemberStore, Offload, Sampler, TraceStore } from "../src/index.ts"
import * as crowd from "./support/crowd.ts"
import { mean, median, permutations, quick, report } from "./support/report.ts"

const SESSIONS = quick ? 200 : 10_000
/** Every order of the four subjects, twice. */
const ROUNDS = quick ? 4 : 48
const WARM_UP = quick ? 1 : 8

const timed = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => ((performance.now() - start) * 1000) / SESSIONS)
  })

const strategies = (sampler: Layer.Layer<Sampler.Sampler>) =>
  Layer.mergeAll(sampler, MemberStore.heap, Offload.inline).pipe(Layer.provideMerge(TraceStore.ring({ traces: 1 })))

/** The plain version: nothing but a queue and a waiting fiber for each recipient. */
const plain = Effect.gen(function* () {
  const { arrive, expect } = crowd.counter()
  const queues = yield* Effect.forEach(Array.from({ length: SESSIONS }), () => Queue.unbounded<string>())
  for (const queue of queues) {
    yield* Effect.forkScoped(Effect.forever(Effect.map(Queue.take(queue), arrive)))
  }
  yield* Effect.yieldNow
  return Effect.suspend(() => {
    const everyone = expect(SESSIONS)
    for (const queue of queues) Queue.offerUnsafe(queue, "hello")
    return everyone
  })
})

const program = Effect.gen(function* () {
  // A salon each: the second to speak in one salon would find it in the processor's caches.
  const say = yield* Effect.provide(crowd.make(SESSIONS), strategies(Sampler.byFanOutSize()))
  const sayTraced = yield* Effect.provide(crowd.make(SESSIONS), strategies(Sampler.byFanOutSize()))
  const sayToAll = yield* Effect.provide(crowd.make(SESSIONS), strategies(Sampler.always))
  const offer = yield* plain
  const subjects = {
    unsampled: say,
    sampled: Effect.withSpan(sayTraced, "bench"),
    sampled_always: Effect.withSpan(sayToAll, "bench"),
    plain_queue: offer
  }
  const took: Record<string, Array<number>> = {}
  const orders = permutations(Object.entries(subjects))
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, subject] of orders[(round + WARM_UP) % orders.length] ?? []) {
      // Those who had the last message are still on their way back to their mailboxes.
      yield* Effect.sleep("5 millis")
      const micros = yield* timed(subject)
      if (round >= 0) (took[name] ??= []).push(micros)
    }
  }
  const of = (name: keyof typeof subjects) => median(took[name] ?? [])
  report("path", {
    sessions: SESSIONS,
    deliver_us: of("unsampled"),
    deliver_us_sampled: of("sampled"),
    deliver_us_sampled_always: of("sampled_always"),
    // One in two of these has a young collection in it, so the median is now that of those with one, now of those without.
    deliver_us_sampled_always_mean: mean(took["sampled_always"] ?? []),
    plain_queue_us: of("plain_queue"),
    sampled_over_unsampled: of("sampled") / of("unsampled"),
    unsampled_over_plain: of("unsampled") / of("plain_queue")
  })
})

Effect.runPromise(Effect.scoped(program))
