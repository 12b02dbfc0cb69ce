/** A worker with its share of the crowd. It says when that has been welcomed, and then whenever all of it has a message. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Schema } from "effect"
import { threadId, workerData } from "node:worker_threads"
import { Guilds, Offload, Sampler } from "../../src/index.ts"
import * as thread from "../../src/layers/Offload/thread.ts"
import * as RemoteGuilds from "../../src/programs/RemoteGuilds.ts"
import * as crowd from "./crowd.ts"

const Data = Schema.Struct({ channel: Schema.String, sessions: Schema.Int })
const { channel, sessions } = Schema.decodeUnknownSync(Data)(workerData)

const share = Effect.gen(function* () {
  const talk = new BroadcastChannel(channel)
  yield* Effect.addFinalizer(() => Effect.sync(() => talk.close()))
  let left = sessions
  const arrive = () => {
    if (--left > 0) return
    left = sessions
    talk.postMessage("everyone")
  }
  const { all } = yield* Guilds.Guilds
  // No two of them have the same ids.
  for (const guild of all) yield* crowd.connect(guild, sessions, arrive, { first: threadId * sessions })
})

Layer.effectDiscard(share).pipe(
  Layer.provide(RemoteGuilds.layer()),
  Layer.provide([Sampler.byFanOutSize(), Offload.senders()]),
  thread.launch,
  NodeRuntime.runMain
)
