/**
 * A gRPC server whose methods are Effects: each call is a fiber, which is interrupted when the caller gives up.
 *
 * @since 0.1.0
 */
import * as grpc from "@grpc/grpc-js"
import { loadSync } from "@grpc/proto-loader"
import { Cause, type Duration, Effect, Exit, FiberSet, Record, Schema, type Scope } from "effect"
import { createServer, type Server, type Socket } from "node:net"
import { fileURLToPath } from "node:url"
import { outside } from "../../domain/AsyncContext.ts"
import * as Transport from "../Transport.ts"
import { DEFAULTS, type Limits } from "./grpcLimits.ts"
import { counting } from "./limited.ts"
import { PerAddress } from "./PerAddress.ts"

/**
 * The address could not be listened on.
 *
 * @since 0.1.0
 * @category errors
 */
export class GrpcCannotListen extends Schema.TaggedError<GrpcCannotListen>()("GrpcCannotListen", {
  address: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return (
      `cannot listen for gRPC on ${this.address} (${this.reason}): choose another with --grpc-host and ` +
      `--grpc-port, or free this one`
    )
  }
}

/**
 * How a call ends that does not succeed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure {
  readonly code: grpc.status
  readonly details: string
}

/**
 * A call with one answer, and one whose answers are a stream that its handler writes to; both as the caller sent them,
 * not yet decoded.
 *
 * @since 0.1.0
 * @category models
 */
export type UnaryCall = grpc.ServerUnaryCall<unknown, unknown>
/**
 * @since 0.1.0
 * @category models
 */
export type StreamCall = grpc.ServerWritableStream<unknown, { readonly frame: string }>

/**
 * @since 0.1.0
 * @category models
 */
export interface Handlers<R> {
  readonly unary: Readonly<Record<string, (call: UnaryCall) => Effect.Effect<unknown, Failure, R>>>
  readonly stream: Readonly<Record<string, (call: StreamCall) => Effect.Effect<void, Failure, R>>>
}

const PROTO = fileURLToPath(new URL("../../../proto/fanfare.proto", import.meta.url))
const SERVICE = "fanfare.v1.Fanfare"

const optionsOf = ({ idle, pingAnswer, pingEvery, request, streams }: Limits): grpc.ServerOptions => ({
  "grpc.max_receive_message_length": request,
  "grpc.max_concurrent_streams": streams,
  "grpc.keepalive_time_ms": pingEvery,
  "grpc.keepalive_timeout_ms": pingAnswer,
  "grpc.max_connection_idle_ms": idle
})

const isService = (definition: unknown): definition is grpc.ServiceDefinition =>
  typeof definition === "object" && definition !== null && !("format" in definition)

/**
 * The service of `proto/fanfare.proto`, for servers and for clients.
 *
 * @since 0.1.0
 * @category definitions
 */
export const definition: Effect.Effect<grpc.ServiceDefinition> = Effect.sync(() => {
  const found = loadSync(PROTO, { longs: Number, defaults: true })[SERVICE]
  if (!isService(found)) throw new Error(`${PROTO} has no service ${SERVICE}`)
  return found
})

const failure = (cause: Cause.Cause<Failure>): Failure =>
  cause.reasons.find(Cause.isFailReason)?.error ??
  (Cause.hasInterruptsOnly(cause)
    ? { code: grpc.status.UNAVAILABLE, details: "the server is going away: try again" }
    : { code: grpc.status.INTERNAL, details: "the server has a defect; it has been logged" })

const logDefects = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.tapDefect(effect, (defect) => Effect.logError("a gRPC method died of a defect", defect))

const full = ({ connections }: Limits) =>
  Effect.logWarning(
    `no more gRPC connections are taken: there are ${connections}, which is the limit "grpc-connections" here`
  )

