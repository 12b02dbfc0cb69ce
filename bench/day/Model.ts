/**
 * What a guild's sessions are due, worked out from Discord's rules and from the order in which things happened there: the
 * stream of an administrator's session that sees everything.
 *
 * It costs as much for each event as there are kinds of sessions, however many those are, and keeps nothing of what has passed
 * but sums.
 */
import * as Intents from "../../src/domain/gateway/Intents.ts"
import * as discord from "../../test/support/discord.ts"
import { differenceAfter, hashOf } from "./hash.ts"
import { type MessageRead, texts } from "./reading.ts"
import { Place, type Sort, Stream, withEvent, withLate, withMessage } from "./Stream.ts"
import type { Seen, Shown } from "./Tally.ts"

export interface Role {
  readonly name: string
  readonly permissions: ReadonlyArray<number>
}

export interface Channel {
  readonly kind: "text" | "voice"
  readonly topic: string
  readonly overwrites: ReadonlyArray<discord.Overwrite>
}

/** What somebody asked the guild to change; it takes effect where the administrator hears of it. */
export type Change =
  | { readonly do: "putRole"; readonly id: string; readonly role: Role }
  | { readonly do: "removeRole"; readonly id: string }
  | { readonly do: "putChannel"; readonly id: string; readonly channel: Channel }
  | { readonly do: "removeChannel"; readonly id: string }
  | { readonly do: "addMember"; readonly user: string; readonly roles: ReadonlyArray<string> }
  | {
      readonly do: "updateMember"
      readonly user: string
      readonly nick: string
      readonly roles: ReadonlyArray<string>
    }
  | { readonly do: "removeMember"; readonly user: string }

/** A session that is to come. `client` is its place in the tally. */
export interface Coming {
  readonly client: number
  readonly user: string
  readonly intents: number
  readonly isPassive: boolean
}

export class Session extends Place {
  readonly client: number
  readonly user: string
  /** Snapshots that it has been sent, and what the last one says. */
  snapshots = 0
  shown: Shown = { channels: 0, roles: 0, voice: 0 }

  constructor(stream: Stream, client: number, user: string) {
    super(stream)
    this.client = client
    this.user = user
  }
}

/** Of so many messages the number is known by the token, to explain a difference by. */
const LABELLED = 64

/** The last events of other kinds are known by their texts, for the same. */
const NOTED = 128

/** A difference is looked for up to so many messages back. */
const MESSAGES_BACK = 2_000

interface Remembered {
  readonly read: MessageRead
  readonly ordinal: number
}

/** All with these roles see the same, whatever else they want; but for those who are spoken of by name. */
const sightOf = ({ roles, user }: Sort): string => `${user} ${roles.toSorted().join()}`

const mask = (bits: ReadonlyArray<number>) => String(bits.reduce((all, bit) => all | (1n << BigInt(bit)), 0n))

export class Model {
  readonly guild: string
  readonly owner: string
  readonly roles = new Map<string, Role>()
  readonly channels = new Map<string, Channel>()
  readonly people = new Map<string, ReadonlyArray<string>>()
  /** Who has joined or left, and how often somebody did. */
  readonly moved = new Set<string>()
  memberships = 0
  readonly voice = new Map<string, string>()
  readonly sessions = new Map<string, Session>()
  /** Deliveries that are due, to all sessions together, ever. */
  due = 0
  ordinal = 0
  /** Rises with whatever a snapshot may show. */
  private version = 0
  private readonly last = new Map<string, string>()
  private readonly streams = new Map<string, Stream>()
  /** Messages since they are remembered, for what is decided a little later; and what was last in each channel then. */
  private recent: Array<Remembered> = []
  private lastBefore: ReadonlyMap<string, string> | undefined
  private readonly noted: Array<string> = []
  private notes = 0
  private readonly labels = new Int32Array(2 * LABELLED)
  /** What those see whose user, if named, and roles these are. */
  private readonly sights = new Map<string, ReadonlySet<string>>()
  private named: ReadonlySet<string> = new Set()
  private rules: discord.Rules

