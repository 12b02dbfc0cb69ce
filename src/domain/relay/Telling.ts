/**
 * Telling passive sessions what they have missed, in pieces between which anything may happen.
 *
 * What is told is how things were when it began, but for messages that call somebody: of these whoever is told later may know.
 * What happens meanwhile has been missed anew, and is told the next time. Each session is told at most once: one that starts
 * from a snapshot meanwhile, or looked at the guild, has missed nothing; one whose roles change is told first.
 *
 * @since 0.1.0
 */
import type * as Audience from "../Audience.ts"
import type { Community } from "../Community.ts"
import type * as Payload from "../gateway/Payload.ts"
import * as Summary from "../gateway/Summary.ts"
import type { ChannelId, MessageId, SessionId, UserId } from "../Ids.ts"
import type { SessionHandle } from "../session/Session.ts"
import { ASKED, FOUND, type Meter, SENT, WRITTEN } from "./Meter.ts"
import type { Missed } from "./Missed.ts"
import { Moves } from "./Moves.ts"
import type { Kind } from "./Roll.ts"
import { keyOf, Sight } from "./Sight.ts"
import type { Subscribers } from "./Subscribers.ts"

/**
 * Somebody to tell something.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery {
  readonly recipients: ReadonlyArray<SessionHandle>
  readonly payload: Payload.Payload
}

/** For so many that see the same the text is kept: a summary of hundreds of channels is tens of thousands of characters. */
const KEPT = 64

/** Those who see the same. */
interface Group {
  readonly payload: Payload.Payload | undefined
  readonly sessions: Array<SessionHandle>
}

/**
 * @since 0.1.0
 * @category models
 */
export class Telling {
  private readonly missed: Missed
  private readonly passive: Subscribers
  private readonly meter: Meter
  private readonly channels: ReadonlyArray<ChannelId>
  private moves: Moves
  private readonly kinds: Iterator<Kind>
  private community: Community
  private sight: Sight
  /** What has been written, by what is seen; nothing, where there is nothing to be told of that. */
  private readonly texts = new Map<string, Payload.Payload | undefined>()
  /** Channels whose audience has been looked through for those it names. */
  private read = 0
  private readonly named = new Set<Audience.Audience["named"]>()
  /** They are spoken of by name somewhere, and told each alone. */
  private readonly apart = new Set<SessionId>()
  /** They have nothing to be told any more. */
  private readonly done = new Set<SessionId>()
  private isOver = false

  constructor(missed: Missed, passive: Subscribers, community: Community) {
    this.missed = missed
    this.passive = passive
    this.meter = passive.meter
    this.community = community
    this.channels = Array.from(missed.channels)
    this.moves = new Moves(missed.moves, this.meter)
    this.sight = new Sight(community, this.channels, this.meter)
    this.kinds = passive.roll.all()
  }

  get isDone(): boolean {
    return this.isOver
  }

  /** The session begins anew, and has missed nothing. */
  skip(session: SessionId): void {
    this.done.add(session)
  }

  /** A message there calls sessions, some of which have yet to be told of an older one. */
  called(channel: ChannelId, id: MessageId): void {
    this.missed.renew(channel, id)
    this.texts.clear()
  }

  /** What the sessions of a user have yet to be told. Where it gives nothing, somebody else may have a turn. */
  *of(user: UserId, community: Community): Generator<Delivery | undefined> {
    this.turnTo(community)
    const places = this.passive.roll.placesOf(user)
    while (places.length > 0 && this.moves.write(this.community)) if (this.meter.isDue) yield undefined
    for (const place of places) yield* this.alone(place)
  }

  /** Tells some of those who have yet to be told, until so much work has been done. */
  *some(community: Community, end: number): Generator<Delivery> {
    this.turnTo(community)
    while (this.moves.write(this.community)) if (this.meter.spent >= end) return
    while (this.read < this.channels.length) {
      if (this.meter.spent >= end) return
      this.readNames(this.read++)
    }
    const groups = new Map<string, Group>()
    let kind = this.next(end)
    for (; kind !== undefined; kind = this.next(end)) this.join(groups, kind)
    for (const { payload, sessions } of groups.values()) {
      if (payload === undefined || sessions.length === 0) continue
      this.meter.spent += SENT * sessions.length
      yield { recipients: sessions, payload }
    }
    if (this.meter.spent >= end) return
    for (const id of this.apart) {
      const place = this.passive.roll.placeOf(id)
      if (place !== undefined) yield* this.alone(place)
      this.apart.delete(id)
      if (this.meter.spent >= end) return
    }
    this.isOver = true
  }

