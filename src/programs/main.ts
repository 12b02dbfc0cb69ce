#!/usr/bin/env node
/**
 * The server: `npm start`, or `fanfare` where the package is installed.
 *
 * @since 0.1.0
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import {
  Array,
  Cause,
  Console,
  Context,
  Effect,
  Exit,
  Layer,
  Option,
  Queue,
  Redacted,
  type Runtime,
  Schema
} from "effect"
import { CliOutput, Command } from "effect/cli"
import { HttpServer } from "effect/http"
import { randomUUID } from "node:crypto"
import { extname } from "node:path"
import { isLoopback } from "../domain/Address.ts"
import type * as Propagation from "../domain/Propagation.ts"
import * as MemberStore from "../layers/MemberStore.ts"
import { hybrid } from "../layers/MemberStore/hybrid.ts"
import * as Offload from "../layers/Offload.ts"
import * as workers from "../layers/Offload/workers.ts"
import * as Otlp from "../layers/Otlp.ts"
import * as Sampler from "../layers/Sampler.ts"
import * as demo from "./demo.ts"
import type * as GrpcIngress from "./GrpcIngress.ts"
import * as Guilds from "./Guilds.ts"
import { flags, givenTokens } from "./server/flags.ts"
import * as http from "./server/http.ts"
import * as LimitOptions from "./server/limitOptions.ts"
import * as OpenFiles from "./server/openFiles.ts"
import * as Port from "./server/port.ts"
import { Announcement, type Settings } from "./server/Settings.ts"
import * as Session from "./Session.ts"
import * as Simulation from "./Simulation.ts"
import type * as Transport from "./Transport.ts"

const DEMO_TOKENS = Array.map(Array.make("demo-1", "demo-2", "demo-3"), (token) => Redacted.make(token))

class BadTokens extends Schema.TaggedError<BadTokens>()("BadTokens", { message: Schema.String }) {}

const noTokens = (host: string) =>
  new BadTokens({
    message:
      `${host} can be reached from other machines, and the demo tokens are known to everyone. Configure tokens of ` +
      `your own (--token SECRET, repeatable, or FANFARE_TOKENS=SECRET,SECRET), or listen on 127.0.0.1`
  })

const blankToken = () =>
  new BadTokens({ message: "a token is blank: set --token or FANFARE_TOKENS to secrets, or leave them out" })

const sameToken = () => new BadTokens({ message: "two tokens are the same: each stands for one member" })

interface Options {
  readonly host: string
  readonly port: number
  readonly grpcHost: string
  readonly grpcPort: Option.Option<number>
  readonly publicUrl: Option.Option<string>
  readonly tokens: ReadonlyArray<Redacted.Redacted>
  readonly traceCallers: Option.Option<Transport.TraceCallers>
  readonly mailboxWaits: Propagation.Waits
  readonly offload: "inline" | "senders" | "workers"
  readonly workers: Option.Option<number>
  readonly simulate: number
  readonly members: "heap" | "hybrid"
  readonly limits: LimitOptions.Limits
}

/** The address that others can reach this server at, if there is one. */
const reachable = ({ grpcHost, grpcPort, host }: Options): string | undefined =>
  [host, ...Option.toArray(Option.as(grpcPort, grpcHost))].find((host) => !isLoopback(host))

/** The tokens in force, and whether they are the ones that everybody knows. */
const tokensOf = (options: Options) => {
  const { tokens } = options
  const values = tokens.map((token) => Redacted.value(token))
  if (values.some((value) => value.trim() === "")) return blankToken()
  if (new Set(values).size < values.length) return sameToken()
  if (Array.isReadonlyArrayNonEmpty(tokens)) return Effect.succeed({ tokens, demo: false })
  const host = reachable(options)
  return host === undefined ? Effect.succeed({ tokens: DEMO_TOKENS, demo: true }) : noTokens(host)
}

const announced = ({ isDemo, tokens }: Settings, address: string) =>
  Console.log(`Fanfare is listening on ${address}` + (isDemo ? ` with the demo tokens ${tokens.join(", ")}` : ""))

class GrpcMissing extends Schema.TaggedError<GrpcMissing>()("GrpcMissing", {}) {
  override get message() {
    return "gRPC needs two packages that are not installed: npm install @grpc/grpc-js @grpc/proto-loader"
  }
}