  constructor(options: {
    readonly guild: string
    readonly owner: string
    readonly roles: Iterable<readonly [string, Role]>
    readonly channels: Iterable<readonly [string, Channel]>
    readonly people: Iterable<readonly [string, ReadonlyArray<string>]>
  }) {
    this.guild = options.guild
    this.owner = options.owner
    for (const [id, role] of options.roles) this.roles.set(id, role)
    for (const [id, channel] of options.channels) this.channels.set(id, channel)
    for (const [user, roles] of options.people) this.people.set(user, roles)
    this.rules = this.rulesNow()
    this.named = this.namedNow()
  }

  /** Whether a member may do this in a channel. */
  may(user: string, channel: string, bit: number): boolean {
    const roles = this.people.get(user)
    const found = this.channels.get(channel)
    return (
      roles !== undefined &&
      found !== undefined &&
      discord.may(this.rules, found.overwrites, { user, roles }, bit, found.kind)
    )
  }

  /** Whether a session may see a channel. */
  shows({ stream }: Session, channel: string): boolean {
    return this.seenBy(stream).has(channel)
  }

  /** Kinds of sessions that there are. */
  get kinds(): number {
    return this.streams.size
  }

  message(read: MessageRead): void {
    const { channel } = read
    this.ordinal++
    this.version++
    this.last.set(channel, String(read.id))
    this.labels[(this.ordinal % LABELLED) * 2] = read.token
    this.labels[(this.ordinal % LABELLED) * 2 + 1] = read.number
    if (this.lastBefore !== undefined) this.recent.push({ read, ordinal: this.ordinal })
    for (const stream of this.streams.values()) {
      if (stream.sessions > 0 && this.reaches(stream, read)) {
        stream.message(read.token)
        this.due += stream.sessions
      }
    }
    for (const user of new Set(read.users)) {
      const session = this.sessions.get(user)
      if (session === undefined || !this.callsByName(session, read)) continue
      session.set(withMessage(session.due, read.token))
      this.due++
    }
  }

  /** Somebody is there, who was not. */
  comes({ client, intents, isPassive, user }: Coming): void {
    this.presence(user, "online")
    const roles = this.people.get(user) ?? []
    const stream = this.streamFor({ roles, intents, isActive: !isPassive, user, isNamed: this.named.has(user) })
    const session = new Session(stream, client, user)
    this.sessions.set(user, session)
    session.snapshots = 1
    session.shown = this.shownNow(stream)
  }

  /** A session is no more. Gives it back, for the last look at what it got. */
  goes(user: string): Session | undefined {
    const session = this.sessions.get(user)
    if (session === undefined) return undefined
    this.sessions.delete(user)
    session.leave()
    this.forget(session.stream)
    return session
  }

  presence(user: string, status: string): void {
    const token = this.token(texts.presence(user, status))
    for (const stream of this.streams.values()) {
      if (stream.sort.isActive && stream.wants(Intents.GUILD_PRESENCES)) this.tell(stream, token)
    }
  }

  /** Somebody is in another voice channel, or in none. */
  moves(user: string, channel: string | undefined): void {
    const before = this.voice.get(user)
    this.version++
    if (channel === undefined) this.voice.delete(user)
    else this.voice.set(user, channel)
    for (const stream of this.streams.values()) {
      if (!stream.sort.isActive || !stream.wants(Intents.GUILD_VOICE_STATES)) continue
      const seen = this.seenBy(stream)
      if (channel !== undefined && seen.has(channel)) this.tellLate(stream, this.token(texts.voice(user, channel)))
      else if (before !== undefined && before !== channel && seen.has(before)) {
        this.tellLate(stream, this.token(texts.voice(user, "none")))
      }
    }
  }

  /** A session looks at the guild, or elsewhere, from now on; it is due this. */
  turn(user: string, isActive: boolean, due: Seen): void {
    const session = this.sessions.get(user)
    if (session === undefined) return
    const { stream } = session
    session.move(this.streamFor({ ...stream.sort, isActive }), due)
    this.forget(stream)
  }

  /** What follows from the messages after one of them, for a session as it was there, if it then looked here or elsewhere. */
  replayed(session: Session, isActive: boolean, from: Seen, after: number, until = this.ordinal): Seen {
    const { sort } = session.stream
    const stream = new Stream("", { ...sort, isActive })
    let seen = from
    for (const { ordinal, read } of this.recent) {
      if (ordinal <= after || ordinal > until) continue
      const isCalled = !isActive && read.users.includes(session.user) && this.seenBy(stream).has(read.channel)
      if (this.reaches(stream, read) || (isCalled && stream.wants(Intents.GUILD_MESSAGES))) {
        seen = withMessage(seen, read.token)
      }
    }
    return seen
  }

