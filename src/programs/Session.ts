/**
 * A session: the fiber of one connected client. It numbers the events that reach it, and is the only one to write to
 * the client's socket once the client is known.
 *
 * There may be a million of them, so one is a single object that is its own loop, and all share what is the same for
 * all. Whatever happens to one, fails or dies, the others do not hear of it.
 *
 * @since 0.1.0
 */
import { Cause, Context, Duration, Effect, Exit, Fiber, Inspectable, Layer, Metric, Schedule, type Scope } from "effect"
import * as Detached from "../domain/Detached.ts"
import * as Envelope from "../domain/Envelope.ts"
import * as CloseCode from "../domain/gateway/CloseCode.ts"
import * as Opcode from "../domain/gateway/Opcode.ts"
import * as Payload from "../domain/gateway/Payload.ts"
import type { SessionId, UserId } from "../domain/Ids.ts"
import type { LimitName } from "../domain/LimitName.ts"
import { Consumer, type Handled, run } from "../domain/mailbox/Consumer.ts"
import * as RunQueue from "../domain/mailbox/RunQueue.ts"
import type * as Mailbox from "../domain/Mailbox.ts"
import * as Metrics from "../domain/Metrics.ts"
import * as Propagation from "../domain/Propagation.ts"
import * as Backlog from "../domain/session/Backlog.ts"
import type { SessionHandle, SessionMessage } from "../domain/session/Session.ts"
import { SessionMailbox } from "../domain/session/SessionMailbox.ts"
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

/**
 * How long a connection may take nothing of what it holds, before its client is sent away.
 *
 * @since 0.1.0
 * @category limits
 */
export const WRITE_DEADLINE = "60 seconds"

/**
 * {@link MAILBOX_CAPACITY} and {@link WRITE_DEADLINE}, unless they are set.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly mailboxCapacity?: number
  readonly writeDeadline?: Duration.Input
}

/** What all sessions have in common. */
interface Shared {
  readonly writeDeadline: Duration.Duration
  readonly passing: Transport.Passing
  readonly backlog: Backlog.Backlog
  readonly nobodys: Backlog.Share
  readonly mailbox: () => SessionMailbox
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

class SessionImpl extends Consumer<Incoming, never, SocketClosed, never> implements Session, Backlog.Slow {
  readonly id: SessionId
  private readonly socket: SessionSocket["Service"]
  private readonly shared: Shared
  private readonly share: Backlog.Share
  private readonly fiber: Fiber.Fiber<never, SocketClosed>
  private sequence = 0
  private outcome: SocketClosed | undefined = undefined

  declare readonly mailbox: SessionMailbox

  constructor({ id, share, socket }: StartOptions, shared: Shared) {
    super(shared.mailbox())
    this.share = share ?? shared.nobodys
    this.id = id
    this.socket = socket
    this.shared = shared
    this.fiber = shared.fork(run(this))
  }

  handle(incoming: Incoming): Handled<SocketClosed, never> {
    try {
      const effect = Envelope.isEnvelope(incoming) ? this.traced(incoming) : this.deliver(incoming)
      return effect && this.guarded(effect)
    } catch (defect) {
      return this.crashed(defect)
    }
  }

  /** Not a part of `handle`, where what the function captures would take 50 bytes for each message. */
  private guarded(effect: Effect.Effect<unknown, SocketClosed>): Effect.Effect<unknown, SocketClosed> {
    return Effect.catchDefect(effect, (defect) => this.crashed(defect))
  }

  // The loop is all that the fiber does, and whoever interrupts it has shut the mailbox before. So it needs no cleanup, which
  // takes 200 bytes of each session that waits.
  override get loop(): Effect.Effect<never, SocketClosed> {
    return this
  }

  private deliver(message: SessionMessage): Handled<SocketClosed, never> {
    if (message._tag === "HeartbeatAck") return this.patiently(ACK)
    const sequence = ++this.sequence
    // Nearly always the connection takes it at once, and then nothing more is to be done.
    return this.socket.sendUnsafe(message, sequence) ? undefined : this.patiently(Payload.frame(message, sequence))
  }

  /** Waits until the connection takes it. What it takes at once is not waited for: nothing else is begun then. */
  private patiently(frame: string): Effect.Effect<void, SocketClosed> {
    return Effect.raceFirst(this.socket.send(frame), this.stalled)
  }

  /** The client does not keep up; at the deadline it is sent away. */
  private get stalled(): Effect.Effect<void> {
    const { backlog, writeDeadline } = this.shared
    return Effect.suspend(() => {
      this.mailbox.count(this.share)
      backlog.stalled(this)
      return Effect.andThen(Effect.sleep(writeDeadline), this.sendAway("time-to-send"))
    }).pipe(Effect.ensuring(Effect.sync(() => backlog.resumed(this))))
  }

