/** Guilds and their sessions under an offload, wherever that has the sessions live. */
import { Deferred, Effect, Exit, type Layer, Queue, Scope } from "effect"
import { randomUUID } from "node:crypto"
import type { GuildId, SessionId, UserId } from "../../../src/domain/Ids.ts"
import { SessionSocket } from "../../../src/domain/SessionSocket.ts"
import * as Offload from "../../../src/layers/Offload.ts"
import { workers } from "../../../src/layers/Offload/workers.ts"
import * as memory from "../../../src/layers/SessionSocket/memory.ts"
import * as Guild from "../../../src/programs/Guild.ts"
import { Guilds } from "../../../src/programs/Guilds.ts"
import * as Session from "../../../src/programs/Session.ts"
import * as Transport from "../../../src/programs/Transport.ts"
import { decodeHeard, type Heard, type Said } from "./talk.ts"

/** What a session's client got, in order. It may leave its guild and come back, as often as it likes. */
export interface Client {
  readonly take: Effect.Effect<string>
  /** How many frames have come that were not taken. */
  readonly waiting: Effect.Effect<number>
  readonly connect: Effect.Effect<void>
  readonly disconnect: Effect.Effect<void>
  readonly close: Effect.Effect<void>
}

interface Wish {
  readonly session: SessionId
  readonly guild: GuildId
  readonly user: UserId
  readonly intents: number
  readonly isPassive?: boolean
}

export interface World {
  readonly offload: Layer.Layer<Offload.Offload>
  /** Opens a session, at the worker of that number where there are any. */
  readonly open: (wish: Wish, worker: number) => Effect.Effect<Client, never, Guilds | Scope.Scope>
}

const found = (guild: GuildId) => Effect.flatMap(Guilds, ({ byId }) => Effect.orDie(Effect.fromOption(byId(guild))))

/** Sessions beside their guild. */
export const here = (offload: Layer.Layer<Offload.Offload>): Effect.Effect<World> =>
  Effect.succeed({
    offload,
    open: Effect.fnUntraced(function* ({ guild, session, ...rest }) {
      const scope = yield* Scope.fork(yield* Effect.scope)
      const { client, socket } = yield* memory.make()
      const started = yield* Session.make({ id: session }).pipe(
        Effect.provideService(SessionSocket, socket),
        Scope.provide(scope)
      )
      const to = yield* found(guild)
      yield* Guild.connect(to, started, rest).pipe(Scope.provide(scope), Effect.orDie)
      return {
        take: Effect.orDie(Queue.take(client.frames)),
        waiting: Queue.size(client.frames),
        connect: Effect.orDie(Transport.call(to, "Connect", { ...rest, session, handle: started })),
        disconnect: Effect.orDie(Transport.call(to, "Disconnect", { session, user: rest.user })),
        close: Scope.close(scope, Exit.void)
      }
    })
  })

export interface Workers extends World {
  /** Says something that needs no answer. */
  readonly say: (said: Said) => void
  /** Waits until a worker says this of itself, from now on. */
  readonly heard: (what: "ready" | "blocked", worker: number) => Effect.Effect<void>
  /** The next spans that are opened at workers. */
  readonly spans: Queue.Dequeue<Extract<Heard, { hear: "span" }>>
}

const nameOf = (worker: number) => `worker-${worker}`

/** Sessions at workers that a test may talk to. */
export const remote = Effect.fnUntraced(function* (options: {
  readonly count: number
  readonly relayCapacity: number
  readonly hasSenders?: boolean
}): Effect.fn.Return<Workers, never, Scope.Scope> {
  const { count, hasSenders = false, relayCapacity } = options
  const channel = randomUUID()
  const talk = yield* Effect.acquireRelease(
    Effect.sync(() => new BroadcastChannel(channel)),
    (talk) => Effect.sync(() => talk.close())
  )
  const frames = new Map<string, Queue.Queue<string>>()
  const spans = yield* Queue.unbounded<Extract<Heard, { hear: "span" }>>()
  const waiting = new Set<{ readonly isIt: (heard: Heard) => boolean; readonly done: Deferred.Deferred<Heard> }>()
  talk.onmessage = (event) => {
    const heard = decodeHeard(event)
    if (heard.hear === "frame") {
      const queue = frames.get(heard.client)
      if (queue !== undefined) Queue.offerUnsafe(queue, heard.frame)
    }
    if (heard.hear === "span") Queue.offerUnsafe(spans, heard)
    for (const one of waiting) {
      if (!one.isIt(heard)) continue
      waiting.delete(one)
      Deferred.doneUnsafe(one.done, Effect.succeed(heard))
    }
  }
  const say = (said: Said) => talk.postMessage(said)
  const until = (isIt: (heard: Heard) => boolean) => {
    const done = Deferred.makeUnsafe<Heard>()
    waiting.add({ isIt, done })
    return Deferred.await(done)
  }
  const ready = new Map<number, Effect.Effect<Heard>>()
  let clients = 0
  const whenReady = (worker: number) => {
    const known = ready.get(worker)
    if (known !== undefined) return known
    const first = until((heard) => heard.hear === "ready" && heard.worker === nameOf(worker))
    ready.set(worker, first)
    return first
  }
  for (let worker = 0; worker < count; worker++) whenReady(worker)

  return {
    offload: workers({
      url: new URL("./worker.ts", import.meta.url),
      count,
      data: { channel, relayCapacity, hasSenders }
    }),
    say,
    spans,
    heard: (what, worker) => Effect.asVoid(until((heard) => heard.hear === what && heard.worker === nameOf(worker))),
    open: Effect.fnUntraced(function* (wish, index) {
      const worker = index % count
      yield* whenReady(worker)
      const client = `${wish.session} ${clients++}`
      const queue = yield* Queue.unbounded<string>()
      frames.set(client, queue)
      const done = (what: "opened" | "connected" | "disconnected" | "closed", said: Said) =>
        Effect.suspend(() => {
          const heard = until((heard) => heard.hear === what && heard.client === client)
          say(said)
          return Effect.asVoid(heard)
        })
      const to = nameOf(worker)
      yield* done("opened", { say: "open", to, client, ...wish })
      return {
        take: Queue.take(queue),
        waiting: Queue.size(queue),
        connect: done("connected", { say: "connect", to, client }),
        disconnect: done("disconnected", { say: "disconnect", to, client }),
        close: done("closed", { say: "close", to, client })
      }
    })
  }
})
