/** What the server serves by HTTP and gRPC, over the day's guilds and one more: for hostile clients, who are its members. */
import { NodeServices } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import * as grpcSocket from "../../src/layers/SessionSocket/grpc.ts"
import * as demo from "../../src/programs/demo.ts"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"
import type { Guilds } from "../../src/programs/Guilds.ts"
import type * as Guild from "../../src/programs/Guild.ts"
import * as http from "../../src/programs/server/http.ts"
import * as LimitOptions from "../../src/programs/server/limitOptions.ts"
import * as Port from "../../src/programs/server/port.ts"
import type { Settings } from "../../src/programs/server/Settings.ts"
import * as Session from "../../src/programs/Session.ts"

export const host = "127.0.0.1"

/** The first owns the guild, and is not one of them. */
const TOKENS = ["owner", ...Array.from({ length: 20 }, (_, nth) => `hostile-${nth}`)] as const

/** Of those who are hostile. */
export const tokens: ReadonlyArray<string> = TOKENS.slice(1)

/** Limits are as by default; nothing is exported, so that only the day's own tracer sees the spans. */
const settings = (threads: number, port: number, channel?: string): Settings => ({
  host,
  port,
  tokens: TOKENS,
  isDemo: false,
  isExported: true,
  callers: "ignore",
  start: 0.01,
  mailboxWaits: "sampled",
  simulated: 0,
  threads,
  files: Number.POSITIVE_INFINITY,
  limits: LimitOptions.together([]),
  ...(channel === undefined ? undefined : { channel })
})

/** For one thread, on any port that is free. */
export const alone: Settings = settings(1, 0)

/** For several, on a port that they share. */
export const shared = (threads: number, channel: string) =>
  Effect.map(Effect.orDie(Port.shared(host, 0)), (port) => settings(threads, port, channel))

export const guild = (): Guild.Options => {
  const [[, owner], ...others] = http.owners(alone)
  return demo.guild([owner, ...others.map(([, user]) => user)])
}

/** Where they write. */
export const place = () => {
  const { community } = guild()
  const [channel] = community.channels.keys()
  return { guild: community.id, channel: channel ?? "" }
}

const surroundings = (settings: Settings) =>
  Layer.mergeAll(Session.layer(), http.surroundings(settings), NodeServices.layer)

/** By HTTP. */
export const web = (settings: Settings): Layer.Layer<HttpServer.HttpServer, never, Guilds> =>
  http.layer(settings).pipe(Layer.provide(surroundings(settings)), Layer.orDie)

const rpc = GrpcIngress.layer({
  host,
  port: 0,
  grace: http.GRACE,
  callers: "ignore",
  start: 0.01,
  socket: grpcSocket.layer
})

/** By gRPC, in the thread of the guilds, while the others serve HTTP. */
export const grpcPort = Effect.map(
  Layer.build(rpc.pipe(Layer.provide(surroundings(alone)), Layer.orDie)),
  (context) => Context.get(context, GrpcIngress.GrpcIngress).port
)

/** By both, in this thread: what a user does counts together, whichever way it comes. */
export const ports = Effect.map(
  Layer.build(Layer.merge(http.layer(alone), rpc).pipe(Layer.provide(surroundings(alone)), Layer.orDie)),
  (context) => {
    const { address } = Context.get(context, HttpServer.HttpServer)
    return {
      http: address._tag === "InetAddressV4" ? address.port : 0,
      grpc: Context.get(context, GrpcIngress.GrpcIngress).port
    }
  }
)
