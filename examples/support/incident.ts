/**
 * The incident of the posts, on a simulated clock: a guild that cannot keep up, and a member who connects meanwhile.
 *
 * Its member store has become slow, so that every message takes the guild 120 ms; and 8,000 members have something to
 * say at once. None of that is sampled. Then a member connects, in a sampled trace.
 */
import { Effect, Fiber, Layer, Queue } from "effect"
import { TestClock } from "effect/testing"
import { Guild, Ids, Intents, MemberStore, Offload, Sampler } from "../../src/index.ts"
import { Session, SessionSocket, TraceStore, Transport } from "../../src/index.ts"
import { community, general, member } from "./salon.ts"

export const MESSAGES = 8_000
export const MILLIS_EACH = 120

const slowMemberStore = Layer.effect(
  MemberStore.MemberStore,
  Effect.map(MemberStore.MemberStore, ({ open }) => ({
    open: (guild: Ids.GuildId) =>
      Effect.map(open(guild), (store) => ({
        ...store,
        get: (user: Ids.UserId) => Effect.delay(store.get(user), MILLIS_EACH)
      }))
  }))
).pipe(Layer.provide(MemberStore.heap))

const [owner, grace] = [member(0), member(1)]
const write = { author: owner.user.id, channel: general.id, draft: { content: "!", embeds: [], tts: false } }

/** The finished spans of the member's trace, and when it began (Unix milliseconds). */
export const incident = Effect.gen(function* () {
  const guild = yield* Guild.make({ community, members: [owner, grace] })
  const patience = { timeout: "1 hour" } as const
  const crowd = yield* Effect.forkChild(
    Effect.replicateEffect(Transport.call(guild, "SendMessage", write, patience), MESSAGES, {
      concurrency: "unbounded",
      discard: true
    })
  )
  yield* Effect.yieldNow

  const { client, socket } = yield* SessionSocket.memory.make()
  const session = yield* Effect.provideService(
    Session.make({ id: Ids.SessionId.make("grace") }),
    SessionSocket.SessionSocket,
    socket
  )
  const intents = Intents.GUILDS
  const connecting = yield* Effect.forkChild(
    Effect.withSpan(Guild.connect(guild, session, { user: grace.user.id, intents, ...patience }), "member.connects")
  )
  // What the member sees of the guild comes when it is connected, and not before.
  const clicksInto = yield* Effect.forkChild(Queue.take(client.frames))

  yield* TestClock.adjust("20 minutes")
  for (const fiber of [crowd, connecting, clicksInto]) yield* Fiber.join<unknown, unknown>(fiber)
  const store = yield* TraceStore.TraceStore
  const [trace = ""] = yield* store.traceIds
  return yield* store.spans(trace)
}).pipe(
  Effect.scoped,
  Effect.provide(
    Layer.provideMerge(Layer.mergeAll(Sampler.byFanOutSize(), slowMemberStore, Offload.inline), TraceStore.ring())
  )
)
