/**
 * Sessions that a relay serves, and which of them an event is for.
 *
 * Each has a place in a list. For every channel in which something happens there is a bit for each place: whether the one
 * who has it wants to hear of this kind of event and may see the channel. The bits are worked out once, and anew when that
 * channel's audience changes; a fan-out only reads them, however many roles there are.
 *
 * @since 0.1.0
 */
import * as Audience from "../Audience.ts"
import type { Channel, Community } from "../Community.ts"
import * as Intents from "../gateway/Intents.ts"
import type { ChannelId, RoleId, SessionId, UserId } from "../Ids.ts"
import type { SessionHandle } from "../session/Session.ts"
import type { Altered } from "./Alteration.ts"
import { Bits } from "./Bits.ts"
import { ASKED, FOUND, Meter } from "./Meter.ts"
import { type Kind, Roll, type Subscriber } from "./Roll.ts"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Subscriber
} from "./Roll.ts"

/**
 * What an event is about: which kind it is of, and where it happened, if not in the guild as a whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface Topic {
  readonly intent: number
  readonly channel?: ChannelId
}

/**
 * What a change means to those who want to hear of channels: who sees this one from now on, who no longer does, and who
 * did and does. `before` is the channel as those know it who did.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shift {
  readonly channel: Channel
  readonly before: Channel
  readonly gained: ReadonlyArray<SessionHandle>
  readonly lost: ReadonlyArray<SessionHandle>
  readonly kept: ReadonlyArray<SessionHandle>
}

/** `seen`: of how many touched places the bits know. */
interface View {
  audience: Audience.Audience | undefined
  bits: Bits
  seen: number
}

/** The kinds that a difference may concern, of those that there were when so many had come. */
interface Concerned {
  readonly kinds: ReadonlyArray<Kind>
  readonly come: number
}

/** What is worked out in pieces: where it gives nothing, somebody else may have a turn. */
type InPieces<A> = Generator<undefined, A>

/** The places of those who see a channel from now on, or no longer do. */
type Turned = readonly [places: Array<number>, sees: boolean]

/** So many kinds are asked at once before a message. */
const MANY = 1024

const NOBODY: ReadonlyArray<SessionHandle> = []

/** What an audience says of kinds: each role is asked once. */
class Verdicts {
  private readonly audience: Audience.Audience
  private readonly roles: ReadonlyArray<RoleId>
  /** By the number of the role: what it says, and one more, so that none is 0. */
  private readonly said: Uint8Array

  constructor(audience: Audience.Audience, roles: ReadonlyArray<RoleId>) {
    this.audience = audience
    this.roles = roles
    this.said = new Uint8Array(roles.length)
  }

  admits({ borne }: Kind): boolean {
    let all = 0
    for (const number of borne) all |= (this.said[number] || this.ask(number)) - 1
    return Audience.admitsSaying(this.audience, all)
  }

  private ask(number: number): number {
    const role = this.roles[number]
    const said = 1 + (role === undefined ? 0 : Audience.says(this.audience, role))
    this.said[number] = said
    return said
  }
}

/** All pieces one after the other. */
const atOnce = <A>(pieces: InPieces<A>): A => {
  let next = pieces.next()
  while (next.done !== true) next = pieces.next()
  return next.value
}

/**
 * @since 0.1.0
 * @category models
 */
export class Subscribers {
  private community: Community
  readonly roll = new Roll()
  readonly meter: Meter
  /** By channel (none is the guild as a whole) and intent. */
  private readonly views = new Map<ChannelId | undefined, Map<number, View>>()
  /** Places that changed hands since the views were begun. */
  private touched: Array<number> = []
  private readonly concerned = new WeakMap<Audience.Difference & object, Concerned>()
  /** The last list, until something changes: most events come where the last one did. */
  private last: { readonly topic: Topic; readonly list: ReadonlyArray<SessionHandle> } | undefined

  constructor(community: Community, meter = new Meter()) {
    this.community = community
    this.meter = meter
  }

  get size(): number {
    return this.roll.size
  }

  /** A session that is there already is replaced. */
  add(subscriber: Subscriber): void {
    this.remove(subscriber.session.id)
    this.touch(this.roll.add(subscriber))
  }

  /** Gives back whom it has removed. */
  remove(id: SessionId): Subscriber | undefined {
    const removed = this.roll.get(id)
    const place = this.roll.placeOf(id)
    if (removed === undefined || place === undefined) return undefined
    this.roll.remove(removed, place)
    this.touch(place)
    return removed
  }

