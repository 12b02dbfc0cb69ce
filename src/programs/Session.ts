/**
 * A session: the fiber of one connected client. It numbers the events that reach it, and is the only one to write to
 * the client's socket once the client is known.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, Fiber, type Scope } from "effect"
import type * as Envelope from "../domain/Envelope.ts"
import * as CloseCode from "../domain/gateway/CloseCode.ts"
import * as Opcode from "../domain/gateway/Opcode.ts"
import * as Payload from "../domain/gateway/Payload.ts"
import type { SessionId } from "../domain/Ids.ts"
import * as Mailbox from "../domain/Mailbox.ts"
import * as Metrics from "../domain/Metrics.ts"
import * as Propagation from "../domain/Propagation.ts"
import type { SessionHandle, SessionMessage } from "../domain/session/Session.ts"
import { SessionSocket, SocketClosed } from "../domain/SessionSocket.ts"
import * as Transport from "./Transport.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type { SessionHandle, SessionMessage } from "../domain/session/Session.ts"

/**
 * How many messages wait for a client that does not read, before it is sent away to reconnect.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAILBOX_CAPACITY = 1024

const WAIT = Metrics.mailboxWait("session")

const ACK = Payload.control(Opcode.HEARTBEAT_ACK, null)

/**
 * Starts a session on the socket in its context; it lives until the scope or the connection closes.
 *
 * `closed` waits for the end of the connection: because it was lost, or because somebody ended the session.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly id: SessionId
  readonly mailboxCapacity?: number
}): Effect.fn.Return<
  SessionHandle & { readonly closed: Effect.Effect<SocketClosed> },
  never,
  SessionSocket | Scope.Scope
> {
  const { id } = options
  const socket = yield* SessionSocket
  // Drops when full: whoever offers learns of it, and ends the session.
  const mailbox = yield* Mailbox.dropping<SessionMessage | Envelope.Envelope<SessionMessage>>(
    options.mailboxCapacity ?? MAILBOX_CAPACITY
  )
  let sequence = 0
  const hop: Transport.Hop = { name: "session.deliver", attributes: { "session.id": id }, wait: WAIT }
  const receiver = Transport.receiver(() => hop, Propagation.notStarting(yield* Propagation.policy))
  const handle = (message: SessionMessage): Effect.Effect<void, SocketClosed> =>
    socket.send(message._tag === "Payload" ? Payload.frame(message, ++sequence) : ACK)

  const closed = yield* Deferred.make<SocketClosed>()
  // Does not wait for the client's consent: one that does not read would not give it.
  const end = ({ code, reason }: CloseCode.Close) =>
    Effect.asVoid(
      Effect.andThen(socket.close(code, reason), Deferred.succeed(closed, new SocketClosed({ code, reason })))
    )
  const loop = Mailbox.take(mailbox).pipe(
    Effect.flatMap((incoming) => receiver.handle(incoming, handle)),
    Effect.forever({ disableYield: true }),
    Effect.catch((error) => Deferred.succeed(closed, error)),
    Effect.catchDefect((defect) =>
      Effect.andThen(Effect.logError(`session ${id} died of a defect`, defect), end(CloseCode.UNKNOWN_ERROR))
    )
  )
  yield* Effect.acquireRelease(Effect.forkDetach(receiver.own(loop)), (fiber) =>
    Effect.andThen(Fiber.interrupt(fiber), Mailbox.shutdown(mailbox))
  )

  return { id, mailbox, end, closed: Deferred.await(closed) }
})
