/**
 * The contract of a session's socket: frames in, frames out, one connection.
 *
 * @since 0.1.0
 */
import { Context, type Effect, Schema } from "effect"
import type { Payload } from "./gateway/Payload.ts"

/**
 * The connection is gone: no further frame can be sent or received. `code` is the close code, 1006 when the other side
 * vanished without one.
 *
 * @since 0.1.0
 * @category errors
 */
export class SocketClosed extends Schema.TaggedError<SocketClosed>()("SocketClosed", {
  code: Schema.Int,
  reason: Schema.String
}) {}

/**
 * @since 0.1.0
 * @category contracts
 */
export class SessionSocket extends Context.Service<
  SessionSocket,
  {
    /** The next frame of the client, in order: text, or bytes for a binary frame. Waits for one. */
    readonly receive: Effect.Effect<string | Uint8Array, SocketClosed>
    /** Hands a text frame to the connection, and waits while it is full. Frames leave in the order of the calls. */
    readonly send: (frame: string) => Effect.Effect<void, SocketClosed>
    /** Hands an event's frame to the connection if that needs no waiting; otherwise, or when it is gone, `false`. */
    readonly sendUnsafe: (payload: Payload, sequence: number) => boolean
    /** Closes the connection; frames sent before still leave. The first close counts. */
    readonly close: (code: number, reason: string) => Effect.Effect<void>
  }
>()("fanfare/domain/SessionSocket") {}