  shed(): void {
    // At once: so much less waits.
    this.mailbox.shutdownUnsafe()
    this.shared.fork(this.sendAway("waiting"))
  }

  /** The client is slower than this limit lets it be. */
  private sendAway(limit: LimitName): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.outcome === undefined
        ? Effect.andThen(Metric.update(Metrics.limited(limit), 1), this.leave(CloseCode.TOO_SLOW))
        : Effect.void
    )
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

  end(close: CloseCode.Close): Effect.Effect<void> {
    return Effect.suspend(() => (close === CloseCode.TOO_SLOW ? this.sendAway(this.mailbox.limit) : this.leave(close)))
  }

  // Does not wait for the client's consent: one that does not read would not give it.
  private leave({ code, reason }: CloseCode.Close): Effect.Effect<void> {
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
 * A session's id, its client's socket, and its user's share of what may wait in this process: nobody's in particular if that
 * is left out.
 *
 * @since 0.1.0
 * @category models
 */
export interface StartOptions {
  readonly id: SessionId
  readonly socket: SessionSocket["Service"]
  readonly share?: Backlog.Share | undefined
}

/**
 * How sessions are started. Each runs until it is stopped, or its connection is gone.
 *
 * @since 0.1.0
 * @category models
 */
export interface Start {
  (options: StartOptions): Session
}

/**
 * Sessions that run in the context of this effect, and have no part in its trace. Many of them share it: a server asks
 * for this once (see {@link layer}), not for each connection.
 *
 * @since 0.1.0
 * @category constructors
 */
export const starter = Effect.fnUntraced(function* ({
  mailboxCapacity = MAILBOX_CAPACITY,
  writeDeadline = WRITE_DEADLINE
}: Options = {}): Effect.fn.Return<Start> {
  const policy = Propagation.notStarting(yield* Propagation.policy)
  const runQueue = yield* Effect.withFiber((fiber) => Effect.succeed(RunQueue.of(fiber)))
  const backlog = yield* Backlog.Reference
  const shared: Shared = {
    writeDeadline: Duration.fromInputUnsafe(writeDeadline),
    passing: Transport.passing(policy),
    backlog,
    nobodys: new Backlog.Share(backlog),
    mailbox: () => new SessionMailbox(mailboxCapacity, runQueue),
    fork: Detached.runner(yield* Transport.isolated(Effect.context<never>(), policy))
  }
  return (options) => new SessionImpl(options, shared)
})

/**
 * Starts a session on the socket in its context; it lives until the scope or the connection closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  options: Options & { readonly id: SessionId }
): Effect.fn.Return<Session, never, SessionSocket | Scope.Scope> {
  const start = yield* starter(options)
  return yield* open(start, options.id)
})

const open = (start: Start, id: SessionId, share?: Backlog.Share) =>
  Effect.flatMap(SessionSocket, (socket) =>
    Effect.acquireRelease(
      Effect.sync(() => start({ id, socket, share })),
      (session) => session.stop
    )
  )

/** The user's share of what may wait, for as long as the scope is open. */
const shareOf = (backlog: Backlog.Backlog, user: UserId) =>
  Effect.acquireRelease(
    Effect.suspend(() => Effect.fromResult(backlog.join(user))),
    (share) => Effect.sync(() => backlog.leave(user, share))
  )

/** Messages: nearly nothing. */
const FEW = 4

/** A client that takes what it gets is soon done with it; one that does not is asked less and less often. */
const seldom = Schedule.min([Schedule.exponential("1 millis"), Schedule.spaced("50 millis")])

/**
 * Waits until nearly nothing waits for the client: for whoever has very much for it, so that little of that waits here, however
 * large it is.
 *
 * @since 0.1.0
 * @category sending
 */
export const drained = ({ mailbox }: Session): Effect.Effect<void> =>
  Effect.asVoid(
    Effect.repeat(
      Effect.sync(() => mailbox.length),
      { until: (length) => length < FEW, schedule: seldom }
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
    /** Starts a session of a user on the socket in its context; it lives until the scope or the connection closes. */
    readonly open: (
      id: SessionId,
      user: UserId
    ) => Effect.Effect<Session, Backlog.TooManySessions, SessionSocket | Scope.Scope>
  }
>()("fanfare/programs/Sessions") {}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<Sessions> =>
  Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const start = yield* starter(options)
      const backlog = yield* Backlog.Reference
      return { open: (id, user) => Effect.flatMap(shareOf(backlog, user), (share) => open(start, id, share)) }
    })
  )