  get(id: SessionId): Subscriber | undefined {
    return this.roll.get(id)
  }

  /** The sessions of a user. */
  of(user: UserId): ReadonlyArray<Subscriber> {
    return this.roll.of(user)
  }

  /**
   * The sessions of those who want to hear of this and may see where it happened. The list is the caller's to keep: it does
   * not change.
   */
  recipients(topic: Topic): ReadonlyArray<SessionHandle> {
    const { last } = this
    if (last?.topic.channel === topic.channel && last?.topic.intent === topic.intent) return last.list
    const audience = this.audienceOf(topic)
    if (audience === null) return NOBODY
    const { bits } = atOnce(this.view(topic, audience))
    const { length } = this.roll.sessions
    const list = bits.count(length) === length ? this.roll.lent : bits.pick(this.roll.sessions)
    this.last = { topic, list }
    return list
  }

  /** Whether a session that is served here is among the recipients. */
  reaches(id: SessionId, topic: Topic): boolean {
    const place = this.roll.placeOf(id)
    const audience = this.audienceOf(topic)
    return place !== undefined && audience !== null && this.admits(place, topic, audience)
  }

  /** Whether many have to be asked before it is known which sessions an event is for. */
  isUnprepared(topic: Topic): boolean {
    const { last } = this
    if (this.roll.variety <= MANY || (last?.topic.channel === topic.channel && last?.topic.intent === topic.intent)) {
      return false
    }
    const audience = this.audienceOf(topic)
    if (audience === null) return false
    const view = this.views.get(topic.channel)?.get(topic.intent)
    return view === undefined || view.audience !== audience
  }

  /** Finds out which sessions an event is for, so that `recipients` only reads it. */
  *prepare(topic: Topic): InPieces<void> {
    const audience = this.audienceOf(topic)
    if (audience !== null) yield* this.view(topic, audience)
  }

  /** Takes over a changed community. What that means to each session is found out channel by channel, with `shift`. */
  turnTo(after: Community): void {
    this.community = after
    this.last = undefined
  }

  /**
   * What it means that a channel is altered. It may be called later than `turnTo`, and after sessions have come and gone: then
   * those that have come since are among the answer too.
   */
  *shift(altered: Altered): InPieces<Shift | undefined> {
    const { after, before, id, present } = altered
    const channel = after ?? before
    if (channel === undefined) return undefined
    this.meter.spent += ASKED
    const topic = { intent: Intents.GUILDS, channel: id }
    const { gained, lost } = yield* this.moved(topic, altered)
    const isOther = before !== undefined && after !== undefined && before !== after
    let kept = NOBODY
    if (isOther && present !== undefined) {
      const { bits } = yield* this.view(topic, present)
      const isNew = new Set(gained)
      kept = bits.pick(this.roll.sessions)
      if (isNew.size > 0) kept = kept.filter((session) => !isNew.has(session))
    }
    if (after === undefined) this.views.delete(id)
    return { channel, before: before ?? channel, gained, lost, kept }
  }

  /** Which sessions see a channel from now on, and which no longer do; the bits of its views are as they must be afterwards. */
  private *moved(topic: Topic, { difference, past, present }: Altered): InPieces<Pick<Shift, "gained" | "lost">> {
    const { sessions } = this.roll
    if (past === present) return { gained: NOBODY, lost: NOBODY }
    if (past === undefined) return { gained: (yield* this.view(topic, present)).bits.pick(sessions), lost: NOBODY }
    if (present === undefined) return { gained: NOBODY, lost: (yield* this.view(topic, past)).bits.pick(sessions) }
    if (difference === undefined || difference === "everyone") {
      const saw = (yield* this.view(topic, past)).bits.copy()
      const sees = (yield* this.view(topic, present)).bits
      return { gained: sees.without(saw).pick(sessions), lost: saw.without(sees).pick(sessions) }
    }
    const turned = yield* this.turned(difference, past, present)
    for (const [intent, view] of this.views.get(topic.channel) ?? []) {
      // One that knows of something older is made anew when it is used.
      if (view.audience !== past) continue
      view.audience = present
      for (const [places, sees] of turned) {
        this.meter.spent += places.length
        for (const place of places) view.bits.set(place, sees && this.wants(place, intent))
      }
      if (this.meter.isDue) yield undefined
    }
    const [gained, lost] = turned.map(([places]) =>
      places.flatMap((place) => (this.wants(place, topic.intent) ? (sessions[place] ?? []) : []))
    )
    return { gained: gained ?? NOBODY, lost: lost ?? NOBODY }
  }

