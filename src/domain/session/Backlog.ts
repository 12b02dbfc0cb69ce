/**
 * What waits for clients that do not keep up, in bytes: for each session, for each user, and in the whole process.
 *
 * A payload is shared by all whom it is for. It counts in full for each session that it waits for and for its user, but only
 * once for the process, which holds it once.
 *
 * @since 0.1.0
 */
import { Context, Result, Schema } from "effect"
import { UserId } from "../Ids.ts"

/**
 * Bytes: `session` and `user` of what lies in mailboxes, `process` of that and of what connections have yet to send. A user may
 * have so many `sessions`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly session: number
  readonly user: number
  readonly process: number
  readonly sessions: number
}

/**
 * A user has as many sessions as they may.
 *
 * @since 0.1.0
 * @category errors
 */
export class TooManySessions extends Schema.TaggedError<TooManySessions>()("TooManySessions", {
  user: UserId,
  most: Schema.Int
}) {
  override get message() {
    return `user ${this.user} has ${this.most} sessions, which are all that one user may have: end one of them first`
  }
}

const MIB = 1024 * 1024

/**
 * @since 0.1.0
 * @category limits
 */
export const DEFAULTS: Limits = { session: 16 * MIB, user: 64 * MIB, process: 512 * MIB, sessions: 250 }

/**
 * Bytes that may wait in a connection before its session waits for them to leave. So a client that does not keep up has as
 * much in its connection.
 *
 * @since 0.1.0
 * @category limits
 */
export const UNSENT = 256 * 1024

/**
 * In how many mailboxes something lies, and who counts it.
 *
 * @since 0.1.0
 * @category models
 */
export class Waits {
  count = 0
  countedBy: Backlog | undefined = undefined
}

/**
 * What waits, as far as it matters here: so many bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Waiting {
  readonly octets: { readonly length: number }
  readonly waits: Waits
}

/**
 * A session that waits until its connection takes more. `shed` sends its client away.
 *
 * @since 0.1.0
 * @category models
 */
export interface Slow {
  readonly shed: () => void
}

/**
 * What waits for all sessions of one user, in bytes; or for those of nobody in particular, without a limit of their own.
 *
 * @since 0.1.0
 * @category models
 */
export class Share {
  readonly backlog: Backlog
  sessions = 0
  private readonly most: number
  private bytes = 0

  constructor(backlog: Backlog, most = Number.POSITIVE_INFINITY) {
    this.backlog = backlog
    this.most = most
  }

  get isFull(): boolean {
    return this.bytes >= this.most
  }

  came(waiting: Waiting): void {
    this.bytes += waiting.octets.length
    this.backlog.came(waiting)
  }

  went(waiting: Waiting): void {
    this.bytes -= waiting.octets.length
    this.backlog.went(waiting)
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export class Backlog {
  readonly limits: Limits
  private readonly users = new Map<UserId, Share>()
  /** Those who have waited longest come first. */
  private readonly slow = new Set<Slow>()
  private lying = 0

  constructor(limits: Limits = DEFAULTS) {
    this.limits = limits
  }

  /** What waits in this process. */
  get bytes(): number {
    return this.lying + this.slow.size * UNSENT
  }

  /** A session of this user begins, if they may have one more. */
  join(user: UserId): Result.Result<Share, TooManySessions> {
    const share = this.users.get(user) ?? new Share(this, this.limits.user)
    const { sessions: most } = this.limits
    if (share.sessions >= most) return Result.fail(new TooManySessions({ user, most }))
    share.sessions++
    this.users.set(user, share)
    return Result.succeed(share)
  }

  /** It has ended. */
  leave(user: UserId, share: Share): void {
    if (--share.sessions === 0) this.users.delete(user)
  }

  came({ octets, waits }: Waiting): void {
    if (waits.count++ > 0) return
    waits.countedBy = this
    this.lying += octets.length
    this.relieve()
  }

  went({ octets, waits }: Waiting): void {
    if (--waits.count === 0 && waits.countedBy !== undefined) waits.countedBy.lying -= octets.length
  }

  /** A session begins to wait for its connection. */
  stalled(session: Slow): void {
    this.slow.add(session)
    this.relieve()
  }

  /** Its connection has taken what it waited with, or it has ended. */
  resumed(session: Slow): void {
    this.slow.delete(session)
  }

  /** Sends clients away for as long as too much waits: first those who have waited longest. */
  private relieve(): void {
    for (const session of this.slow) {
      if (this.bytes <= this.limits.process) return
      this.slow.delete(session)
      session.shed()
    }
  }
}

/**
 * The process's own.
 *
 * @since 0.1.0
 * @category references
 */
export const Reference: Context.Reference<Backlog> = Context.Reference<Backlog>("fanfare/domain/session/Backlog", {
  defaultValue: () => new Backlog()
})
