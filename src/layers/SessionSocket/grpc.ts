/**
 * A session's socket over the response stream of a gRPC call. The client says nothing on it after its request.
 *
 * @since 0.1.0
 */
import { Metadata, type ServerWritableStream, status } from "@grpc/grpc-js"
import { Effect, Layer } from "effect"
import * as CloseCode from "../../domain/gateway/CloseCode.ts"
import * as Payload from "../../domain/gateway/Payload.ts"
import { SessionSocket, SocketClosed } from "../../domain/SessionSocket.ts"
import { firstOf } from "./firstOf.ts"

/**
 * The stream of a call whose responses are frames.
 *
 * @since 0.1.0
 * @category models
 */
export type Stream = ServerWritableStream<unknown, { readonly frame: string }>

/** The trailer that has the close code, of which gRPC's own statuses say less. */
const CLOSE_CODE = "fanfare-close-code"

const gone = () => new SocketClosed({ code: 1006, reason: "" })

const statusOf = ({ code, reason }: CloseCode.Close): status => {
  if (reason === CloseCode.TOO_SLOW.reason) return status.RESOURCE_EXHAUSTED
  if (code === CloseCode.GOING_AWAY.code) return status.UNAVAILABLE
  if (code === CloseCode.AUTHENTICATION_FAILED.code) return status.UNAUTHENTICATED
  return code === CloseCode.UNKNOWN_ERROR.code ? status.UNKNOWN : status.ABORTED
}

/** Waits until the stream takes more, or is over. */
const changed = (stream: Stream): Effect.Effect<void> => firstOf(stream, ["drain", "cancelled", "close"])

/**
 * The socket of a call. Closing it ends the call: with status OK for 1000, otherwise with the status that comes nearest
 * to the close code, its reason for the details, and the code itself in the trailer `fanfare-close-code`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (stream: Stream): SessionSocket["Service"] => {
  let closed: SocketClosed | undefined
  const end = () => (closed ??= stream.cancelled || stream.destroyed ? gone() : undefined)

  const sendUnsafe = (frame: string): boolean => {
    if (end() !== undefined || stream.writableNeedDrain) return false
    // protobuf would write a lone surrogate as bytes that are no UTF-8.
    stream.write({ frame: frame.toWellFormed() })
    return true
  }

  const send = (frame: string): Effect.Effect<void, SocketClosed> =>
    Effect.suspend(() => (sendUnsafe(frame) ? Effect.void : (end() ?? Effect.andThen(changed(stream), send(frame)))))

  const receive: Effect.Effect<never, SocketClosed> = Effect.suspend(
    () => end() ?? Effect.andThen(changed(stream), receive)
  )

  return {
    receive,
    send,
    sendUnsafe: (payload, sequence) => sendUnsafe(Payload.frame(payload, sequence)),
    close: (code, reason) =>
      Effect.sync(() => {
        if (end() !== undefined) return
        closed = new SocketClosed({ code, reason })
        if (code === 1000) return void stream.end()
        const metadata = new Metadata()
        metadata.set(CLOSE_CODE, String(code))
        stream.emit("error", { code: statusOf({ code, reason }), details: reason, metadata })
      })
  }
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (stream: Stream): Layer.Layer<SessionSocket> => Layer.sync(SessionSocket, () => make(stream))