  private wants(place: number, intent: number): boolean {
    return Intents.wants(this.roll.kinds[place]?.intents ?? 0, intent)
  }

  /**
   * The places of those to whom the answer is another: of those who see it now, and of those who do not. Those of one kind are
   * asked once; only who is spoken of by name, and whom that concerns, is asked alone.
   */
  private *turned(
    difference: Exclude<Audience.Difference, "everyone">,
    past: Audience.Audience,
    present: Audience.Audience
  ): InPieces<readonly [Turned, Turned]> {
    const { roll } = this
    const turned: readonly [Turned, Turned] = [
      [[], true],
      [[], false]
    ]
    const [[gained], [lost]] = turned
    const ask = (user: UserId) => {
      this.meter.spent += FOUND
      for (const place of roll.placesOf(user)) {
        const roles = roll.kinds[place]?.roles ?? []
        const [saw, sees] = [Audience.admits(past, user, roles), Audience.admits(present, user, roles)]
        if (saw !== sees) (sees ? gained : lost).push(place)
      }
    }
    const kinds = this.bearing(difference)
    const [before, after] = [new Verdicts(past, roll.borne), new Verdicts(present, roll.borne)]
    for (const kind of kinds) {
      this.meter.spent += ASKED
      const sees = after.admits(kind)
      if (before.admits(kind) !== sees) {
        this.meter.spent += 2 * FOUND * kind.places.length
        const places = sees ? gained : lost
        for (const place of kind.places) {
          const user = roll.users[place]
          if (user === undefined || Audience.names(past, user) || Audience.names(present, user)) continue
          places.push(place)
        }
      }
      if (this.meter.isDue) yield undefined
    }
    for (const user of difference.users) {
      ask(user)
      if (this.meter.isDue) yield undefined
    }
    // Whoever is shut out by name sees a channel all the same by a role that administers.
    if (kinds.length === 0 || past.base === present.base) return turned
    for (const [user, sees] of present.named) {
      if (!sees && past.named.get(user) === false) ask(user)
      if (this.meter.isDue) yield undefined
    }
    return turned
  }

  /** The kinds that a difference may concern: found out once for all channels that differ alike, as long as no other kind comes. */
  private bearing(difference: Exclude<Audience.Difference, "everyone">): ReadonlyArray<Kind> {
    const { come } = this.roll
    const known = this.concerned.get(difference)
    if (known?.come === come) return known.kinds
    const kinds = this.roll.bearing(difference.roles)
    this.concerned.set(difference, { kinds, come })
    return kinds
  }

  /** The sessions of those who bear one of these roles at least, and whom an event is for; as many at a time as a piece has. */
  *called(roles: ReadonlyArray<RoleId>, topic: Topic): Generator<ReadonlyArray<SessionHandle>> {
    const audience = this.audienceOf(topic)
    if (audience === null) return
    const { roll } = this
    const verdicts = audience && new Verdicts(audience, roll.borne)
    let some: Array<SessionHandle> = []
    for (const kind of roll.bearing(roles)) {
      this.meter.spent += ASKED + FOUND * kind.places.length
      if (!Intents.wants(kind.intents, topic.intent)) continue
      const isSeen = verdicts === undefined || verdicts.admits(kind)
      for (const place of kind.places) {
        const user = roll.users[place]
        const session = roll.sessions[place]
        if (user === undefined || session === undefined) continue
        const isNamed = audience !== undefined && Audience.names(audience, user)
        if (isNamed ? Audience.admits(audience, user, kind.roles) : isSeen) some.push(session)
      }
      if (this.meter.isDue) {
        yield some
        some = []
      }
    }
    yield some
  }

  /** How many sessions bear one of these roles, each counted once for each. */
  countBearing(roles: ReadonlyArray<RoleId>): number {
    return this.roll.bearing(roles).reduce((count, { places }) => count + places.length, 0)
  }

