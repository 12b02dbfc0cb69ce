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
import { parentId } from "../tracing.ts"
import { DIE, type Heard, isWorkerData, type Said } from "./talk.ts"

const { channel, relayCapacity } = isWorkerData(workerData) ? workerData : { channel: "", relayCapacity: 1 }
const name = threadName ?? ""

const talk = new BroadcastChannel(channel)
const hear = (heard: Heard) => talk.postMessage(heard)

/** Tells the test of every span. */
const tracer = Tracer.make({
  span: (options) => {
    const span = new Tracer.NativeSpan(options)
    const { name, spanId, traceId } = span
    hear({ hear: "span", name, traceId, spanId, parentId: parentId(span) })
    return span
  }
})

const sessions = Effect.gen(function* () {
  const { all } = yield* Guilds
  const scope = yield* Effect.scope
  const open = new Map<string, Scope.Closeable>()

  const opened = Effect.fnUntraced(function* ({
    guild,
    intents,
    isPassive = false,
    session,
    user
  }: Extract<Said, { say: "open" }>) {
    const own = yield* Scope.fork(scope)
    open.set(session, own)
    const { socket } = yield* memory.make()
    const send = (frame: string) => hear({ hear: "frame", session, frame })
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
    yield* Effect.orDie(Scope.provide(Guild.connect(found, started, { user, intents, isPassive }), own))
    hear({ hear: "opened", session })
  })

  const closed = (session: string) =>
    Effect.suspend(() => {
      const own = open.get(session)
      return own === undefined ? Effect.void : Scope.close(own, Exit.void)
    })

  const runFork = Effect.runForkWith(yield* Effect.context<Scope.Scope>())
  talk.onmessage = ({ data }: { readonly data: Said }) => {
    if (data.to !== name) return
    switch (data.say) {
      case "open":
        return void runFork(opened(data))
      case "close":
        return void runFork(Effect.map(closed(data.session), () => hear({ hear: "closed", session: data.session })))
      case "block":
        hear({ hear: "blocked", worker: name })
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
  hear({ hear: "ready", worker: name })
})

Layer.effectDiscard(sessions).pipe(
  Layer.provide(RemoteGuilds.layer({ relayCapacity })),
  Layer.provide([Sampler.always, Offload.inline]),
  Layer.provide(Layer.succeed(Tracer.Tracer, tracer)),
  thread.launch,
  NodeRuntime.runMain
)