  /** From now on messages are remembered. */
  remember(): void {
    this.lastBefore = new Map(this.last)
  }

  forgetAll(): void {
    this.lastBefore = undefined
    this.recent = []
  }

  /** The last message that is not younger than this one, of those that are remembered. */
  ordinalOf(id: bigint): number {
    let found = 0
    for (const { ordinal, read } of this.recent) if (read.id <= id) found = ordinal
    return found
  }

  /** A message's number, if it is one of the last, or its token. */
  labelOf(token: number): string {
    for (let at = 0; at < LABELLED; at++) if (this.labels[2 * at] === token) return `message ${this.labels[2 * at + 1]}`
    return `token ${token}`
  }

  /** Of what is due the one event that is not among what was seen, if it is one of the last. */
  missing(due: Seen, seen: Seen): string {
    for (const text of this.noted) {
      const token = hashOf(text)
      if (due.window - seen.window === token) return `${text}, since the last message`
      if (due.late - seen.late === token) return `${text}, since the last snapshot`
      for (let back = 1; back < MESSAGES_BACK; back++) {
        if (differenceAfter(0, token, back) === ((due.hash - seen.hash) | 0)) return `${text}, ${back} messages ago`
      }
    }
    return "nothing that is known"
  }

  private token(text: string): number {
    this.noted[this.notes++ % NOTED] = text
    return hashOf(text)
  }

  /** The token of one of the last messages. */
  tokenOf(number: number): number {
    for (let at = 0; at < LABELLED; at++) if (this.labels[2 * at + 1] === number) return this.labels[2 * at] ?? 0
    return 0
  }

  /** What a snapshot says now; the same for all of a kind, until something happens. */
  private shownNow(stream: Stream): Shown {
    const { shown } = stream
    if (shown?.version === this.version) return shown
    const made = { ...this.snapshotOf(stream), version: this.version }
    stream.shown = made
    return made
  }

  /** What a snapshot says to those who see this. Of messages only those up to one of them. */
  snapshotOf(stream: Stream, until = this.ordinal): Shown {
    const { last } = this
    const lastOf = (id: string) => {
      if (until === this.ordinal) return last.get(id)
      const earlier = this.recent.findLast(({ ordinal, read }) => ordinal <= until && read.channel === id)
      return earlier === undefined ? this.lastBefore?.get(id) : String(earlier.read.id)
    }
    let channels = 0
    let roles = 0
    let voice = 0
    const seen = this.seenBy(stream)
    for (const [id, { topic }] of this.channels) {
      if (seen.has(id)) channels += hashOf(texts.shownChannel(id, lastOf(id) ?? "none", topic))
    }
    for (const [id, { name, permissions }] of this.roles) {
      roles += hashOf(texts.shownRole(id, name, mask(permissions)))
    }
    for (const [user, channel] of this.voice) {
      if (seen.has(channel)) voice += hashOf(texts.shownVoice(user, channel))
    }
    return { channels: channels | 0, roles: roles | 0, voice: voice | 0 }
  }

  apply(change: Change): void {
    switch (change.do) {
      case "putRole": {
        const { name, permissions } = change.role
        const event = this.roles.has(change.id) ? "GUILD_ROLE_UPDATE" : "GUILD_ROLE_CREATE"
        this.tellAll(this.token(texts.role(event, change.id, name, mask(permissions))))
        return this.restructure([], () => void this.roles.set(change.id, change.role), true)
      }
      case "removeRole": {
        const isAbout = (one: discord.Overwrite) => one.kind === "role" && one.id === change.id
        const touched = Array.from(this.channels).filter(([, { overwrites }]) => overwrites.some(isAbout))
        this.restructure(
          touched.map(([id]) => id),
          () => {
            this.roles.delete(change.id)
            for (const [id, channel] of touched) {
              const overwrites = channel.overwrites.filter((one) => !isAbout(one))
              this.channels.set(id, { ...channel, overwrites })
            }
          },
          true
        )
        return this.tellAll(this.token(texts.roleDeleted(change.id)))
      }
      case "putChannel":
        return this.restructure([change.id], () => void this.channels.set(change.id, change.channel))
      case "removeChannel":
        return this.restructure([change.id], () => {
          this.channels.delete(change.id)
          this.last.delete(change.id)
        })
      case "addMember": {
        const { roles, user } = change
        this.people.set(user, roles)
        this.moved.add(user)
        this.memberships++
        const token = this.token(texts.member("GUILD_MEMBER_ADD", user, "none", roles.toSorted().join()))
        this.tellOwn(user, token)
        return this.member(token)
      }
      case "updateMember":
        return this.updateMember(change)
      case "removeMember": {
        const { user } = change
        this.people.delete(user)
        this.moved.add(user)
        this.memberships++
        const session = this.sessions.get(user)
        session?.set(withEvent(session.due, this.token(texts.removed())))
        if (session !== undefined) this.due++
        return
      }
    }
  }

