/**
 * What a relay knows: the community as it stands, and the sessions that it serves, those that look at it and the others on
 * lists of their own. And whom it has to tell what, whenever something happens.
 *
 * @since 0.1.0
 */
import * as Audience from "../Audience.ts"
import { type Channel, type Community, withKnownRoles } from "../Community.ts"
import * as Intents from "../gateway/Intents.ts"
import * as Payload from "../gateway/Payload.ts"
import type { ChannelChanged, Event, VoiceChanged } from "../guild/Event.ts"
import type { ChannelId, RoleId, SessionId, UserId } from "../Ids.ts"
import type { SessionHandle } from "../session/Session.ts"
import type { VoiceState } from "../VoiceState.ts"
import { Alteration, type Altered } from "./Alteration.ts"
import { Changing } from "./Changing.ts"
import { ASKED, Meter, MOVED, SENT, WRITTEN } from "./Meter.ts"
import { Missed } from "./Missed.ts"
import type { Dispatch, Enrol, Restructure, Speak, Tell, Watch } from "./Protocol.ts"
import { type Shift, type Subscriber, Subscribers } from "./Subscribers.ts"
import { type Delivery, Telling } from "./Telling.ts"
import { Watchers } from "./Watchers.ts"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Delivery
} from "./Telling.ts"

/**
 * What there is to be told, in pieces: where it gives nothing, somebody else may have a turn.
 *
 * @since 0.1.0
 * @category models
 */
export type Deliveries = Generator<Delivery | undefined>

/** Which part of a piece is done at once: many relays may be told of the same change in one turn of the event loop. */
const FIRST = 1 / 8

/** For so many sessions somebody else may have a turn first. */
const MANY = 1024

/** So many changes of roles and channels may be unfinished. Whoever makes more than that waits. */
const UNFINISHED = 16

/** Whichever intents somebody has. */
const ANY = 0

const said = (recipients: ReadonlyArray<SessionHandle>, event: Event): ReadonlyArray<Delivery> =>
  recipients.length === 0 ? [] : [{ recipients, payload: Payload.fromEvent(event) }]

