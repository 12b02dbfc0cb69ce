/**
 * A session's socket in memory: both ends in one process, for tests and for programs that have no network.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, Queue } from "effect"
import * as Payload from "../../domain/gateway/Payload.ts"
import { type SessionSocket, SocketClosed } from "../../domain/SessionSocket.ts"

/**
 * The client's end. `frames` are what the session sends, in order; it ends with the connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client {
  readonly frames: Queue.Dequeue<string, SocketClosed>
  readonly send: (frame: string | Uint8Array) => Effect.Effect<void, SocketClosed>
  readonly close: (code: number, reason?: string) => Effect.Effect<void>
  /** How the connection closed, whoever closed it. */
  readonly closed: Effect.Effect<SocketClosed>
}

/**
 * A connected pair. Frames wait without bound for the client to take them, unless `capacity` says how many may.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (options?: { readonly capacity?: number }) {
  const toClient = yield* Queue.make<string, SocketClosed>(options)
  const toServer = yield* Queue.unbounded<string | Uint8Array, SocketClosed>()
  const closed = yield* Deferred.make<SocketClosed>()

  const close = (code: number, reason = "") =>
    Effect.suspend(() => {
      const error = new SocketClosed({ code, reason })
      // The first close counts; what was sent before can still be received.
      return Deferred.doneUnsafe(closed, Effect.succeed(error))
        ? Effect.andThen(Queue.fail(toClient, error), Queue.fail(toServer, error))
        : Effect.void
    })

  const put = <A>(queue: Queue.Enqueue<A, SocketClosed>, frame: A): Effect.Effect<void, SocketClosed> =>
    Effect.flatMap(Queue.offer(queue, frame), (taken) =>
      taken ? Effect.void : Effect.flatMap(Deferred.await(closed), Effect.fail)
    )

  const socket: SessionSocket["Service"] = {
    receive: Queue.take(toServer),
    send: (frame) => put(toClient, frame),
    sendUnsafe: (payload, sequence) => Queue.offerUnsafe(toClient, Payload.frame(payload, sequence)),
    close
  }
  const client: Client = {
    frames: toClient,
    send: (frame) => put(toServer, frame),
    close,
    closed: Deferred.await(closed)
  }
  return { socket, client } as const
})