  /** A member has other roles from now on; says what that means, channel by channel. */
  *member(user: UserId, roles: ReadonlyArray<RoleId>): Generator<Shift> {
    const subscribers = this.of(user)
    const [first] = subscribers
    if (first === undefined) return
    for (const subscriber of subscribers) this.add({ ...subscriber, roles })
    const wanting = subscribers.filter(({ intents }) => Intents.wants(intents, Intents.GUILDS))
    const sessions = wanting.map(({ session }) => session)
    for (const [id, audience] of this.community.audiences) {
      const channel = this.community.channels.get(id)
      const [saw, sees] = [first.roles, roles].map((roles) => Audience.admits(audience, user, roles))
      if (channel === undefined || saw === sees) continue
      yield { channel, before: channel, gained: sees ? sessions : NOBODY, lost: sees ? NOBODY : sessions, kept: NOBODY }
    }
  }

  /** None for what concerns the whole guild; `null` where there is no such channel. */
  private audienceOf({ channel }: Topic): Audience.Audience | undefined | null {
    return channel === undefined ? undefined : (this.community.audiences.get(channel) ?? null)
  }

  private *view(topic: Topic, audience: Audience.Audience | undefined): InPieces<View> {
    const ofChannel = this.views.get(topic.channel) ?? new Map<number, View>()
    this.views.set(topic.channel, ofChannel)
    const view = ofChannel.get(topic.intent) ?? { audience, bits: new Bits(), seen: Number.NEGATIVE_INFINITY }
    ofChannel.set(topic.intent, view)
    if (view.audience !== audience || this.touched.length - view.seen > this.roll.sessions.length) {
      view.bits = yield* this.asked(topic, audience)
      view.audience = audience
    } else {
      for (let index = view.seen; index < this.touched.length; index++) {
        const place = this.touched[index] ?? 0
        if (place < this.roll.sessions.length) view.bits.set(place, this.admits(place, topic, audience))
      }
    }
    view.seen = this.touched.length
    return view
  }

  /**
   * Asks all. Most kinds need not be asked: where a channel is open, only the bearers of a denied role may be shut out, and
   * where it is not, only the bearers of some roles may be let in. Those of one kind are asked once, and who is spoken of by
   * name alone.
   */
  private *asked(topic: Topic, audience: Audience.Audience | undefined): InPieces<Bits> {
    const { roll } = this
    if (audience === undefined) {
      const bits = new Bits()
      for (const kind of roll.all()) {
        this.meter.spent += 1 + kind.places.length
        if (Intents.wants(kind.intents, topic.intent)) for (const place of kind.places) bits.set(place, true)
        if (this.meter.isDue) yield undefined
      }
      return bits
    }
    const { allowed, base, denied, isOpen, named, viewers } = audience
    const isForAll = base.administrators.has(base.everyone)
    const bits = isOpen || isForAll ? (yield* this.view({ intent: topic.intent }, undefined)).bits.copy() : new Bits()
    if (isForAll) return bits
    const verdicts = new Verdicts(audience, roll.borne)
    for (const kind of roll.perhapsBearing(isOpen ? denied : [...allowed, ...viewers, ...base.administrators])) {
      this.meter.spent += ASKED
      if (Intents.wants(kind.intents, topic.intent) && verdicts.admits(kind) !== isOpen) {
        this.meter.spent += kind.places.length
        for (const place of kind.places) bits.set(place, !isOpen)
      }
      if (this.meter.isDue) yield undefined
    }
    const ask = (place: number) => bits.set(place, this.admits(place, topic, audience))
    for (const place of roll.placesOf(base.ownerId)) ask(place)
    if (named.size <= roll.size) {
      for (const user of named.keys()) {
        this.meter.spent += FOUND
        for (const place of roll.placesOf(user)) ask(place)
        if (this.meter.isDue) yield undefined
      }
    } else {
      for (const [place, user] of roll.users.entries()) if (named.has(user)) ask(place)
      this.meter.spent += FOUND * roll.size
    }
    return bits
  }

  private admits(place: number, { intent }: Pick<Topic, "intent">, audience: Audience.Audience | undefined): boolean {
    const kind = this.roll.kinds[place]
    const user = this.roll.users[place]
    if (kind === undefined || user === undefined || !Intents.wants(kind.intents, intent)) return false
    return audience === undefined || Audience.admits(audience, user, kind.roles)
  }

  /** Views look at a place anew when they are used. */
  private touch(place: number): void {
    this.last = undefined
    // Where nobody has looked for long, asking everybody is no more work.
    if (this.touched.length > 2 * this.roll.sessions.length + 64) {
      this.touched = []
      this.views.clear()
    }
    if (this.views.size > 0) this.touched.push(place)
  }
}
