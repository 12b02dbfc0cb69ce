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
import { Bits } from "./Bits.ts"
import { Roll, type Subscriber } from "./Roll.ts"

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

/**
 * Those who see the same of some channels.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part {
  readonly channels: ReadonlySet<ChannelId>
  readonly sessions: ReadonlyArray<SessionHandle>
}

/** `seen`: of how many touched places the bits know. */
interface View {
  audience: Audience.Audience | undefined
  bits: Bits
  seen: number
}

/** Where nothing more particular is asked. */
const ALL = 0

const NOBODY: ReadonlyArray<SessionHandle> = []

/**
 * @since 0.1.0
 * @category models
 */
export class Subscribers {
  private community: Community
  private readonly roll = new Roll()
  /** By channel (none is the guild as a whole) and intent. */
  private readonly views = new Map<ChannelId | undefined, Map<number, View>>()
  /** Places that changed hands since the views were begun. */
  private touched: Array<number> = []
  /** The last list, until something changes: most events come where the last one did. */
  private last: { readonly topic: Topic; readonly list: ReadonlyArray<SessionHandle> } | undefined

  constructor(community: Community) {
    this.community = community
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
    const { bits } = this.view(topic, audience)
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

  /** Takes over a changed community, and says what that means, channel by channel. */
  *change(after: Community): Generator<Shift> {
    const before = this.community
    this.community = after
    this.last = undefined
    // A role that is another means the same to all channels.
    const known = new Map<string, ReadonlyArray<number>>()
    for (const id of new Set([...before.channels.keys(), ...after.channels.keys()])) {
      const [old, current] = [before.channels.get(id), after.channels.get(id)]
      const channel = current ?? old
      const [past, present] = [before.audiences.get(id), after.audiences.get(id)]
      if (channel === undefined || (old === current && past === present)) continue
      const topic = { intent: Intents.GUILDS, channel: id }
      const { gained, lost } = this.moved(topic, past, present, known)
      const isOther = old !== undefined && current !== undefined && old !== current
      const isNew = new Set(gained)
      const kept = isOther ? this.recipients(topic).filter((session) => !isNew.has(session)) : NOBODY
      yield { channel, before: old ?? channel, gained, lost, kept }
      if (current === undefined) this.views.delete(id)
    }
  }

  /** Who sees a channel from now on, and who no longer does; the bits of its views are as they must be afterwards. */
  private moved(
    topic: Topic,
    past: Audience.Audience | undefined,
    present: Audience.Audience | undefined,
    known: Map<string, ReadonlyArray<number>>
  ): Pick<Shift, "gained" | "lost"> {
    if (past === present) return { gained: NOBODY, lost: NOBODY }
    if (past === undefined) return { gained: this.view(topic, present).bits.pick(this.roll.sessions), lost: NOBODY }
    if (present === undefined) return { gained: NOBODY, lost: this.view(topic, past).bits.pick(this.roll.sessions) }
    const difference = Audience.difference(past, present)
    if (difference === "everyone") {
      const saw = this.view(topic, past).bits.copy()
      const sees = this.view(topic, present).bits
      return { gained: sees.without(saw).pick(this.roll.sessions), lost: saw.without(sees).pick(this.roll.sessions) }
    }
    const places = this.concerned(difference, known)
    for (const [intent, view] of this.views.get(topic.channel) ?? []) {
      // One that knows of something older is made anew when it is used.
      if (view.audience !== past) continue
      const own = { ...topic, intent }
      view.audience = present
      for (const place of places) view.bits.set(place, this.admits(place, own, present))
    }
    const gained: Array<SessionHandle> = []
    const lost: Array<SessionHandle> = []
    for (const place of places) {
      const session = this.roll.sessions[place]
      const [saw, sees] = [this.admits(place, topic, past), this.admits(place, topic, present)]
      if (session !== undefined && saw !== sees) (sees ? gained : lost).push(session)
    }
    return { gained, lost }
  }

  /** The places of those whose answer may be another. */
  private concerned(
    { roles, users }: Exclude<Audience.Difference, "everyone">,
    known: Map<string, ReadonlyArray<number>>
  ): ReadonlyArray<number> {
    if (roles.size + users.size === 0) return []
    const key = [...roles, "", ...users].join()
    const found = known.get(key)
    if (found !== undefined) return found
    const places = new Set<number>()
    const question = {}
    for (const [place, kind] of roles.size === 0 ? [] : this.roll.kinds.entries()) {
      if (kind.question !== question) {
        kind.question = question
        kind.answer = kind.roles.some((role) => roles.has(role))
      }
      if (kind.answer) places.add(place)
    }
    for (const user of users) {
      for (const { session } of this.of(user)) {
        const place = this.roll.placeOf(session.id)
        if (place !== undefined) places.add(place)
      }
    }
    const all = Array.from(places)
    known.set(key, all)
    return all
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

  /**
   * Everybody, by what they see of some channels. Where it gives nothing, it has looked at one channel more. Nothing may be
   * changed before it is done.
   *
   * Each channel divides those who see it from those who do not; what a part sees is then asked of any one in it. To note it
   * down on the way, for parts that are divided again, took gigabytes: 500 channels, 15,000 sessions, 250 roles.
   */
  *parts(channels: Iterable<ChannelId>): Generator<Part | undefined> {
    const { sessions } = this.roll
    const partOf = new Float64Array(sessions.length)
    let next = 1
    const views: Array<readonly [ChannelId, Bits]> = []
    for (const channel of channels) {
      const topic = { intent: ALL, channel }
      const audience = this.audienceOf(topic)
      if (audience === null) continue
      const { bits } = this.view(topic, audience)
      views.push([channel, bits])
      const divided = new Map<number, number>()
      for (let place = 0; place < sessions.length; place++) {
        if (!bits.has(place)) continue
        const part = partOf[place] ?? 0
        let seeing = divided.get(part)
        if (seeing === undefined) divided.set(part, (seeing = next++))
        partOf[place] = seeing
      }
      yield undefined
    }
    const places = new Map<number, Array<number>>()
    for (const [place, part] of partOf.entries()) {
      const inPart = places.get(part)
      if (inPart === undefined) places.set(part, [place])
      else inPart.push(place)
    }
    for (const inPart of places.values()) {
      const [one = 0] = inPart
      yield {
        channels: new Set(views.flatMap(([channel, bits]) => (bits.has(one) ? [channel] : []))),
        sessions: inPart.flatMap((place) => sessions[place] ?? [])
      }
    }
  }

  /** None for what concerns the whole guild; `null` where there is no such channel. */
  private audienceOf({ channel }: Topic): Audience.Audience | undefined | null {
    return channel === undefined ? undefined : (this.community.audiences.get(channel) ?? null)
  }

  private view(topic: Topic, audience: Audience.Audience | undefined): View {
    const ofChannel = this.views.get(topic.channel) ?? new Map<number, View>()
    this.views.set(topic.channel, ofChannel)
    const view = ofChannel.get(topic.intent) ?? { audience, bits: new Bits(), seen: Number.NEGATIVE_INFINITY }
    ofChannel.set(topic.intent, view)
    if (view.audience !== audience || this.touched.length - view.seen > this.roll.sessions.length) {
      view.audience = audience
      view.bits = this.asked(topic, audience)
    } else {
      for (let index = view.seen; index < this.touched.length; index++) {
        const place = this.touched[index] ?? 0
        if (place < this.roll.sessions.length) view.bits.set(place, this.admits(place, topic, audience))
      }
    }
    view.seen = this.touched.length
    return view
  }

  /** Asks all: those of one kind once, and everybody who is spoken of by name. */
  private asked(topic: Topic, audience: Audience.Audience | undefined): Bits {
    const bits = new Bits()
    const question = {}
    for (const [place, kind] of this.roll.kinds.entries()) {
      const user = this.roll.users[place]
      if (audience !== undefined && user !== undefined && Audience.names(audience, user)) {
        bits.set(place, this.admits(place, topic, audience))
        continue
      }
      if (kind.question !== question) {
        kind.question = question
        kind.answer =
          Intents.wants(kind.intents, topic.intent) &&
          (audience === undefined || Audience.admitsRoles(audience, kind.roles))
      }
      bits.set(place, kind.answer)
    }
    return bits
  }

  private admits(place: number, { intent }: Topic, audience: Audience.Audience | undefined): boolean {
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
