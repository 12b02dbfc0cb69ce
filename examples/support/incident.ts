/**
 * The incident of the posts, on a simulated clock: a guild that cannot keep up, and a member who connects meanwhile.
 *
 * Its relay has become slow, so that every fan-out takes 120 ms; and 8,000 members have something to say at once. A
 * thousand messages wait at the relay, and the guild, which waits for room there, has the others before it. None of that is
 * sampled. Then a member connects, in a sampled trace.
 */
import { Effect, Fiber, Layer, Queue } from "effect"
import { TestClock } from "effect/testing"
import { Guild, Ids, Intents, MemberStore, Offload, Sampler } from "../../src/index.ts"
import { Session, SessionSocket, TraceStore, Transport } from "../../src/index.ts"
import { community, general, member } from "./salon.ts"

export const MESSAGES = 8_000
export const MILLIS_EACH = 120

const slowOffload = Layer.effect(
  Offload.Offload,
  Effect.map(Offload.Offload, (offload) => ({
    ...offload,
    sender: Effect.map(offload.sender, (sender) => ({
      ...sender,
      push: (plan, refused) => Effect.delay(sender.push(plan, refused), MILLIS_EACH)
    }))
  }))
).pipe(Layer.provide(Offload.inline))

const [owner, grace] = [member(0), member(1)]
const write = { author: owner.user.id, channel: general.id, draft: { content: "!", embeds: [], tts: false } }

/** All that is under way goes on until it waits for the clock. */
const turns = Effect.repeat(
  Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve))),
  { times: 3 }
)

const connect = Effect.fnUntraced(function* (guild: Guild.Guild, name: string, user: Ids.UserId) {
  const { client, socket } = yield* SessionSocket.memory.make()
  const session = yield* Effect.provideService(
    Session.make({ id: Ids.SessionId.make(name) }),
    SessionSocket.SessionSocket,
    socket
  )
  yield* Guild.connect(guild, session, { user, intents: Intents.GUILDS, timeout: "1 hour" })
  return client.frames
})

/** The finished spans of the member's trace, and when it began (Unix milliseconds). */
export const incident = Effect.gen(function* () {
  const guild = yield* Guild.make({ community, members: [owner, grace] })
  const welcomed = yield* connect(guild, "owner", owner.user.id)
  yield* TestClock.adjust(MILLIS_EACH)
  yield* Queue.take(welcomed)

  const crowd = yield* Effect.forkChild(
    Effect.replicateEffect(Transport.call(guild, "SendMessage", write, { timeout: "1 hour" }), MESSAGES, {
      concurrency: "unbounded",
      discard: true
    })
  )
  yield* Effect.yieldNow
  const connecting = yield* Effect.forkChild(Effect.withSpan(connect(guild, "grace", grace.user.id), "member.connects"))

  // One fan-out after the other, each with the time that it takes the relay to go on to the next.
  const passed = Effect.andThen(TestClock.adjust(MILLIS_EACH), turns)
  yield* Effect.repeat(passed, { times: MESSAGES + 1 })
  yield* Fiber.join(crowd)
  // What the member sees of the guild comes when the relay has come to it.
  yield* Queue.take(yield* Fiber.join(connecting))
  const store = yield* TraceStore.TraceStore
  const [trace = ""] = yield* store.traceIds
  return yield* store.spans(trace)
}).pipe(
  Effect.scoped,
  Effect.provide(
    Layer.provideMerge(Layer.mergeAll(Sampler.byFanOutSize(), MemberStore.heap, slowOffload), TraceStore.ring())
  )
)