  /** Who was removed is told so, is gone, and only then others hear of it. */
  afterRemoval(user: string): void {
    this.member(this.token(texts.memberRemoved(user)))
  }

  private updateMember(change: Extract<Change, { do: "updateMember" }>): void {
    const { nick, roles, user } = change
    const token = this.token(texts.member("GUILD_MEMBER_UPDATE", user, nick, roles.toSorted().join()))
    const session = this.sessions.get(user)
    this.tellOwn(user, token)
    this.member(token)
    this.people.set(user, roles)
    if (session === undefined) return
    const before = session.stream
    let { due } = session
    const after = this.streamFor({ ...before.sort, roles })
    for (const each of this.shift(before, this.seenBy(before), this.seenBy(after), [], this.channels)) {
      due = withLate(due, each)
      this.due++
    }
    session.move(after, due)
    this.forget(before)
  }

  /** A member hears of themselves, whatever they want to hear of otherwise. */
  private tellOwn(user: string, token: number): void {
    const session = this.sessions.get(user)
    if (session === undefined) return
    const { sort } = session.stream
    if (sort.isActive && (sort.intents & Intents.GUILD_MEMBERS) !== 0) return
    session.set(withEvent(session.due, token))
    this.due++
  }

  private member(token: number): void {
    for (const stream of this.streams.values()) {
      if (stream.sort.isActive && stream.wants(Intents.GUILD_MEMBERS)) this.tell(stream, token)
    }
  }

  /** Changes what may change what somebody sees; `touched` are channels that are otherwise than before. */
  private restructure(touched: ReadonlyArray<string>, change: () => void, isAboutRoles = false): void {
    const before = new Map(this.channels)
    // Whoever is spoken of by name from now on, or was so far, goes apart first.
    const saw = new Map(Array.from(this.streams.values(), (stream) => [stream, this.seenBy(stream)] as const))
    change()
    const wasNamed = this.named
    this.rules = this.rulesNow()
    this.named = this.namedNow()
    if (isAboutRoles) this.sights.clear()
    else this.seeAnew(touched)
    this.version++
    for (const stream of this.streams.values()) stream.seen = undefined
    for (const user of this.named) {
      const session = wasNamed.has(user) ? undefined : this.sessions.get(user)
      if (session === undefined || session.stream.sort.isNamed) continue
      const { stream } = session
      const own = this.streamFor({ ...stream.sort, user, isNamed: true })
      const seen = saw.get(stream)
      if (seen !== undefined) saw.set(own, seen)
      session.move(own)
      this.forget(stream)
    }
    for (const [stream, seen] of saw) {
      if (stream.sessions === 0 || !stream.wants(Intents.GUILDS)) continue
      for (const token of this.shift(stream, seen, this.seenBy(stream), touched, before)) {
        this.tellLate(stream, token)
      }
    }
    for (const [user, channel] of this.voice) if (!this.channels.has(channel)) this.voice.delete(user)
  }

