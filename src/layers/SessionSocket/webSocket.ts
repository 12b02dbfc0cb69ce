/**
 * A session's socket over a WebSocket.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Predicate, type Scope } from "effect"
import { type HttpServerError, HttpServerRequest } from "effect/http"
import * as Socket from "effect/socket/Socket"
import { isCompression } from "../../domain/gateway/Compression.ts"
import type { Payload } from "../../domain/gateway/Payload.ts"
import * as RunQueue from "../../domain/mailbox/RunQueue.ts"
import { UNSENT } from "../../domain/session/Backlog.ts"
import { SessionSocket, SocketClosed } from "../../domain/SessionSocket.ts"
import { framings } from "./compressed/index.ts"
import { firstOf } from "./firstOf.ts"
import * as Framing from "./Framing.ts"
import { Waiting } from "./Waiting.ts"

/**
 * What carries the WebSocket: the TCP connection, as far as it is needed to know what has not left yet. A Node socket
 * is one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  readonly writable: boolean
  readonly destroyed: boolean
  readonly write: (octets: string, encoding: "latin1") => unknown
  readonly once: (event: "drain" | "close", listener: () => void) => unknown
  readonly off: (event: "drain" | "close", listener: () => void) => unknown
  readonly destroy: () => unknown
}

/** How long the other side has to answer a close before the connection is cut. */
const CLOSE_GRACE = "1 second"

/** The connection ended without a close of either side. */
const gone = () => new SocketClosed({ code: 1006, reason: "" })

const closedBy = (error: Socket.SocketError): SocketClosed =>
  error.reason._tag === "SocketCloseError"
    ? new SocketClosed({ code: error.reason.code, reason: error.reason.closeReason ?? "" })
    : new SocketClosed({ code: 1006, reason: error.message })

/**
 * Wraps an accepted WebSocket. When the scope closes, a client that does not answer the close within a second is cut
 * off.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  socket: Socket.Socket,
  connection: Connection,
  options?: { readonly highWaterMark?: number | undefined; readonly framing?: Framing.Framing }
): Effect.fn.Return<SessionSocket["Service"], Socket.SocketError, Scope.Scope> {
  const { framing = Framing.text, highWaterMark = UNSENT } = options ?? {}
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => (connection.destroyed ? Effect.void : firstOf(connection, ["close"]))).pipe(
      Effect.timeoutOption(CLOSE_GRACE),
      Effect.andThen(Effect.sync(() => connection.destroy()))
    )
  )
  const { pull } = yield* socket.reader
  const { write } = yield* socket.writer
  let chunk: ReadonlyArray<string | Uint8Array> = []
  let next = 0
  let closed: SocketClosed | undefined
  // A write to a socket whose reader is gone would wait for the reader to come back.
  yield* Effect.addFinalizer(() => Effect.sync(() => (closed ??= gone())))

  const waiting = new Waiting(connection, yield* Effect.withFiber((fiber) => Effect.succeed(RunQueue.of(fiber))))
  /** What waits leaves first. */
  const put = (frame: string | Uint8Array | Socket.CloseEvent) =>
    Effect.suspend(() => {
      waiting.flush()
      framing.sent()
      return Effect.mapError(write(frame), closedBy)
    })

  // The WebSocket itself would buffer without end, so a full connection is waited for here.
  const send = (frame: string): Effect.Effect<void, SocketClosed> => Effect.flatMap(framing.own(frame), sendWritten)
  const sendWritten = (frame: string | Uint8Array): Effect.Effect<void, SocketClosed> =>
    Effect.suspend(() => {
      if (closed !== undefined) return closed
      if (connection.destroyed) return gone()
      waiting.flush()
      return connection.writableNeedDrain && connection.writableLength >= highWaterMark
        ? Effect.andThen(firstOf(connection, ["drain", "close"]), sendWritten(frame))
        : put(frame)
    })

  const sendUnsafe = (payload: Payload, sequence: number): boolean => {
    if (closed !== undefined || !connection.writable) return false
    if (connection.writableLength + waiting.bytes >= highWaterMark) return false
    const frame = framing.event(payload, sequence)
    if (frame === undefined) return false
    waiting.push(frame)
    return true
  }

  return {
    receive: Effect.suspend(() => {
      const frame = chunk[next++]
      if (frame !== undefined) return Effect.succeed(frame)
      return Effect.map(pull, (frames) => {
        chunk = frames
        next = 1
        return frames[0]
      })
    }).pipe(Effect.mapError(closedBy)),
    send,
    sendUnsafe,
    close: (code, reason) =>
      Effect.suspend(() => {
        if (closed !== undefined) return Effect.void
        closed = new SocketClosed({ code, reason })
        return Effect.ignore(put(new Socket.CloseEvent(code, reason)))
      })
  }
})

const isConnection = (input: unknown): input is Connection =>
  Predicate.hasProperty(input, "writableLength") &&
  Predicate.hasProperty(input, "destroyed") &&
  ["once", "off", "destroy", "write"].every((name) => Predicate.isFunction(Reflect.get(input, name)))

/** The way of compression that the address asks for. */
const asked = ({ url }: HttpServerRequest.HttpServerRequest): string | null =>
  new URLSearchParams(url.split("?")[1]).get("compress")

/**
 * The socket of the request that is being served: accepts its upgrade to a WebSocket, compressed if the address asks for it. Takes a server whose requests
 * have Node's, as those of `@effect/platform-node` do.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: {
  readonly highWaterMark?: number
}): Layer.Layer<SessionSocket, SocketClosed | HttpServerError.HttpServerError, HttpServerRequest.HttpServerRequest> => {
  // For all connections of a server: they share what was compressed once.
  const compressed = framings()
  return Layer.effect(
    SessionSocket,
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const connection = Predicate.hasProperty(request.source, "socket") ? request.source.socket : undefined
      if (!isConnection(connection)) {
        return yield* Effect.die(
          new Error("The request has no Node socket: serve it with NodeHttpServer of @effect/platform-node.")
        )
      }
      const compress = asked(request)
      const framing = isCompression(compress) ? compressed[compress]() : Framing.text
      const socket = yield* request.upgrade
      return yield* Effect.mapError(make(socket, connection, { ...options, framing }), closedBy)
    })
  )
}
