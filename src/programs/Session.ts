/**
 * A session: the fiber of one connected client. It numbers the events that reach it, and is the only one to write to
 * the client's socket once the client is known.
 *
 * @since 0.1.0
 */
import { Effect, Fiber, Queue, type Scope } from "effect"
import type * as Envelope from "../domain/Envelope.ts"
import type { Close } from "../domain/gateway/CloseCode.ts"
import * as Opcode from "../domain/gateway/Opcode.ts"
import * as Payload from "../domain/gateway/Payload.ts"
import type { SessionId } from "../domain/Ids.ts"
import type { SessionHandle, SessionMessage } from "../domain/session/Session.ts"
import { SessionSocket, type SocketClosed } from "../domain/SessionSocket.ts"
import { withoutTrace } from "./Actor.ts"
import * as Transport from "./Transport.ts"

/**
 * How many messages wait for a client that does not read, before it is sent away to reconnect.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAILBOX_CAPACITY = 1024

const ACK = Payload.control(Opcode.HEARTBEAT_ACK, null)

/**
 * Starts a session on the socket in its context; it lives until the scope or the connection closes.
 *
 * `closed` waits for the end of the connection as the session noticed it.
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
  const mailbox = yield* Queue.dropping<SessionMessage | Envelope.Envelope<SessionMessage>>(
    options.mailboxCapacity ?? MAILBOX_CAPACITY
  )
  let sequence = 0
  const hop: Transport.Hop = { name: "session.deliver", attributes: { "session.id": id } }
  const describe = () => hop
  const handle = (message: SessionMessage): Effect.Effect<void, SocketClosed> =>
    socket.send(message._tag === "Payload" ? Payload.frame(message, ++sequence) : ACK)

  const loop = Queue.take(mailbox).pipe(
    Effect.flatMap((incoming) => Transport.receive(incoming, describe, handle)),
    Effect.forever({ disableYield: true })
  )
  const context = withoutTrace(yield* Effect.context())
  const fiber = yield* Effect.acquireRelease(
    Effect.forkDetach(Effect.setContext(Effect.flip(loop), context)),
    (fiber) => Effect.andThen(Fiber.interrupt(fiber), Queue.shutdown(mailbox))
  )

  return {
    id,
    mailbox,
    end: (close: Close) => Effect.asVoid(socket.close(close.code, close.reason)),
    closed: Fiber.join(fiber)
  }
})
