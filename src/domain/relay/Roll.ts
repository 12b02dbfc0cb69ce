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
 * All sessions with the same roles that want to hear of the same: as long as none is spoken of by name, one answer is for all.
 * `places` are theirs. `borne` are the numbers of the roles, each once, and `positions` where the kind stands among those that
 * bear each. `told` is the last walk over all kinds that has come here.
 *
 * @since 0.1.0
 * @category models
 */
export interface Kind {
  readonly key: string
  readonly roles: ReadonlyArray<RoleId>
  readonly intents: number
  readonly places: Array<number>
  readonly borne: ReadonlyArray<number>
  readonly positions: Array<number>
  told: unknown
}

const NONE: ReadonlyArray<never> = []

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
  /** By place: where it stands among those of its kind. */
  private readonly slots: Array<number> = []
  /** Roles that somebody bears have numbers: who asks for very many kinds asks each role once, and looks it up by that. */
  private readonly numbers = new Map<RoleId, number>()
  private readonly free: Array<number> = []
  /** By number. */
  readonly borne: Array<RoleId> = []
  private readonly bearers: Array<Array<Kind>> = []
  private readonly kindsByKey = new Map<string, Kind>()
  /** How many kinds have come, those that are gone too. */
  come = 0
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
    const kind = this.enter(roles, intents)
    this.users[place] = user
    this.kinds[place] = kind
    this.slots[place] = kind.places.push(place) - 1
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
    if (kind !== undefined) this.leave(kind, this.slots[place] ?? 0)
    this.places.delete(id)
    const sessions = this.sessionsOf.get(whose)
    if (typeof sessions === "object" && sessions.size > 1) sessions.delete(id)
    else this.sessionsOf.delete(whose)
    const all = this.mayBeChanged()
    const last = all.pop()
    const user = this.users.pop()
    const other = this.kinds.pop()
    const slot = this.slots.pop()
    if (last === undefined || user === undefined || other === undefined || slot === undefined || last.id === id) return
    all[place] = last
    this.users[place] = user
    this.kinds[place] = other
    this.slots[place] = slot
    other.places[slot] = place
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

  /** The places of a user's sessions. */
  placesOf(user: UserId): ReadonlyArray<number> {
    const ids = this.sessionsOf.get(user)
    if (ids === undefined) return NONE
    return (typeof ids === "string" ? [ids] : Array.from(ids)).flatMap((id) => this.places.get(id) ?? NONE)
  }

  /** All kinds, in the order in which they came. Those that come while this is gone through are among them. */
  all(): IterableIterator<Kind> {
    return this.kindsByKey.values()
  }

  get variety(): number {
    return this.kindsByKey.size
  }

  /** The kinds that bear one of these roles at least, each once. */
  bearing(roles: Iterable<RoleId>): ReadonlyArray<Kind> {
    const [first = NONE, ...others] = this.listsOf(roles)
    return others.length === 0 ? first.slice() : Array.from(new Set([first, ...others].flat()))
  }

  /** The same, where it does no harm that some come again, or others too: no more than there are, whoever bears what. */
  *perhapsBearing(roles: Iterable<RoleId>): Generator<Kind> {
    const lists = this.listsOf(roles)
    const count = lists.reduce((sum, { length }) => sum + length, 0)
    if (count > this.variety) yield* this.all()
    else for (const list of lists) yield* list
  }

  private listsOf(roles: Iterable<RoleId>): ReadonlyArray<ReadonlyArray<Kind>> {
    const lists: Array<ReadonlyArray<Kind>> = []
    for (const role of roles) {
      const number = this.numbers.get(role)
      const kinds = number === undefined ? undefined : this.bearers[number]
      if (kinds !== undefined) lists.push(kinds)
    }
    return lists
  }

  private enter(roles: ReadonlyArray<RoleId>, intents: number): Kind {
    const key = [intents, ...roles.toSorted()].join()
    const known = this.kindsByKey.get(key)
    if (known !== undefined) return known
    const borne = Array.from(new Set(roles), (role) => this.numberOf(role))
    const kind: Kind = { key, roles, intents, places: [], borne, positions: [], told: undefined }
    for (const number of borne) kind.positions.push((this.bearers[number]?.push(kind) ?? 1) - 1)
    this.kindsByKey.set(key, kind)
    this.come++
    return kind
  }

  /** The last place of a kind takes the slot of one that goes. */
  private leave(kind: Kind, slot: number): void {
    const last = kind.places.pop()
    if (last !== undefined && slot < kind.places.length) {
      kind.places[slot] = last
      this.slots[last] = slot
    }
    if (kind.places.length > 0) return
    this.kindsByKey.delete(kind.key)
    for (const [nth, number] of kind.borne.entries()) this.leaveBearers(number, kind, kind.positions[nth] ?? 0)
  }

  private leaveBearers(number: number, kind: Kind, position: number): void {
    const kinds = this.bearers[number]
    const last = kinds?.pop()
    if (kinds === undefined || last === undefined) return
    if (last !== kind) {
      kinds[position] = last
      last.positions[last.borne.indexOf(number)] = position
    }
    const role = this.borne[number]
    if (kinds.length > 0 || role === undefined) return
    this.numbers.delete(role)
    this.free.push(number)
  }

  private numberOf(role: RoleId): number {
    const known = this.numbers.get(role)
    if (known !== undefined) return known
    const number = this.free.pop() ?? this.borne.length
    this.numbers.set(role, number)
    this.borne[number] = role
    this.bearers[number] = []
    return number
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
