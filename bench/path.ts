/**
 * What a message costs on its way from the guild to every session, per delivery: not sampled, sampled under the posts'
 * curve, and sampled for everyone; beside a plain loop that offers the same to as many fibers through Effect's `Queue`.
 */
import { Deferred, Effect, Layer, Queue } from "effect"
import {
  Guild,
  Ids,
  Intents,
  MemberStore,
  Offload,
  Sampler,
  Session,
  SessionSocket,
  TraceStore,
  Transport
} from "../src/index.ts"
import { community, general, member } from "../examples/support/salon.ts"
import { median, permutations, quick, report } from "./support/report.ts"

const SESSIONS = quick ? 200 : 10_000
/** Every order of the four subjects, twice. */
const ROUNDS = quick ? 4 : 48
const WARM_UP = quick ? 1 : 8

/** A socket that counts, and says when everyone has had the message. */
const counter = () => {
  let missing = 0
  let done = Deferred.makeUnsafe<void>()
  const arrive = () => {
    if (--missing === 0) Deferred.doneUnsafe(done, Effect.void)
  }
  const socket: SessionSocket.SessionSocket["Service"] = {
    receive: Effect.never,
    send: () => Effect.sync(arrive),
    sendUnsafe: () => {
      arrive()
      return true
    },
    close: () => Effect.void
  }
  const expect = (count: number) => {
    missing = count
    done = Deferred.makeUnsafe()
    return Deferred.await(done)
  }
  return { socket, expect }
}

const timed = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => ((performance.now() - start) * 1000) / SESSIONS)
  })

const salon = Effect.gen(function* () {
  const { expect, socket } = counter()
  // All sessions are the owner's: members are another matter.
  const author = member(0)
  const guild = yield* Guild.make({ community, members: [author] })
  const welcomed = expect(SESSIONS)
  for (let index = 0; index < SESSIONS; index++) {
    const session = yield* Session.make({ id: Ids.SessionId.make(String(index)) }).pipe(
      Effect.provideService(SessionSocket.SessionSocket, socket)
    )
    yield* Guild.connect(guild, session, { user: author.user.id, intents: Intents.GUILD_MESSAGES })
  }
  yield* welcomed
  return Effect.suspend(() => {
    const everyone = expect(SESSIONS)
    const draft = { content: "hello", embeds: [], tts: false }
    return Effect.andThen(
      Transport.call(guild, "SendMessage", { author: author.user.id, channel: general.id, draft }),
      everyone
    )
  })
})

const strategies = (sampler: Layer.Layer<Sampler.Sampler>) =>
  Layer.mergeAll(sampler, MemberStore.heap, Offload.inline).pipe(Layer.provideMerge(TraceStore.ring({ traces: 1 })))

/** The plain version: nothing but a queue and a waiting fiber for each recipient. */
const plain = Effect.gen(function* () {
  const { expect, socket } = counter()
  const queues = yield* Effect.forEach(Array.from({ length: SESSIONS }), () => Queue.unbounded<string>())
  for (const queue of queues) {
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(queue), socket.send)))
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
  const say = yield* Effect.provide(salon, strategies(Sampler.byFanOutSize()))
  const sayTraced = yield* Effect.provide(salon, strategies(Sampler.byFanOutSize()))
  const sayToAll = yield* Effect.provide(salon, strategies(Sampler.always))
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
    plain_queue_us: of("plain_queue"),
    sampled_over_unsampled: of("sampled") / of("unsampled"),
    unsampled_over_plain: of("unsampled") / of("plain_queue")
  })
})

Effect.runPromise(Effect.scoped(program))