  /** The next kind, as long as there is one, and work left to be done. */
  private next(end: number): Kind | undefined {
    if (this.meter.spent >= end) return undefined
    const { done, value } = this.kinds.next()
    return done === true ? undefined : value
  }

  /** Others may see the channels: who is told from now on hears of those that they see by now. */
  private turnTo(community: Community): void {
    if (this.community === community) return
    // All have been told of a role that was deleted: what is told from now on does not name it.
    const isFewer = Array.from(this.community.roles.keys()).some((role) => !community.roles.has(role))
    if (isFewer) this.moves = new Moves(this.missed.moves, this.meter)
    this.community = community
    this.sight = new Sight(community, this.channels, this.meter)
    this.texts.clear()
    this.read = 0
  }

  /** Those of a kind see the same but for whom a channel names. Whoever has been told as one of their kind is not told again. */
  private readNames(index: number): void {
    const { roll } = this.passive
    const id = this.channels[index]
    const audience = id === undefined ? undefined : this.community.audiences.get(id)
    if (audience === undefined || this.named.has(audience.named)) return
    this.named.add(audience.named)
    this.setApart(roll.placesOf(audience.base.ownerId))
    this.meter.spent += FOUND * Math.min(audience.named.size, roll.size)
    if (audience.named.size <= roll.size) {
      for (const user of audience.named.keys()) this.setApart(roll.placesOf(user))
    } else {
      for (const [place, user] of roll.users.entries()) if (audience.named.has(user)) this.setApart([place])
    }
  }

  private setApart(places: ReadonlyArray<number>): void {
    const { roll } = this.passive
    for (const place of places) {
      const session = roll.sessions[place]
      if (session !== undefined && roll.kinds[place]?.told !== this) this.apart.add(session.id)
    }
  }

  private join(groups: Map<string, Group>, kind: Kind): void {
    kind.told = this
    this.meter.spent += 4 * ASKED + kind.places.length
    const seen = this.sight.ofRoles(kind.roles)
    const key = keyOf(seen)
    const group = groups.get(key) ?? { payload: this.text(key, seen), sessions: [] }
    groups.set(key, group)
    for (const place of kind.places) {
      const session = this.passive.roll.sessions[place]
      if (session === undefined || this.done.has(session.id) || this.apart.has(session.id)) continue
      group.sessions.push(session)
    }
  }

  /** One session, if it has yet to be told. */
  private *alone(place: number): Generator<Delivery> {
    const { roll } = this.passive
    const [session, user, kind] = [roll.sessions[place], roll.users[place], roll.kinds[place]]
    if (session === undefined || user === undefined || kind === undefined) return
    const isTold = this.done.has(session.id) || (kind.told === this && !this.apart.has(session.id))
    this.done.add(session.id)
    if (isTold) return
    const seen = this.sight.ofUser(user, kind.roles)
    const payload = this.text(keyOf(seen), seen)
    if (payload !== undefined) yield { recipients: [session], payload }
  }

  private text(key: string, seen: Uint32Array): Payload.Payload | undefined {
    const known = this.texts.get(key)
    if (known !== undefined || this.texts.has(key)) return known
    const channels = this.sight.channelsOf(seen)
    this.meter.spent += WRITTEN * channels.size + this.channels.length
    const lastMessages = this.missed.lastIn(channels)
    const { absent, present } = this.moves.seenBy(channels)
    const isNothing = lastMessages.length === 0 && present === Summary.NOTHING && absent === Summary.NOTHING
    const text = isNothing ? undefined : Summary.payload({ guild: this.community.id, lastMessages, present, absent })
    if (this.texts.size < KEPT) this.texts.set(key, text)
    return text
  }
}
