#!/usr/bin/env node
/**
 * The server: `npm start`, or `fanfare` where the package is installed.
 *
 * @since 0.1.0
 */
import { NodeHttpServer, NodeRuntime, NodeServices } from "@effect/platform-node"
import {
  Array,
  ByteSize,
  Cause,
  Config,
  Console,
  Effect,
  Exit,
  Layer,
  Option,
  Redacted,
  type Runtime,
  Schema
} from "effect"
import { Command, Flag } from "effect/cli"
import { HttpIncomingMessage, HttpMiddleware, HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"
import * as Propagation from "../domain/Propagation.ts"
import * as Accounts from "../layers/Accounts.ts"
import * as MemberStore from "../layers/MemberStore.ts"
import * as Offload from "../layers/Offload.ts"
import * as Otlp from "../layers/Otlp.ts"
import * as Sampler from "../layers/Sampler.ts"
import * as WebSocket from "../layers/SessionSocket/webSocket.ts"
import * as TraceStore from "../layers/TraceStore.ts"
import * as demo from "./demo.ts"
import type * as GrpcIngress from "./GrpcIngress.ts"
import * as Guilds from "./Guilds.ts"
import * as Ingress from "./Ingress.ts"
import * as Page from "./Page.ts"
import * as Session from "./Session.ts"
import * as Transport from "./Transport.ts"

const DEMO_TOKENS = Array.map(Array.make("demo-1", "demo-2", "demo-3"), (token) => Redacted.make(token))

/** Frames above this are refused before they are read; the gateway itself takes no more than 4 KiB. */
const MAX_FRAME = 64 * 1024
const MAX_BODY = "256 KiB"

/** What requests have to finish once the server stops; sessions are told to reconnect right after. */
const GRACE = "250 millis"

const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)

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

/** What the address could not be listened on for, in words that say what to do. */
class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  address: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `cannot listen on ${this.address} (${this.reason}): choose another with --host and --port, or free this one`
  }
}

interface Options {
  readonly host: string
  readonly port: number
  readonly grpcHost: string
  readonly grpcPort: Option.Option<number>
  readonly tokens: ReadonlyArray<Redacted.Redacted>
  readonly traceCallers: Option.Option<Transport.TraceCallers>
  readonly mailboxWaits: Propagation.Waits
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

const listening = (tokens: ReadonlyArray<Redacted.Redacted>, isDemo: boolean) =>
  Layer.effectDiscard(
    HttpServer.addressFormattedWith((address) =>
      Console.log(
        `Fanfare is listening on ${address}` +
          (isDemo ? ` with the demo tokens ${tokens.map((token) => Redacted.value(token)).join(", ")}` : "")
      )
    )
  )

/**
 * Node hands a request that comes before there are routes to nobody, and it would wait for ever: it is told to come
 * again instead.
 */
const nodeServer = () => {
  const server = createServer()
  return server.on("request", (_, response) => {
    if (server.listenerCount("request") === 1) response.writeHead(503, { "retry-after": "1" }).end()
  })
}

class GrpcMissing extends Schema.TaggedError<GrpcMissing>()("GrpcMissing", {}) {
  override get message() {
    return "gRPC needs two packages that are not installed: npm install @grpc/grpc-js @grpc/proto-loader"
  }
}

/** Loaded only where it is wanted: gRPC's packages are optional. */
const grpcIngress = (options: Omit<GrpcIngress.Options, "socket">) =>
  Effect.gen(function* () {
    const [{ GrpcIngress, layer }, socket] = yield* Effect.tryPromise({
      try: () => Promise.all([import("./GrpcIngress.ts"), import("../layers/SessionSocket/grpc.ts")]),
      catch: () => new GrpcMissing()
    })
    const announced = Layer.effectDiscard(
      Effect.flatMap(GrpcIngress, ({ host, port }) => Console.log(`Fanfare is listening for gRPC on ${host}:${port}`))
    )
    return Layer.provide(announced, layer({ ...options, socket: socket.layer }))
  }).pipe(Layer.unwrap)

const server = (options: Options) =>
  Effect.gen(function* () {
    const { demo: isDemo, tokens } = yield* tokensOf(options)
    const exported = yield* Otlp.isConfigured
    const owners = Array.map(tokens, (token, index) => {
      const number = index + 1
      return [token, demo.user(number, isDemo ? Redacted.value(token) : `member-${number}`)] as const
    })
    // Strangers must not decide what is sampled here.
    const callers = Option.getOrElse(options.traceCallers, () => (isLoopback(options.host) ? "continue" : "ignore"))
    const start = yield* Otlp.startProbability
    const settings: Page.Settings = {
      tokens: isDemo ? tokens.map((token) => Redacted.value(token)) : [],
      traces: !exported && callers === "continue"
    }

    const telemetry = Otlp.layer({ serviceName: "fanfare" })
    const tracing = Layer.merge(telemetry, exported ? TraceStore.none : TraceStore.ring())
    const guilds = Guilds.layer([demo.guild(Array.map(owners, ([, user]) => user))]).pipe(
      Layer.provide([Sampler.byFanOutSize(), MemberStore.heap, Offload.inline])
    )
    const http = NodeHttpServer.layer(nodeServer, {
      host: options.host,
      port: options.port,
      gracefulShutdownTimeout: GRACE,
      websocket: { maxPayload: MAX_FRAME }
    })
    const routes = Layer.mergeAll(Ingress.layer(WebSocket.layer(), { callers, start }), Page.layer(settings))
    const grpc = Option.match(options.grpcPort, {
      onNone: () => Layer.empty,
      onSome: (port) =>
        grpcIngress({
          host: options.grpcHost,
          port,
          grace: GRACE,
          callers: Option.getOrElse(options.traceCallers, () => "continue"),
          start
        })
    })
    return listening(tokens, isDemo).pipe(
      Layer.provideMerge(grpc),
      Layer.provide(HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })),
      Layer.provide(Transport.layerIsolated),
      Layer.provide(http),
      Layer.provide([guilds, Session.layer()]),
      Layer.provide(Accounts.fromTokens(owners)),
      Layer.provide(tracing),
      Layer.provide(Layer.succeed(Propagation.waits, () => options.mailboxWaits)),
      // The transport opens the spans, of what is sampled; the server's own would be one for every request.
      Layer.provide(Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)),
      Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.fromInputUnsafe(MAX_BODY))),
      Layer.catchTag("ServeError", ({ cause }) =>
        Layer.effectDiscard(
          new CannotListen({
            address: `${options.host}:${options.port}`,
            reason: cause instanceof Error ? cause.message : String(cause)
          })
        )
      )
    )
  }).pipe(Layer.unwrap)

