/** A worker of the day: its share of the clients. It starts the sooner, the less is imported here. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Scheduler, Schema, Tracer } from "effect"
import { threadName, workerData } from "node:worker_threads"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as thread from "../../src/layers/Offload/thread.ts"
import { Guilds } from "../../src/programs/Guilds.ts"
import * as RemoteGuilds from "../../src/programs/RemoteGuilds.ts"
import * as clients from "./clients.ts"
import { Instruments } from "./Instruments.ts"
import { Meters } from "./meters.ts"
import { PieceScheduler } from "./PieceScheduler.ts"
import { Tally } from "./Tally.ts"
import { answersOn, type FromWorker, isWorkerData, ordersOn, ToWorker } from "./talk.ts"
import { counting } from "./tracing.ts"
import { arrivedAt, AT_ONCE, threadOf } from "./arrivals.ts"

if (!isWorkerData(workerData)) throw new Error("this module runs in a worker of the day")
const { capacity, channel, instruments: shared, relayCapacity, settings, shared: tally, summaryMillis } = workerData
const name = threadName ?? ""
const self = threadOf(name)
const instruments = new Instruments(shared)
instruments.succeeds(self)
const decode = Schema.decodeUnknownSync(ToWorker)

const served = Effect.gen(function* () {
  yield* Guilds
  const talk = new BroadcastChannel(ordersOn(channel))
  const answering = new BroadcastChannel(answersOn(channel))
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      talk.close()
      answering.close()
    })
  )
  const perform = yield* clients.make({
    tally: new Tally(tally),
    capacity,
    arrived: arrivedAt(instruments),
    meters: yield* Meters.make(instruments, self)
  })
  const say = (message: FromWorker) => answering.postMessage(message)
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  talk.onmessage = ({ data }) => {
    const { number, orders, to } = decode(data)
    if (to !== name) return
    runFork(
      Effect.map(Effect.forEach(orders, perform, { concurrency: AT_ONCE }), (answers) =>
        say({ from: name, is: "answer", number, answers })
      )
    )
  }
  say({ from: name, is: "ready" })
})

/** Loaded only where others come in. */
const web =
  settings === undefined
    ? Layer.empty
    : Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("./ingress.ts")),
          ({ web }) => web(settings)
        )
      )

Layer.effectDiscard(served).pipe(
  Layer.provide(web),
  Layer.provide(RemoteGuilds.layer({ relayCapacity, relay: { summaryInterval: summaryMillis } })),
  Layer.provide([Sampler.byFanOutSize(), Offload.senders()]),
  Layer.provide(Layer.succeed(Tracer.Tracer, counting(instruments, self))),
  thread.launch,
  Effect.provideService(Scheduler.Scheduler, new PieceScheduler()),
  NodeRuntime.runMain
)