/** What it means to the sessions of one user that a channel is altered; nothing, perhaps. */
const shiftOf = (
  { after, before, past, present }: Altered,
  user: UserId,
  roles: ReadonlyArray<RoleId>,
  sessions: ReadonlyArray<SessionHandle>
): Shift | undefined => {
  const channel = after ?? before
  const [saw, sees] = [past, present].map(
    (audience) => audience !== undefined && Audience.admits(audience, user, roles)
  )
  if (channel === undefined || (saw === sees && (!saw || before === after))) return undefined
  const those = (isSo: boolean) => (isSo ? sessions : [])
  return {
    channel,
    before: before ?? channel,
    gained: those(!saw && sees === true),
    lost: those(saw === true && !sees),
    kept: those(saw === true && sees === true)
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export class Served {
  private community: Community
  readonly meter: Meter
  readonly active: Subscribers
  readonly passive: Subscribers
  private missed = new Missed()
  private readonly watchers = new Watchers()
  /** Changes of which sessions have yet to be told something, the oldest first. */
  private changing: Array<Changing> = []
  private version = 0
  /** Sessions that know of some of these changes already: up to which. All others know of none. */
  private readonly versions = new Map<SessionId, number>()
  private telling: Telling | undefined

  /** `piece` is how much work is done in one piece; see `Meter`. */
  constructor(community: Community, piece?: number) {
    this.community = community
    this.meter = new Meter(piece)
    this.active = new Subscribers(community, this.meter)
    this.passive = new Subscribers(community, this.meter)
  }

  /** A session starts from a snapshot of the guild as it is now. */
  attach(subscriber: Subscriber, isActive: boolean): void {
    this.place(subscriber, isActive)
    this.knows([subscriber.session], this.version)
  }

  /** A session that is served here looks elsewhere from now on. What it has yet to be told, it is told as one that looked. */
  *lookAway(session: SessionId): Deliveries {
    const subscriber = this.get(session)
    if (subscriber === undefined) return
    yield* this.allToldTo(subscriber.user)
    this.place(subscriber, false)
  }

  detach(session: SessionId): Subscriber | undefined {
    const removed = this.removed(session)
    this.versions.delete(session)
    this.forget()
    return removed
  }

  get(session: SessionId): Subscriber | undefined {
    return this.active.get(session) ?? this.passive.get(session)
  }

  /** The active sessions that an event is for. To passive ones a message is something that they missed. */
  dispatch({ channel, intent, message }: Dispatch): ReadonlyArray<SessionHandle> {
    if (channel === undefined) return this.active.recipients({ intent })
    if (message !== undefined && this.passive.size > 0) this.missed.message(channel, message.id)
    return this.active.recipients({ channel, intent })
  }

  /** Whether a message calls passive sessions, perhaps. */
  isCalling({ message }: Dispatch): boolean {
    if (message === undefined || this.passive.size === 0) return false
    const { everyone, roles, users } = message.calls
    return everyone !== "nobody" || users.length + roles.length > 0
  }

  /** Tells the passive sessions that a message calls. */
  *called({ channel, intent, message, payload }: Dispatch): Deliveries {
    if (message === undefined || channel === undefined) return
    const topic = { channel, intent }
    for (const some of this.calledBy(message.calls, topic)) {
      if (some === undefined) yield undefined
      if (some === undefined || some.length === 0) continue
      this.telling?.called(channel, message.id)
      yield { recipients: some, payload }
    }
  }

  private *calledBy(
    { everyone, roles, users }: NonNullable<Dispatch["message"]>["calls"],
    topic: { readonly channel: ChannelId; readonly intent: number }
  ): Generator<ReadonlyArray<SessionHandle> | undefined> {
    const { passive } = this
    if (everyone !== "nobody") {
      if (passive.size > MANY) yield undefined
      yield* passive.prepare(topic)
      yield passive.recipients(topic)
      return
    }
    const named = users
      .flatMap((user) => passive.of(user))
      .filter(({ session }) => passive.reaches(session.id, topic))
      .map(({ session }) => session)
    if (named.length > 0) yield Array.from(new Set(named))
    if (roles.length === 0) return
    if (passive.countBearing(roles) > MANY) yield undefined
    const told = new Set(named)
    let isFirst = true
    for (const some of passive.called(roles, topic)) {
      if (!isFirst) yield undefined
      isFirst = false
      yield told.size === 0 ? some : some.filter((session) => !told.has(session))
    }
  }

  /** Whether something has to be told, or found out, before an event that happened in a channel. */
  isBehind({ channel, intent }: Pick<Dispatch, "channel" | "intent">): boolean {
    if (channel === undefined) return false
    return this.isChanging(channel) || this.active.isUnprepared({ channel, intent })
  }

  /** What has to be told, and found out, before an event that happened in a channel. */
  *before({ channel, intent }: Pick<Dispatch, "channel" | "intent">): Deliveries {
    if (channel === undefined) return
    yield* this.toldOf(channel)
    if (!this.active.isUnprepared({ channel, intent })) return
    yield undefined
    yield* this.active.prepare({ channel, intent })
  }

  /** Whether sessions have yet to be told of a channel that is another, or that others may see. */
  isChanging(channel: ChannelId): boolean {
    return this.changing.some((one) => one.has(channel))
  }

  /** Tells of a channel what there is to tell, so that something that happened in it may follow. */
  *toldOf(channel: ChannelId): Deliveries {
    for (const one of this.changing) {
      const altered = one.take(channel)
      if (altered !== undefined) yield* this.altered(one, altered)
    }
  }

  /**
   * Everybody hears of roles and channels, as far as they see them. The change is in force at once, and so is what is told
   * of roles; of channels as many are told as a small piece of work allows, and the others by and by (`some`), or when
   * something happens in them (`before`).
   */
  *restructure({ alteration, changes, voice }: Restructure): Deliveries {
    while (this.changing.length >= UNFINISHED) yield* this.next()
    const own =
      alteration?.before === this.community
        ? alteration
        : new Alteration(this.community, changes, voice, alteration?.after)
    const { id: guild, roles } = this.community
    this.community = own.after
    const topic = { intent: Intents.GUILDS }
    for (const list of this.lists) {
      list.turnTo(own.after)
      for (const change of changes) {
        if (change._tag === "RolePut") {
          const tag = roles.has(change.role.id) ? "RoleUpdated" : "RoleCreated"
          yield* said(list.recipients(topic), { _tag: tag, guild, role: change.role })
        }
        if (change._tag === "RoleRemoved") {
          yield* said(list.recipients(topic), { _tag: "RoleDeleted", guild, role: change.role })
        }
      }
    }
    this.changing.push(new Changing(own, ++this.version))
    yield* this.some(FIRST * this.meter.piece)
  }

  /** Whether there is something left to be told that gives way to all else. */
  get isUnfinished(): boolean {
    return this.changing.length > 0 || this.telling !== undefined
  }

  /** Tells some of that, until so much work has been done: of changes first. */
  *some(work = this.meter.piece): Deliveries {
    const end = this.meter.spent + work
    while (this.changing.length > 0 && this.meter.spent < end) yield* this.next()
    const { telling } = this
    if (telling === undefined || this.changing.length > 0 || this.meter.spent >= end) return
    yield* telling.some(this.community, end)
    if (telling.isDone) this.telling = undefined
  }

  /** Tells all of that. */
  *all(): Deliveries {
    while (this.isUnfinished) {
      yield* this.some()
      yield undefined
    }
  }

  /**
   * Tells sessions that want to hear of members, and the member's own. These are first told what is left to tell them, by the
   * roles that they had. Sessions of whoever is no member any more are told that, need nothing else, and are gone.
   */
  *enrol({ became, member, payload, voice }: Enrol): Deliveries {
    const { roles } = member
    const user = member.user.id
    const isMember = became !== "removed"
    if (isMember) {
      yield* this.allToldTo(user)
      // Sessions that have yet to hear of the member's call hear of it first, as it was, and then of the change.
      yield* this.toldOfCallOf(user)
      this.missed.changed(member)
    }
    const own = this.lists.map((list) => [list, list.of(user)] as const)
    if (!isMember) {
      const gone = own.flatMap(([, subscribers]) => subscribers.map(({ session }) => session))
      for (const { id } of gone) this.detach(id)
      yield* said(gone, { _tag: "GuildRemoved", guild: this.community.id })
    }
    const interested = this.active.recipients({ intent: Intents.GUILD_MEMBERS })
    const others = isMember ? own.flatMap(([, subscribers]) => subscribers.map(({ session }) => session)) : []
    const recipients = others.length === 0 ? interested : Array.from(new Set([...interested, ...others]))
    if (recipients.length > 0) yield { recipients, payload }
    if (!isMember) return
    for (const [list, subscribers] of own) {
      for (const shift of subscribers.length === 0 ? [] : list.member(user, roles)) {
        const inside = list === this.active ? voice.filter(({ channel }) => channel === shift.channel.id) : []
        yield* this.shifted(shift, inside)
      }
    }
  }

  /** Sessions that see where somebody is hear of it, and those that saw where they were: to these they are nowhere. */
  *speak(spoken: Speak): Deliveries {
    const { before, channel, state } = spoken
    yield* this.toldBefore(spoken)
    if (this.passive.size > 0) this.missed.spoke(spoken)
    const sees = channel === null ? [] : this.hearing(channel)
    yield* said(sees, this.voiceChanged(state, channel))
    if (before === null || before === channel) return
    const present = new Set(sees)
    const saw = this.hearing(before)
    const left = present.size === 0 ? saw : saw.filter((session) => !present.has(session))
    yield* said(left, this.voiceChanged(state, null))
  }

  /** Whether the session is there, and may look. */
  watch({ channel, key, session }: Watch): boolean {
    const isSeen = this.active.reaches(session, { channel, intent: ANY })
    this.watchers.set(session, channel, isSeen ? key : undefined)
    return isSeen
  }

  /** Those who look at the same, as far as they still may. Who may not misses it, and looks no more until they look anew. */
  told({ channel, key }: Tell): ReadonlyArray<SessionHandle> {
    const topic = { channel, intent: ANY }
    return Array.from(this.watchers.of(key)).flatMap((id) => {
      if (this.active.reaches(id, topic)) return this.active.get(id)?.session ?? []
      this.watchers.set(id, channel, undefined)
      return []
    })
  }

  /**
   * Begins to tell passive sessions what they have missed, which they have not from now on. Where they have yet to be told of
   * what they missed before, that comes first, and this the next time.
   */
  *summaries(): Deliveries {
    if (this.missed.isNothing || this.telling !== undefined) return
    this.telling = new Telling(this.missed, this.passive, this.community)
    this.missed = new Missed()
    yield* this.some(FIRST * this.meter.piece)
  }

  private removed(session: SessionId): Subscriber | undefined {
    this.watchers.forget(session)
    return this.active.remove(session) ?? this.passive.remove(session)
  }

  private place(subscriber: Subscriber, isActive: boolean): void {
    const { id } = subscriber.session
    this.removed(id)
    const list = isActive ? this.active : this.passive
    list.add(subscriber)
    if (!isActive) this.telling?.skip(id)
    this.forget()
  }

  /** Sessions know of all changes up to a version. */
  private knows(sessions: ReadonlyArray<SessionHandle>, version: number): void {
    if (this.changing.length > 0) for (const { id } of sessions) this.versions.set(id, version)
  }

  /** Those of these sessions that do not know of a change. */
  private unknowing<S extends SessionHandle>({ version }: Changing, sessions: ReadonlyArray<S>): ReadonlyArray<S> {
    const { versions } = this
    return versions.size === 0 ? sessions : sessions.filter(({ id }) => (versions.get(id) ?? 0) < version)
  }

  /** Who becomes passive next has seen all that nobody has missed, and is not to be told it as news. */
  private forget(): void {
    if (this.passive.size > 0) return
    this.telling = undefined
    if (!this.missed.isNothing) this.missed = new Missed()
  }

  /** The next that there is to tell of the oldest change. */
  private *next(): Deliveries {
    const [oldest] = this.changing
    if (oldest === undefined) return
    const altered = oldest.next()
    if (altered !== undefined) {
      yield* this.altered(oldest, altered)
      return
    }
    this.changing = this.changing.slice(1)
    if (this.changing.length === 0) this.versions.clear()
  }

  private *altered(changing: Changing, altered: Altered): Deliveries {
    for (const list of this.lists) {
      const shift = yield* list.shift(altered)
      if (shift === undefined) continue
      const { before, channel } = shift
      const [gained, lost, kept] = [shift.gained, shift.lost, shift.kept].map((sessions) =>
        this.unknowing(changing, sessions)
      )
      yield* this.shifted(
        { before, channel, gained: gained ?? [], lost: lost ?? [], kept: kept ?? [] },
        list === this.active ? changing.alteration.inside(channel.id) : [],
        changing.alteration
      )
    }
    if (this.meter.isDue) yield undefined
  }

  /** Tells the sessions of a user all that there is left to tell them, by the roles that they have yet. */
  private *allToldTo(user: UserId): Deliveries {
    for (const list of this.changing.length > 0 ? this.lists : []) {
      const own = list.of(user)
      const roles = own[0]?.roles ?? []
      for (const one of own.length === 0 ? [] : this.changing) {
        const wanting = own
          .filter(({ intents }) => Intents.wants(intents, Intents.GUILDS))
          .map(({ session }) => session)
        const sessions = this.unknowing(one, wanting)
        const voice = (channel: ChannelId) => (list === this.active ? one.alteration.inside(channel) : [])
        for (const altered of sessions.length === 0 ? [] : one.left()) {
          const shift = shiftOf(altered, user, roles, sessions)
          this.meter.spent += ASKED
          if (shift !== undefined) yield* this.shifted(shift, voice(altered.id), one.alteration)
          if (this.meter.isDue) yield undefined
        }
      }
      this.knows(
        own.map(({ session }) => session),
        this.version
      )
    }
    if (this.telling !== undefined) yield* this.telling.of(user, this.community)
  }

  private get lists(): ReadonlyArray<Subscribers> {
    return [this.active, this.passive]
  }

  private hearing(channel: ChannelId): ReadonlyArray<SessionHandle> {
    return this.active.recipients({ channel, intent: Intents.GUILD_VOICE_STATES })
  }

  /** Where somebody is now is told after all that there is to tell of where they were, also in a channel that is no more. */
  private *toldBefore({ before, channel, state }: Speak): Deliveries {
    yield* this.toldOfCallOf(state.member.user.id)
    for (const one of [before, channel]) if (one !== null && this.isChanging(one)) yield* this.toldOf(one)
  }

  /** Tells what is left to tell of the channels where a user was in a call when changes of these began. */
  private *toldOfCallOf(user: UserId): Deliveries {
    for (const { alteration } of this.changing) {
      const place = alteration.placeOf(user)
      if (place !== undefined) yield* this.toldOf(place)
    }
  }

  private voiceChanged(state: VoiceChanged["state"] | Speak["state"], channel: ChannelId | null): VoiceChanged {
    return { _tag: "VoiceChanged", guild: this.community.id, state: { ...state, channel } }
  }

  private payload(tag: ChannelChanged["_tag"], channel: Channel): Payload.Payload {
    return Payload.fromEvent({ _tag: tag, guild: this.community.id, channel })
  }

  /** Who does not see a channel any more sees nobody in it either; who sees it now, sees who is there. */
  private *shifted(
    { before, channel, gained, kept, lost }: Shift,
    inside: ReadonlyArray<VoiceState>,
    texts?: Alteration
  ): Deliveries {
    if (gained.length + kept.length + lost.length === 0) return
    const told = (recipients: ReadonlyArray<SessionHandle>, tag: ChannelChanged["_tag"], about: Channel) => {
      if (recipients.length === 0) return []
      this.meter.spent += WRITTEN * about.overwrites.length + SENT * recipients.length
      return [{ recipients, payload: texts?.payload(tag, about) ?? this.payload(tag, about) }]
    }
    yield* this.whereabouts(inside, lost, null)
    yield* told(lost, "ChannelDeleted", before)
    yield* told(kept, "ChannelUpdated", channel)
    yield* told(gained, "ChannelCreated", channel)
    yield* this.whereabouts(inside, gained, channel.id)
    if (this.meter.isDue) yield undefined
  }

  /** Tells sessions that those who are in a call are there, or are nowhere. */
  private *whereabouts(
    inside: ReadonlyArray<VoiceState>,
    sessions: ReadonlyArray<SessionHandle>,
    channel: ChannelId | null
  ): Deliveries {
    const wanting = inside.length === 0 ? [] : this.wanting(sessions)
    for (const state of wanting.length === 0 ? [] : inside) {
      // Their roles may be fewer than when the change began.
      const member = withKnownRoles(this.community, state.member)
      yield* said(wanting, this.voiceChanged({ ...state, member }, channel))
      this.meter.spent += MOVED + SENT * wanting.length
      if (this.meter.isDue) yield undefined
    }
  }

  /** Those of these who want to hear of voice channels. */
  private wanting(sessions: ReadonlyArray<SessionHandle>): ReadonlyArray<SessionHandle> {
    return sessions.filter(({ id }) => Intents.wants(this.active.get(id)?.intents ?? 0, Intents.GUILD_VOICE_STATES))
  }
}