const host = Flag.String("host").pipe(
  Flag.withDescription("Address to listen on (HOST)"),
  Flag.withFallbackConfig(Config.NonEmptyString("HOST")),
  Flag.withDefault("127.0.0.1")
)

const MAX_PORT = 65_535

const portFrom = (text: string): Option.Option<number> =>
  Option.filter(Option.some(Number(text)), (port) => /^\d+$/.test(text) && port <= MAX_PORT)
const wrongPort = (text: string): string => `Expected a port from 0 to ${MAX_PORT}, got "${text}"`

const port = Flag.String("port").pipe(
  Flag.withDescription("Port to listen on, 0 for any that is free (PORT)"),
  Flag.withMetavar("integer"),
  Flag.withFallbackConfig(Config.NonEmptyString("PORT")),
  Flag.withDefault("8080"),
  Flag.filterMap(portFrom, wrongPort)
)

const grpcHost = Flag.String("grpc-host").pipe(
  Flag.withDescription("Address to listen on for gRPC (GRPC_HOST)"),
  Flag.withFallbackConfig(Config.NonEmptyString("GRPC_HOST")),
  Flag.withDefault("127.0.0.1")
)

const grpcPort = Flag.String("grpc-port").pipe(
  Flag.withDescription("Port to listen on for gRPC, 0 for any that is free; without it there is none (GRPC_PORT)"),
  Flag.withMetavar("integer"),
  Flag.withFallbackConfig(Config.NonEmptyString("GRPC_PORT")),
  Flag.filterMap(portFrom, wrongPort),
  Flag.optional
)

const traceCallers = Flag.Literals("trace-callers", ["continue", "link", "ignore"]).pipe(
  Flag.withDescription(
    "What becomes of the trace that a caller brings: it goes on; a trace that begins here links to it; or it is not " +
      "looked at. The default is continue on a loopback address and on the gRPC ingress, ignore for HTTP on any other"
  ),
  Flag.optional
)

const mailboxWaits = Flag.Literals("mailbox-waits", ["sampled", "all", "none"]).pipe(
  Flag.withDescription(
    "Of which messages the time in mailboxes is recorded in the metric fanfare.mailbox.wait: of sampled ones, which " +
      "costs nothing more, of all, or of none"
  ),
  Flag.withDefault("sampled")
)

const tokens = Flag.Redacted("token").pipe(
  Flag.withDescription(
    "Token of one member; repeat it for more (FANFARE_TOKENS, separated by commas). " +
      "On a loopback address the default is demo-1, demo-2 and demo-3"
  ),
  Flag.atLeast(0)
)

const configuredTokens = Config.option(Config.String("FANFARE_TOKENS")).pipe(
  Config.map((tokens) => (Option.isNone(tokens) ? [] : tokens.value.split(","))),
  Config.map((tokens) => tokens.map((token) => Redacted.make(token.trim())))
)

const fanfare = Command.make(
  "fanfare",
  { host, port, grpcHost, grpcPort, tokens, traceCallers, mailboxWaits },
  Effect.fnUntraced(function* (flags) {
    const tokens = flags.tokens.length > 0 ? flags.tokens : yield* configuredTokens
    return yield* Layer.launch(server({ ...flags, tokens }))
  })
).pipe(
  Command.withDescription(
    "Serves the demo guild: Discord's Gateway and REST API v10, and a page to try them at /. " +
      "Traces and metrics go to OTEL_EXPORTER_OTLP_ENDPOINT where that is set (with the other OTEL_* variables); " +
      "where it is not, traces are kept in memory for the page."
  )
)

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
    ["BadTokens", "CannotListen", "GrpcCannotListen", "GrpcMissing", "OtlpMisconfigured", "ConfigError"],
    explain
  ),
  Effect.provide(NodeServices.layer),
  (program) => Effect.andThen(boundShutdown, program),
  NodeRuntime.runMain({ teardown })
)