  /** What they are told who saw those channels, and see these now. */
  private *shift(
    stream: Stream,
    saw: ReadonlySet<string>,
    sees: ReadonlySet<string>,
    touched: ReadonlyArray<string>,
    before: ReadonlyMap<string, Channel>
  ): Generator<number> {
    if (!stream.wants(Intents.GUILDS)) return
    const hears = stream.sort.isActive && stream.wants(Intents.GUILD_VOICE_STATES)
    const changed = (name: string, id: string, channels: ReadonlyMap<string, Channel>) =>
      this.token(texts.channel(name, id, channels.get(id)?.topic ?? "none"))
    for (const id of saw) {
      if (sees.has(id)) continue
      yield changed("CHANNEL_DELETE", id, before)
      if (hears)
        for (const [user, channel] of this.voice) if (channel === id) yield this.token(texts.voice(user, "none"))
    }
    for (const id of sees) {
      if (saw.has(id)) continue
      yield changed("CHANNEL_CREATE", id, this.channels)
      if (hears) for (const [user, channel] of this.voice) if (channel === id) yield this.token(texts.voice(user, id))
    }
    for (const id of touched) if (saw.has(id) && sees.has(id)) yield changed("CHANNEL_UPDATE", id, this.channels)
  }

  /** Whether a message is for all of a kind. */
  private reaches(stream: Stream, read: MessageRead): boolean {
    if (!stream.wants(Intents.GUILD_MESSAGES) || !this.seenBy(stream).has(read.channel)) return false
    return stream.sort.isActive || read.isToEveryone || stream.sort.roles.some((role) => read.roles.includes(role))
  }

  /** Whether a message calls one session that it would not reach otherwise. */
  private callsByName({ stream }: Session, read: MessageRead): boolean {
    return (
      !stream.sort.isActive &&
      stream.wants(Intents.GUILD_MESSAGES) &&
      this.seenBy(stream).has(read.channel) &&
      !this.reaches(stream, read)
    )
  }

  private tell(stream: Stream, token: number): void {
    if (stream.sessions === 0) return
    stream.event(token)
    this.due += stream.sessions
  }

  private tellLate(stream: Stream, token: number): void {
    if (stream.sessions === 0) return
    stream.lateEvent(token)
    this.due += stream.sessions
  }

  /** Everybody who wants to hear of roles and channels. */
  private tellAll(token: number): void {
    for (const stream of this.streams.values()) if (stream.wants(Intents.GUILDS)) this.tell(stream, token)
  }

  private streamFor(wanted: Sort): Stream {
    const isNamed = this.named.has(wanted.user)
    const sort: Sort = { ...wanted, isNamed, user: isNamed ? wanted.user : "" }
    const key = `${sort.user} ${sort.intents} ${sort.isActive} ${sort.roles.toSorted().join()}`
    const known = this.streams.get(key)
    if (known !== undefined) return known
    const stream = new Stream(key, sort)
    this.streams.set(key, stream)
    return stream
  }

  private forget(stream: Stream): void {
    if (stream.sessions === 0) this.streams.delete(stream.key)
  }

  private seenBy(stream: Stream): ReadonlySet<string> {
    if (stream.seen !== undefined) return stream.seen
    const key = sightOf(stream.sort)
    const known = this.sights.get(key)
    if (known !== undefined) {
      stream.seen = known
      return known
    }
    const seen = new Set(Array.from(this.channels.keys()).filter((id) => this.sees(stream.sort, id)))
    this.sights.set(key, seen)
    stream.seen = seen
    return seen
  }

  private sees({ roles, user }: Pick<Sort, "roles" | "user">, id: string): boolean {
    const channel = this.channels.get(id)
    return (
      channel !== undefined && discord.may(this.rules, channel.overwrites, { user, roles }, discord.VIEW, channel.kind)
    )
  }

  /** Only these channels are otherwise: of all others the same is seen. */
  private seeAnew(channels: ReadonlyArray<string>): void {
    const before = new Map(this.sights)
    this.sights.clear()
    for (const { sessions, sort } of this.streams.values()) {
      const key = sightOf(sort)
      const saw = before.get(key)
      if (sessions === 0 || saw === undefined || this.sights.has(key)) continue
      const seen = new Set(saw)
      for (const id of channels) {
        if (this.sees(sort, id)) seen.add(id)
        else seen.delete(id)
      }
      this.sights.set(key, seen)
    }
  }

  private rulesNow(): discord.Rules {
    const roles = new Map(Array.from(this.roles, ([id, { permissions }]) => [id, permissions] as const))
    return { guild: this.guild, owner: this.owner, roles }
  }

  /** Whom channels speak of by name, and the owner. */
  private namedNow(): ReadonlySet<string> {
    const named = new Set([this.owner])
    for (const { overwrites } of this.channels.values()) {
      for (const { id, kind } of overwrites) if (kind === "member") named.add(id)
    }
    return named
  }
}