/** Takes connections, as many as there may be, which the library itself does not count. */
const listener = Effect.fnUntraced(function* (server: grpc.Server, limits: Limits): Effect.fn.Return<Server> {
  const limited = yield* counting({ "grpc-connections": full(limits) })
  const perAddress = new PerAddress(limits.perAddress)
  const { injectConnection } = server.createConnectionInjector(grpc.ServerCredentials.createInsecure())
  const taken = (socket: Socket): void => {
    if (perAddress.add(socket)) return injectConnection(socket)
    limited("grpc-connections-per-address")
    socket.destroy()
  }
  const listening = createServer(taken).on("drop", () => limited("grpc-connections"))
  listening.maxConnections = limits.connections
  return listening
})

/**
 * Takes no more connections, and waits until each has finished its calls and is closed. The library itself does not wait for
 * connections that are handed to it (`findings/grpc-js-injected-connections-at-shutdown.sh`).
 */
const shutDown = (server: grpc.Server, connections: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    connections.close(() => resume(Effect.void))
    server.tryShutdown(() => {})
  })

const listen = (server: Server, host: string, port: number): Effect.Effect<number, GrpcCannotListen> =>
  Effect.callback((resume) => {
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`
    // Stays: a connection that cannot be accepted is an error of the server too, and must not end the process.
    server.on("error", ({ message: reason }) => resume(Effect.fail(new GrpcCannotListen({ address, reason }))))
    // Calls do not belong to the async context in which the server was started.
    outside(() =>
      server.listen(port, host, () => {
        const bound = server.address()
        resume(Effect.succeed(typeof bound === "object" && bound !== null ? bound.port : port))
      })
    )
  })

/**
 * Without `limits`, there may be as many connections, and each may have, as by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly host: string
  readonly port: number
  readonly grace: Duration.Input
  readonly limits?: Limits
}

/**
 * Serves until the scope closes: streams are then ended by their handlers' interruption, and other calls have the grace
 * to finish. Gives the port.
 *
 * @since 0.1.0
 * @category servers
 */
export const serve = Effect.fnUntraced(function* <R>(
  handlers: Handlers<R>,
  options: Options
): Effect.fn.Return<number, GrpcCannotListen, R | Scope.Scope> {
  const service = yield* definition
  // Released in the opposite order: streams end, then the server lets calls finish, then nobody waits any longer.
  const calls = yield* Transport.isolated(FiberSet.makeRuntime<R, unknown, Failure>(), "continue")
  const { host, limits = DEFAULTS, port } = options
  const server = yield* Effect.sync(() => outside(() => new grpc.Server(optionsOf(limits))))
  const connections = yield* Effect.acquireRelease(listener(server, limits), (connections) =>
    shutDown(server, connections).pipe(
      Effect.timeoutOption(options.grace),
      Effect.andThen(Effect.sync(() => server.forceShutdown()))
    )
  )
  const streams = yield* Transport.isolated(FiberSet.makeRuntime<R, void, Failure>(), "continue")

  const unary = Record.map(handlers.unary, (handle) => (call: UnaryCall, answer: grpc.sendUnaryData<unknown>): void => {
    const fiber = calls(logDefects(Effect.suspend(() => handle(call))))
    call.once("cancelled", () => fiber.interruptUnsafe())
    fiber.addObserver((exit) => (Exit.isSuccess(exit) ? answer(null, exit.value) : answer(failure(exit.cause))))
  })
  const stream = Record.map(handlers.stream, (handle) => (call: StreamCall): void => {
    // A stream may last for days. It is in no async context, as a conversation over a WebSocket is in none.
    const fiber = outside(() => streams(logDefects(Effect.suspend(() => handle(call)))))
    call.once("cancelled", () => fiber.interruptUnsafe())
    // One that its handler has ended already keeps the status that it has.
    fiber.addObserver((exit) => {
      if (call.writableEnded) return
      if (Exit.isSuccess(exit)) call.end()
      else call.emit("error", failure(exit.cause))
    })
  })
  yield* Effect.sync(() => server.addService(service, { ...unary, ...stream }))
  return yield* listen(connections, host, port)
})
