/**
 * What a worker thread of the server runs: the server's routes, on the port that all threads share, for guilds that run in
 * the main thread.
 *
 * @since 0.1.0
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Effect, Layer, Schema } from "effect"
import { HttpServer } from "effect/http"
import { threadId, workerData } from "node:worker_threads"
import { WorkerIndex } from "../../domain/Worker.ts"
import * as Offload from "../../layers/Offload.ts"
import * as thread from "../../layers/Offload/thread.ts"
import * as Sampler from "../../layers/Sampler.ts"
import * as RemoteGuilds from "../RemoteGuilds.ts"
import * as Session from "../Session.ts"
import * as Simulation from "../Simulation.ts"
import * as http from "./http.ts"
import * as LimitOptions from "./limitOptions.ts"
import { type Announcement, Settings } from "./Settings.ts"

const settings = Schema.decodeUnknownSync(Settings)(workerData)

/** Tells the main thread how it stands. */
const tell = (announcement: Announcement) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new BroadcastChannel(settings.channel ?? "")),
    (channel) => Effect.sync(() => channel.postMessage(announcement)),
    (channel) => Effect.sync(() => channel.close())
  )

const announced = Layer.effectDiscard(
  HttpServer.addressFormattedWith((address) => tell({ _tag: "Listening", thread: threadId, address }))
)

/** What went wrong is in the cause of what failed, where that has one. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}

/** Each thread has its share of the crowd, and who takes its place the same one. */
const crowd = Layer.unwrap(
  Effect.map(WorkerIndex, (first) => Simulation.layer({ count: settings.simulated, first, step: settings.threads }))
)

Layer.merge(announced, crowd).pipe(
  Layer.provide(http.layer(settings)),
  Layer.provide([RemoteGuilds.layer(), Session.layer(LimitOptions.sessionOptions(settings.limits))]),
  Layer.provide([Sampler.byFanOutSize(), Offload.senders()]),
  Layer.provide(http.surroundings(settings)),
  Layer.provide(NodeServices.layer),
  thread.launch,
  Effect.tapCause((cause) => tell({ _tag: "Failed", reason: reasonOf(Cause.squash(cause)) })),
  NodeRuntime.runMain
)