/** Loaded only where it is wanted: gRPC's packages are optional. */
const grpcIngress = (options: Omit<GrpcIngress.Options, "socket">) =>
  Effect.gen(function* () {
    const [{ GrpcIngress, layer }, socket, { logVerbosity, setLogVerbosity }] = yield* Effect.tryPromise({
      try: () =>
        Promise.all([import("./GrpcIngress.ts"), import("../layers/SessionSocket/grpc.ts"), import("@grpc/grpc-js")]),
      catch: () => new GrpcMissing()
    })
    // What it writes by itself, a port in use, say, is said here too, and with what to do.
    setLogVerbosity(logVerbosity.NONE)
    const announced = Layer.effectDiscard(
      Effect.flatMap(GrpcIngress, ({ host, port }) => Console.log(`Fanfare is listening for gRPC on ${host}:${port}`))
    )
    return Layer.provide(announced, layer({ ...options, socket: socket.layer }))
  }).pipe(Layer.unwrap)

type Strategies = Layer.Layer<Offload.Offload | MemberStore.MemberStore>

const guilds = (settings: Settings, strategies: Strategies) =>
  Guilds.layer([
    demo.guild(
      Array.map(http.owners(settings), ([, user]) => user),
      settings.simulated
    )
  ]).pipe(Layer.provide([Sampler.byFanOutSize(), strategies]))

/** Where the server is to be reached by HTTP, once it is. */
class Served extends Context.Service<Served, { readonly address: Effect.Effect<string, Port.CannotListen> }>()(
  "fanfare/programs/main/Served"
) {}

/** All in this thread. */
const inOneThread = (settings: Settings, strategies: Strategies) =>
  Layer.effect(
    Served,
    HttpServer.addressFormattedWith((address) => Effect.succeed({ address: Effect.succeed(address) }))
  ).pipe(
    Layer.provide(http.layer(settings)),
    Layer.merge(Simulation.layer({ count: settings.simulated })),
    Layer.provideMerge(guilds(settings, strategies))
  )

const announcement = Schema.decodeUnknownOption(Announcement)

/** The guilds in this thread; all that is reached by HTTP in others, which share the port. */
const inThreads = (settings: Settings, members: Layer.Layer<MemberStore.MemberStore>) =>
  Effect.gen(function* () {
    const said = yield* Queue.unbounded<Announcement>()
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const talk = new BroadcastChannel(settings.channel ?? "")
        talk.onmessage = ({ data }) => void Option.map(announcement(data), (one) => Queue.offerUnsafe(said, one))
        return talk
      }),
      (talk) => Effect.sync(() => talk.close())
    )
    const { threads } = settings
    const offload = workers.workers({
      // As it is run: from the sources, or compiled.
      url: new URL(`./server/thread${extname(import.meta.url)}`, import.meta.url),
      count: threads,
      data: settings
    })
    // Once all listen; when one cannot, that is the end. Later on, threads that fail are replaced.
    const address = Effect.gen(function* () {
      const listening = new Set<number>()
      while (true) {
        const one = yield* Queue.take(said)
        if (one._tag === "Failed") {
          return yield* new Port.CannotListen({ address: `${settings.host}:${settings.port}`, reason: one.reason })
        }
        if (listening.add(one.thread).size === threads) return one.address
      }
    })
    return Layer.merge(Layer.succeed(Served, { address }), guilds(settings, Layer.merge(members, offload)))
  }).pipe(Layer.unwrap)

type Either = ReturnType<typeof inOneThread> | ReturnType<typeof inThreads>

const offloaded = (
  settings: Settings,
  options: Options
): Layer.Layer<Guilds.Guilds | Served, Layer.Error<Either>, Layer.Services<Either>> => {
  const members = options.members === "heap" ? MemberStore.heap : hybrid()
  switch (options.offload) {
    case "inline":
      return inOneThread(settings, Layer.merge(members, Offload.inline))
    case "senders":
      return inOneThread(settings, Layer.merge(members, Offload.senders()))
    case "workers":
      return inThreads(settings, members)
  }
}

