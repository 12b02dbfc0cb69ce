/** What the tests' workers run: sessions that are opened, read and made to suffer by word from the test. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Exit, Layer, Scope, Tracer } from "effect"
import { threadName, workerData } from "node:worker_threads"
import * as Payload from "../../../src/domain/gateway/Payload.ts"
import { SessionSocket } from "../../../src/domain/SessionSocket.ts"
import * as Offload from "../../../src/layers/Offload.ts"
import * as thread from "../../../src/layers/Offload/thread.ts"
import * as Sampler from "../../../src/layers/Sampler.ts"
import * as memory from "../../../src/layers/SessionSocket/memory.ts"
import * as Guild from "../../../src/programs/Guild.ts"
import { Guilds } from "../../../src/programs/Guilds.ts"
import * as RemoteGuilds from "../../../src/programs/RemoteGuilds.ts"
import * as Session from "../../../src/programs/Session.ts"
import * as Transport from "../../../src/programs/Transport.ts"
import { parentId } from "../tracing.ts"
import { DIE, type Heard, isWorkerData, type Said } from "./talk.ts"

const { channel, hasSenders, relayCapacity } = isWorkerData(workerData)
  ? workerData
  : { channel: "", hasSenders: false, relayCapacity: 1 }
const name = threadName ?? ""

/** The clock of a worker is the real one, and the machine may be busy. */
const PATIENT = { timeout: "1 minute" } as const

const talk = new BroadcastChannel(channel)
const tell = (heard: Heard) => talk.postMessage(heard)

/** Tells the test of every span. */
const tracer = Tracer.make({
  span: (options) => {
    const span = new Tracer.NativeSpan(options)
    const { name, spanId, traceId } = span
    tell({ hear: "span", name, traceId, spanId, parentId: parentId(span) })
    return span
  }
})

const sessions = Effect.gen(function* () {
  const { all } = yield* Guilds
  const scope = yield* Effect.scope
  const open = new Map<
    string,
    { readonly scope: Scope.Closeable; readonly connect: Effect.Effect<void>; readonly disconnect: Effect.Effect<void> }
  >()

  const opened = Effect.fnUntraced(function* ({
    client,
    guild,
    intents,
    isPassive = false,
    session,
    user
  }: Extract<Said, { say: "open" }>) {
    const own = yield* Scope.fork(scope)
    const { socket } = yield* memory.make()
    const send = (frame: string) => tell({ hear: "frame", client, frame })
    const told = {
      ...socket,
      send: (frame: string) => Effect.sync(() => send(frame)),
      sendUnsafe: (payload: Payload.Payload, sequence: number) => {
        send(Payload.frame(payload, sequence))
        return true
      }
    }
    const started = yield* Session.make({ id: session }).pipe(
      Effect.provideService(SessionSocket, told),
      Scope.provide(own)
    )
    const found = all.find(({ community }) => community.id === guild)
    if (found === undefined) return
    const wish = { user, intents, isPassive }
    open.set(client, {
      scope: own,
      connect: Effect.orDie(Transport.call(found, "Connect", { ...wish, session, handle: started }, PATIENT)),
      disconnect: Effect.orDie(Transport.call(found, "Disconnect", { session, user }, PATIENT))
    })
    yield* Effect.orDie(Scope.provide(Guild.connect(found, started, { ...wish, ...PATIENT }), own))
    tell({ hear: "opened", client })
  })

  const done = (hear: "connected" | "disconnected" | "closed", client: string) =>
    Effect.suspend(() => {
      const own = open.get(client)
      if (own === undefined) return Effect.void
      if (hear === "closed") return Scope.close(own.scope, Exit.void)
      return hear === "connected" ? own.connect : own.disconnect
    }).pipe(Effect.map(() => tell({ hear, client })))

  const runFork = Effect.runForkWith(yield* Effect.context<Scope.Scope>())
  talk.onmessage = ({ data }: { readonly data: Said }) => {
    if (data.to !== name) return
    switch (data.say) {
      case "open":
        return void runFork(opened(data))
      case "connect":
        return void runFork(done("connected", data.client))
      case "disconnect":
        return void runFork(done("disconnected", data.client))
      case "close":
        return void runFork(done("closed", data.client))
      case "block":
        tell({ hear: "blocked", worker: name })
        // The whole thread, until the test lets it go on, or has it die of that.
        Atomics.wait(new Int32Array(data.until), 0, 0)
        if (Atomics.load(new Int32Array(data.until), 0) === DIE) throw new Error("as the test wants it")
        return
      case "die":
        setImmediate(() => {
          throw new Error("as the test wants it")
        })
    }
  }
  yield* Effect.addFinalizer(() => Effect.sync(() => talk.close()))
  tell({ hear: "ready", worker: name })
})

Layer.effectDiscard(sessions).pipe(
  Layer.provide(RemoteGuilds.layer({ relayCapacity })),
  Layer.provide([Sampler.always, hasSenders ? Offload.senders({ capacity: 2 }) : Offload.inline]),
  Layer.provide(Layer.succeed(Tracer.Tracer, tracer)),
  thread.launch,
  NodeRuntime.runMain
)
