/**
 * What a relay knows: the community as it stands, and the sessions that it serves, those that look at it and the others on
 * lists of their own. And whom it has to tell what, whenever something happens.
 *
 * @since 0.1.0
 */
import { changed, type Channel, type Community } from "../Community.ts"
import * as Intents from "../gateway/Intents.ts"
import * as Payload from "../gateway/Payload.ts"
import type { ChannelChanged, Event, VoiceChanged } from "../guild/Event.ts"
import type { ChannelId, SessionId } from "../Ids.ts"
import type { SessionHandle } from "../session/Session.ts"
import type { VoiceState } from "../VoiceState.ts"
import { Missed } from "./Missed.ts"
import type { Dispatch, Enrol, Restructure, Speak, Tell, Watch } from "./Protocol.ts"
import { type Shift, type Subscriber, Subscribers } from "./Subscribers.ts"
import { Watchers } from "./Watchers.ts"

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

/** Whichever intents somebody has. */
const ANY = 0

const said = (recipients: ReadonlyArray<SessionHandle>, event: Event): ReadonlyArray<Delivery> =>
  recipients.length === 0 ? [] : [{ recipients, payload: Payload.fromEvent(event) }]

/**
 * @since 0.1.0
 * @category models
 */
export class Served {
  private community: Community
  readonly active: Subscribers
  readonly passive: Subscribers
  private missed = new Missed()
  private readonly watchers = new Watchers()

  constructor(community: Community) {
    this.community = community
    this.active = new Subscribers(community)
    this.passive = new Subscribers(community)
  }

  attach(subscriber: Subscriber, isActive: boolean): void {
    this.removed(subscriber.session.id)
    const list = isActive ? this.active : this.passive
    list.add(subscriber)
    this.forget()
  }

  detach(session: SessionId): Subscriber | undefined {
    const removed = this.removed(session)
    this.forget()
    return removed
  }

  get(session: SessionId): Subscriber | undefined {
    return this.active.get(session) ?? this.passive.get(session)
  }

  /** The active sessions that an event is for. */
  dispatch({ channel, intent }: Dispatch): ReadonlyArray<SessionHandle> {
    return this.active.recipients(channel === undefined ? { intent } : { channel, intent })
  }

  /** The passive sessions that a message calls; to the others it is something that they missed. */
  called({ channel, intent, message }: Dispatch): ReadonlyArray<SessionHandle> {
    if (message === undefined || channel === undefined || this.passive.size === 0) return []
    this.missed.message(channel, message.id)
    const { everyone, roles, users } = message.calls
    const topic = { channel, intent }
    if (everyone !== "nobody") return this.passive.recipients(topic)
    if (users.length + roles.length === 0) return []
    const named = users
      .flatMap((user) => this.passive.of(user))
      .filter(({ session }) => this.passive.reaches(session.id, topic))
    const bearing =
      roles.length === 0
        ? []
        : this.passive
            .recipients(topic)
            .filter(({ id }) => this.passive.get(id)?.roles.some((role) => roles.includes(role)) === true)
    return Array.from(new Set([...named.map(({ session }) => session), ...bearing]))
  }

  /**
   * Everybody hears of roles and channels, as far as they see them. There may be hundreds of channels to look at: where it
   * gives nothing, somebody else may have a turn.
   */
  *restructure({ changes, voice }: Restructure): Generator<Delivery | undefined> {
    const { id: guild, roles } = this.community
    const after = changed(this.community, changes)
    this.community = after
    const topic = { intent: Intents.GUILDS }
    for (const list of this.lists) {
      for (const change of changes) {
        if (change._tag !== "RolePut") continue
        const tag = roles.has(change.role.id) ? "RoleUpdated" : "RoleCreated"
        yield* said(list.recipients(topic), { _tag: tag, guild, role: change.role })
      }
      yield* this.shifted(list.change(after), list === this.active ? voice : [])
      for (const change of changes) {
        if (change._tag !== "RoleRemoved") continue
        yield* said(list.recipients(topic), { _tag: "RoleDeleted", guild, role: change.role })
      }
    }
  }

  /** Those hear of a member who want to, and the member does; who is none any more is told that, and is gone. */
  *enrol({ became, payload, roles, user, voice }: Enrol): Generator<Delivery | undefined> {
    const isMember = became !== "removed"
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
      if (subscribers.length > 0) yield* this.shifted(list.member(user, roles), list === this.active ? voice : [])
    }
  }

  /** Those hear of it who see where somebody is, and those who saw where they were: to them they are nowhere. */
  *speak(spoken: Speak): Generator<Delivery> {
    const { before, channel, state } = spoken
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

  /** Those who look at the same, as far as they still may. */
  told({ channel, key }: Tell): ReadonlyArray<SessionHandle> {
    const topic = { channel, intent: ANY }
    return Array.from(this.watchers.of(key)).flatMap((id) =>
      this.active.reaches(id, topic) ? (this.active.get(id)?.session ?? []) : []
    )
  }

  /**
   * What passive sessions have missed, which they have not from now on. Where it gives nothing, somebody else may have a
   * turn: there may be as many summaries as sessions, of hundreds of channels each.
   */
  *summaries(): Generator<Delivery | undefined> {
    const { missed } = this
    if (missed.isNothing) return
    this.missed = new Missed()
    for (const part of this.passive.parts(missed.channels)) {
      const summary = part && missed.summary(this.community.id, part.channels)
      if (part !== undefined && summary !== undefined) yield* said(part.sessions, summary)
      yield undefined
    }
  }

  private removed(session: SessionId): Subscriber | undefined {
    this.watchers.forget(session)
    return this.active.remove(session) ?? this.passive.remove(session)
  }

  /** Who becomes passive next has seen all that nobody has missed, and is not to be told it as news. */
  private forget(): void {
    if (this.passive.size === 0 && !this.missed.isNothing) this.missed = new Missed()
  }

  private get lists(): ReadonlyArray<Subscribers> {
    return [this.active, this.passive]
  }

  private hearing(channel: ChannelId): ReadonlyArray<SessionHandle> {
    return this.active.recipients({ channel, intent: Intents.GUILD_VOICE_STATES })
  }

  private voiceChanged(state: VoiceChanged["state"] | Speak["state"], channel: ChannelId | null): VoiceChanged {
    return { _tag: "VoiceChanged", guild: this.community.id, state: { ...state, channel } }
  }

  private channelChanged(tag: ChannelChanged["_tag"], channel: Channel): ChannelChanged {
    return { _tag: tag, guild: this.community.id, channel }
  }

  /** Who does not see a channel any more sees nobody in it either; who sees it now, sees who is there. */
  private *shifted(shifts: Iterable<Shift>, voice: ReadonlyArray<VoiceState>): Generator<Delivery | undefined> {
    for (const { before, channel, gained, kept, lost } of shifts) {
      const inside = voice.filter((state) => state.channel === channel.id)
      for (const state of inside) yield* said(this.wanting(lost), this.voiceChanged(state, null))
      yield* said(lost, this.channelChanged("ChannelDeleted", before))
      yield* said(kept, this.channelChanged("ChannelUpdated", channel))
      yield* said(gained, this.channelChanged("ChannelCreated", channel))
      for (const state of inside) yield* said(this.wanting(gained), this.voiceChanged(state, channel.id))
      yield undefined
    }
  }

  /** Those of these who want to hear of voice channels. */
  private wanting(sessions: ReadonlyArray<SessionHandle>): ReadonlyArray<SessionHandle> {
    return sessions.filter(({ id }) => Intents.wants(this.active.get(id)?.intents ?? 0, Intents.GUILD_VOICE_STATES))
  }
}