const server = (options: Options) =>
  Effect.gen(function* () {
    const { demo: isDemo, tokens } = yield* tokensOf(options)
    const { host, mailboxWaits, offload } = options
    const isShared = offload === "workers"
    const start = yield* Otlp.startProbability
    const settings: Settings = {
      host,
      port: isShared ? yield* Port.shared(host, options.port) : options.port,
      ...(isShared ? { channel: randomUUID() } : undefined),
      ...(Option.isSome(options.publicUrl) ? { publicUrl: options.publicUrl.value } : undefined),
      tokens: Array.map(tokens, (token) => Redacted.value(token)),
      isDemo,
      isExported: yield* Otlp.isConfigured,
      // Strangers must not decide what is sampled here.
      callers: Option.getOrElse(options.traceCallers, () => (isLoopback(host) ? "continue" : "ignore")),
      start,
      mailboxWaits,
      simulated: options.simulate,
      limits: options.limits,
      files: OpenFiles.most(),
      threads: isShared ? Option.getOrElse(options.workers, workers.defaultCount) : 1
    }
    const grpc = Option.match(options.grpcPort, {
      onNone: () => Layer.empty,
      onSome: (port) =>
        grpcIngress({
          host: options.grpcHost,
          port,
          grace: http.GRACE,
          limits: LimitOptions.grpcOptions(options.limits, settings.files),
          callers: Option.getOrElse(options.traceCallers, () => (isLoopback(options.grpcHost) ? "continue" : "ignore")),
          start
        })
    })
    const announces = Effect.flatMap(Served, ({ address }) => Effect.flatMap(address, (at) => announced(settings, at)))
    return Layer.effectDiscard(announces).pipe(
      Layer.provideMerge(grpc),
      Layer.provide(offloaded(settings, options)),
      Layer.provide(Session.layer(LimitOptions.sessionOptions(options.limits))),
      Layer.provide(http.surroundings(settings)),
      Layer.catchTag("ServeError", ({ cause }) =>
        Layer.effectDiscard(
          new Port.CannotListen({
            address: `${host}:${options.port}`,
            reason: cause instanceof Error ? cause.message : String(cause)
          })
        )
      )
    )
  }).pipe(Layer.unwrap)

const fanfare = Command.make(
  "fanfare",
  flags,
  Effect.fnUntraced(function* (given) {
    const tokens = yield* givenTokens(given)
    const limits = yield* LimitOptions.given(given.limits)
    return yield* Layer.launch(server({ ...given, tokens, limits }))
  })
).pipe(
  Command.withDescription(
    "Serves the demo guild: Discord's Gateway and REST API v10, and a page to try them at /. " +
      "Traces and metrics go to OTEL_EXPORTER_OTLP_ENDPOINT where that is set (with the other OTEL_* variables); " +
      "where it is not, traces are kept in memory for the page."
  )
)

/** What is wrong with an option is all that is said, not also every option that there is. */
const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
          `fanfare: ${event.errors.map(({ message }) => message).join("\nfanfare: ")}\nfanfare --help lists all options`
        )
      : CliOutput.defaultPresenter.present(event)
})

/** One line for what the operator can mend, and exit code 1. */
const explain = (error: { readonly message: string }) =>
  Effect.andThen(
    Console.error(`fanfare: ${error.message}`),
    Effect.sync(() => {
      process.exitCode = 1
    })
  )

/** Whatever still hangs this long after a signal is left to hang: sessions know by then, and spans have had their time. */
const PATIENCE_MILLIS = 4500

const boundShutdown = Effect.sync(() => {
  const leave = () => void setTimeout(() => process.exit(1), PATIENCE_MILLIS).unref()
  process.once("SIGINT", leave)
  process.once("SIGTERM", leave)
})

/** To be told to stop is no failure. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? 1 : Number(process.exitCode ?? 0))

fanfare.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.catchTag(
    [
      "BadLimit",
      "BadTokens",
      "CannotListen",
      "CannotShare",
      "GrpcCannotListen",
      "GrpcMissing",
      "OtlpMisconfigured",
      "ConfigError"
    ],
    explain
  ),
  Effect.provide([NodeServices.layer, presenter]),
  (program) => Effect.andThen(boundShutdown, program),
  NodeRuntime.runMain({ teardown })
)
