/**
 * Which session has which place in a relay's list: whose it is, and of which kind.
 *
 * @since 0.1.0
 */
import type { RoleId, SessionId, UserId } from "../Ids.ts"
import type { SessionHandle } from "../session/Session.ts"

/**
 * A session as its relay knows it: by its handle, or by what another thread knows it by.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subscriber<out S = SessionHandle> {
  readonly session: S
  readonly user: UserId
  readonly roles: ReadonlyArray<RoleId>
  readonly intents: number
}

/**
 * All with the same roles who want to hear of the same: as long as none is spoken of by name, one answer is for all.
 *
 * @since 0.1.0
 * @category models
 */
export interface Kind {
  readonly key: string
  readonly roles: ReadonlyArray<RoleId>
  readonly intents: number
  count: number
  /** The last answer, and the question. */
  answer: boolean
  question: unknown
}

/**
 * @since 0.1.0
 * @category models
 */
export class Roll {
  /** By place. A list that is lent is not changed any more. */
  sessions: ReadonlyArray<SessionHandle> = []
  readonly users: Array<UserId> = []
  readonly kinds: Array<Kind> = []
  private own: Array<SessionHandle> = []
  private isLent = false
  private readonly places = new Map<SessionId, number>()
  private readonly kindsByKey = new Map<string, Kind>()
  private readonly sessionsOf = new Map<UserId, SessionId | Set<SessionId>>()

  constructor() {
    this.sessions = this.own
  }

  get size(): number {
    return this.places.size
  }

  /** The list itself, for whoever keeps it. */
  get lent(): ReadonlyArray<SessionHandle> {
    this.isLent = true
    return this.sessions
  }

  /** The place that a session gets, which has none yet. */
  add({ intents, roles, session, user }: Subscriber): number {
    const place = this.mayBeChanged().push(session) - 1
    this.users[place] = user
    this.kinds[place] = this.enter(roles, intents)
    this.places.set(session.id, place)
    const others = this.sessionsOf.get(user)
    if (others === undefined) this.sessionsOf.set(user, session.id)
    else if (typeof others === "string") this.sessionsOf.set(user, new Set([others, session.id]))
    else others.add(session.id)
    return place
  }

  /** Gives its place to the last one. */
  remove({ session: { id }, user: whose }: Subscriber, place: number): void {
    const kind = this.kinds[place]
    if (kind !== undefined) this.leave(kind)
    this.places.delete(id)
    const sessions = this.sessionsOf.get(whose)
    if (typeof sessions === "object" && sessions.size > 1) sessions.delete(id)
    else this.sessionsOf.delete(whose)
    const all = this.mayBeChanged()
    const last = all.pop()
    const user = this.users.pop()
    const other = this.kinds.pop()
    if (last === undefined || user === undefined || other === undefined || last.id === id) return
    all[place] = last
    this.users[place] = user
    this.kinds[place] = other
    this.places.set(last.id, place)
  }

  placeOf(id: SessionId): number | undefined {
    return this.places.get(id)
  }

  get(id: SessionId): Subscriber | undefined {
    const place = this.places.get(id)
    if (place === undefined) return undefined
    const session = this.sessions[place]
    const user = this.users[place]
    const kind = this.kinds[place]
    if (session === undefined || user === undefined || kind === undefined) return undefined
    return { session, user, roles: kind.roles, intents: kind.intents }
  }

  /** The sessions of a user. */
  of(user: UserId): ReadonlyArray<Subscriber> {
    const ids = this.sessionsOf.get(user)
    if (ids === undefined) return []
    return (typeof ids === "string" ? [ids] : Array.from(ids)).flatMap((id) => this.get(id) ?? [])
  }

  private enter(roles: ReadonlyArray<RoleId>, intents: number): Kind {
    const key = [intents, ...roles.toSorted()].join()
    const kind = this.kindsByKey.get(key) ?? { key, roles, intents, count: 0, answer: false, question: undefined }
    kind.count++
    this.kindsByKey.set(key, kind)
    return kind
  }

  private leave(kind: Kind): void {
    if (--kind.count === 0) this.kindsByKey.delete(kind.key)
  }

  private mayBeChanged(): Array<SessionHandle> {
    if (this.isLent) {
      this.own = this.own.slice()
      this.sessions = this.own
      this.isLent = false
    }
    return this.own
  }
}
