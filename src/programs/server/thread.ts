/**
 * What a worker thread of the server runs: the server's routes, on the port that all threads share, for guilds that run in
 * the main thread.
 *
 * @since 0.1.0
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Layer, Schema } from "effect"
import { HttpServer } from "effect/http"
import { workerData } from "node:worker_threads"
import * as Offload from "../../layers/Offload.ts"
import * as thread from "../../layers/Offload/thread.ts"
import * as Sampler from "../../layers/Sampler.ts"
import * as RemoteGuilds from "../RemoteGuilds.ts"
import * as Session from "../Session.ts"
import * as http from "./http.ts"
import { Settings } from "./Settings.ts"

const settings = Schema.decodeUnknownSync(Settings)(workerData)

/** Tells the main thread where it listens. */
const announced = Layer.effectDiscard(
  HttpServer.addressFormattedWith((address) =>
    Effect.acquireUseRelease(
      Effect.sync(() => new BroadcastChannel(settings.channel ?? "")),
      (channel) => Effect.sync(() => channel.postMessage(address)),
      (channel) => Effect.sync(() => channel.close())
    )
  )
)

announced.pipe(
  Layer.provide(http.layer(settings)),
  Layer.provide([RemoteGuilds.layer(), Session.layer()]),
  Layer.provide([Sampler.byFanOutSize(), Offload.inline]),
  Layer.provide(http.surroundings(settings)),
  Layer.provide(NodeServices.layer),
  thread.launch,
  NodeRuntime.runMain
)
