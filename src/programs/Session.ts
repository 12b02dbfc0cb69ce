/**
 * A session: the fiber of one connected client. It numbers the events that reach it, and is the only one to write to
 * the client's socket once the client is known.
 *
 * There may be a million of them, so one is a single object that is its own loop, and all share what is the same for
 * all. Whatever happens to one, fails or dies, the others do not hear of it.
 *
 * @since 0.1.0
 */
import { Cause, Context, Effect, Exit, Fiber, Inspectable, Layer, type Scope } from "effect"
import * as Detached from "../domain/Detached.ts"
import * as Envelope from "../domain/Envelope.ts"
import * as CloseCode from "../domain/gateway/CloseCode.ts"
import * as Opcode from "../domain/gateway/Opcode.ts"
import * as Payload from "../domain/gateway/Payload.ts"
import type { SessionId } from "../domain/Ids.ts"
import { Consumer, type Handled, run } from "../domain/mailbox/Consumer.ts"
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

type Incoming = SessionMessage | Envelope.Envelope<SessionMessage>

/** What all sessions have in common. */
interface Shared {
  readonly passing: Transport.Passing
  readonly mailbox: () => Mailbox.Mailbox<Incoming>
  /** Starts a fiber in a context that is no connection's in particular, and in no trace. */
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

/**
 * A session that runs. `closed` waits for the end of its connection: because it was lost, or because somebody ended the
 * session. `stop` ends the session alone, and leaves its connection as it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Session extends SessionHandle {
  readonly mailbox: Mailbox.Mailbox<Incoming>
  readonly closed: Effect.Effect<SocketClosed>
  readonly stop: Effect.Effect<void>
}

class SessionImpl extends Consumer<Incoming, never, SocketClosed, never> implements Session {
  readonly id: SessionId
  private readonly socket: SessionSocket["Service"]
  private readonly shared: Shared
  private readonly fiber: Fiber.Fiber<never, SocketClosed>
  private sequence = 0
  private outcome: SocketClosed | undefined = undefined

  constructor(id: SessionId, socket: SessionSocket["Service"], shared: Shared) {
    super(shared.mailbox())
    this.id = id
    this.socket = socket
    this.shared = shared
    this.fiber = shared.fork(run(this))
  }

  handle(incoming: Incoming): Handled<SocketClosed, never> {
    try {
      const effect = Envelope.isEnvelope(incoming) ? this.traced(incoming) : this.deliver(incoming)
      return effect && Effect.catchDefect(effect, (defect) => this.crashed(defect))
    } catch (defect) {
      return this.crashed(defect)
    }
  }

  // The loop is all that the fiber does, and whoever interrupts it has shut the mailbox before. So it needs no cleanup, which
  // takes 200 bytes of each session that waits.
  override get loop(): Effect.Effect<never, SocketClosed> {
    return this
  }

  private deliver(message: SessionMessage): Handled<SocketClosed, never> {
    if (message._tag === "HeartbeatAck") return this.socket.send(ACK)
    const sequence = ++this.sequence
    // Nearly always the connection takes it at once, and then nothing more is to be done.
    return this.socket.sendUnsafe(message, sequence) ? undefined : this.socket.send(Payload.frame(message, sequence))
  }

  private traced(envelope: Envelope.Envelope<SessionMessage>): Handled<SocketClosed, never> {
    const hop: Transport.Hop = { name: "session.deliver", attributes: { "session.id": this.id }, wait: WAIT }
    return this.shared.passing(this.fiber, envelope, hop, (message) => this.deliver(message))
  }

  private crashed(defect: unknown): Effect.Effect<void> {
    return Effect.andThen(
      Effect.logError(`session ${this.id} died of a defect`, Cause.die(defect)),
      this.end(CloseCode.UNKNOWN_ERROR)
    )
  }

  // Does not wait for the client's consent: one that does not read would not give it.
  end({ code, reason }: CloseCode.Close): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.outcome !== undefined) return Effect.void
      this.outcome = new SocketClosed({ code, reason })
      this.mailbox.shutdownUnsafe()
      return Effect.ensuring(
        this.socket.close(code, reason),
        Effect.sync(() => this.fiber.interruptUnsafe())
      )
    })
  }

  get closed(): Effect.Effect<SocketClosed> {
    return Effect.map(Fiber.await(this.fiber), (exit) => {
      if (this.outcome !== undefined) return this.outcome
      const lost = Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason)?.error : undefined
      return lost ?? new SocketClosed({ code: 1006, reason: "" })
    })
  }

  /** As it is logged: without its fiber and its connection. */
  override toJSON(): unknown {
    return { _id: "fanfare/Session", id: this.id, mailbox: this.mailbox }
  }

  override [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }

  get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.mailbox.shutdownUnsafe()
      return Fiber.interrupt(this.fiber)
    })
  }
}

/**
 * How sessions are started: each with its id and its client's socket. It runs until it is stopped, or its connection is
 * gone.
 *
 * @since 0.1.0
 * @category models
 */
export interface Start {
  (options: { readonly id: SessionId; readonly socket: SessionSocket["Service"] }): Session
}

/**
 * Sessions that run in the context of this effect, and have no part in its trace. Many of them share it: a server asks
 * for this once (see {@link layer}), not for each connection.
 *
 * @since 0.1.0
 * @category constructors
 */
export const starter = Effect.fnUntraced(function* (options?: {
  readonly mailboxCapacity?: number
}): Effect.fn.Return<Start> {
  const policy = Propagation.notStarting(yield* Propagation.policy)
  const shared: Shared = {
    passing: Transport.passing(policy),
    // Drops when full: whoever offers learns of it, and ends the session.
    mailbox: yield* Mailbox.maker<Incoming>({
      capacity: options?.mailboxCapacity ?? MAILBOX_CAPACITY,
      strategy: "dropping"
    }),
    fork: Detached.runner(yield* Transport.isolated(Effect.context<never>(), policy))
  }
  return ({ id, socket }) => new SessionImpl(id, socket, shared)
})

/**
 * Starts a session on the socket in its context; it lives until the scope or the connection closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly id: SessionId
  readonly mailboxCapacity?: number
}): Effect.fn.Return<Session, never, SessionSocket | Scope.Scope> {
  const start = yield* starter(options)
  return yield* open(start, options.id)
})

const open = (start: Start, id: SessionId) =>
  Effect.flatMap(SessionSocket, (socket) =>
    Effect.acquireRelease(
      Effect.sync(() => start({ id, socket })),
      (session) => session.stop
    )
  )

/**
 * Who starts the sessions of a server.
 *
 * @since 0.1.0
 * @category services
 */
export class Sessions extends Context.Service<
  Sessions,
  {
    /** Starts a session on the socket in its context; it lives until the scope or the connection closes. */
    readonly open: (id: SessionId) => Effect.Effect<Session, never, SessionSocket | Scope.Scope>
  }
>()("fanfare/programs/Sessions") {}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: { readonly mailboxCapacity?: number }): Layer.Layer<Sessions> =>
  Layer.effect(
    Sessions,
    Effect.map(starter(options), (start) => ({ open: (id) => open(start, id) }))
  )
