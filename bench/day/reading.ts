/** What a client makes of what it is sent, as far as it matters here: a kind, and a token that stands for what it says. */
import { Predicate } from "effect"
import type { Payload } from "../../src/domain/gateway/Payload.ts"
import { hashOf } from "./hash.ts"
import type { Shown } from "./Tally.ts"

export interface MessageRead {
  readonly kind: "message"
  readonly token: number
  readonly id: bigint
  /** The number that its author gave it, or -1. */
  readonly number: number
  readonly channel: string
  readonly author: string
  readonly content: string
  readonly users: ReadonlyArray<string>
  readonly roles: ReadonlyArray<string>
  readonly isToEveryone: boolean
}

export interface SnapshotRead {
  readonly kind: "snapshot"
  readonly shown: Shown
  readonly channels: ReadonlyArray<string>
  readonly lastMessage: bigint
}

/**
 * Any other event of the guild. `subject` is whom or what it is about, `place` where somebody is, or how. One of a channel or a
 * call `mayBeLate`: it may give way to messages elsewhere.
 */
export interface EventRead {
  readonly kind: "event"
  readonly name: string
  readonly token: number
  readonly subject: string
  readonly place: string
  readonly mayBeLate: boolean
}

/**
 * What passive clients missed, at a time that nobody can tell: the newest message, and a sum of who is where in calls, or in
 * none any more.
 */
export interface SummaryRead {
  readonly kind: "summary"
  readonly lastMessage: bigint
  readonly calls: number
}

export interface OtherRead {
  readonly kind: "other"
  readonly name: string
}

export type Read = MessageRead | SnapshotRead | EventRead | SummaryRead | OtherRead

const field = (input: unknown, name: string): unknown => (Predicate.hasProperty(input, name) ? input[name] : undefined)
const text = (input: unknown, name: string): string => {
  const value = field(input, name)
  return typeof value === "string" ? value : String(value ?? "none")
}
const list = (input: unknown, name: string): ReadonlyArray<unknown> => {
  const value = field(input, name)
  return Array.isArray(value) ? value : []
}
const listed = (input: unknown, name: string): string => list(input, name).map(String).toSorted().join()

/** What each event says, as the model says it too; a client keeps its hash. */
export const texts = {
  message: (id: string, channel: string, content: string) => `message ${id} ${channel} ${content}`,
  channel: (name: string, id: string, topic: string) => `${name} ${id} ${topic}`,
  role: (name: string, id: string, title: string, permissions: string) => `${name} ${id} ${title} ${permissions}`,
  roleDeleted: (id: string) => `role deleted ${id}`,
  member: (name: string, user: string, nick: string, roles: string) => `${name} ${user} ${nick} ${roles}`,
  memberRemoved: (user: string) => `member removed ${user}`,
  voice: (user: string, channel: string) => `voice ${user} ${channel}`,
  presence: (user: string, status: string) => `presence ${user} ${status}`,
  removed: () => "guild removed",
  shownChannel: (id: string, last: string, topic: string) => `shown ${id} ${last} ${topic}`,
  shownRole: (id: string, title: string, permissions: string) => `role ${id} ${title} ${permissions}`,
  shownVoice: (user: string, channel: string) => `in call ${user} ${channel}`
}

const snapshotOf = (data: unknown): SnapshotRead => {
  let channels = 0
  let roles = 0
  let voice = 0
  let lastMessage = 0n
  for (const one of list(data, "channels")) {
    const last = text(one, "last_message_id")
    if (last !== "none" && BigInt(last) > lastMessage) lastMessage = BigInt(last)
    channels += hashOf(texts.shownChannel(text(one, "id"), last, text(one, "topic")))
  }
  for (const one of list(data, "roles")) {
    roles += hashOf(texts.shownRole(text(one, "id"), text(one, "name"), text(one, "permissions")))
  }
  for (const one of list(data, "voice_states")) {
    voice += hashOf(texts.shownVoice(text(one, "user_id"), text(one, "channel_id")))
  }
  return {
    kind: "snapshot",
    shown: { channels: channels | 0, roles: roles | 0, voice: voice | 0 },
    channels: list(data, "channels").map((one) => text(one, "id")),
    lastMessage
  }
}

const summaryOf = (data: unknown): SummaryRead => {
  let lastMessage = 0n
  let calls = 0
  for (const one of list(data, "updated_channels")) {
    const last = BigInt(text(one, "last_message_id"))
    if (last > lastMessage) lastMessage = last
  }
  for (const one of list(data, "updated_voice_states")) {
    calls += hashOf(texts.voice(text(one, "user_id"), text(one, "channel_id")))
  }
  for (const user of list(data, "removed_voice_states")) calls += hashOf(texts.voice(String(user), "none"))
  return { kind: "summary", lastMessage, calls: calls | 0 }
}

const messageOf = (data: unknown): MessageRead => {
  const id = text(data, "id")
  const channel = text(data, "channel_id")
  const content = text(data, "content")
  const number = Number.parseInt(content, 10)
  return {
    kind: "message",
    token: hashOf(texts.message(id, channel, content)),
    id: BigInt(id),
    number: Number.isNaN(number) ? -1 : number,
    channel,
    author: text(field(data, "author"), "id"),
    content,
    users: list(data, "mentions").map((one) => text(one, "id")),
    roles: list(data, "mention_roles").map(String),
    isToEveryone: field(data, "mention_everyone") === true
  }
}

const event = (name: string, says: string, subject = "", place = ""): EventRead => ({
  kind: "event",
  name,
  token: hashOf(says),
  subject,
  place,
  mayBeLate: name.startsWith("CHANNEL_") || name === "VOICE_STATE_UPDATE"
})

const eventOf = (name: string, data: unknown): Read => {
  switch (name) {
    case "GUILD_CREATE":
      return snapshotOf(data)
    case "MESSAGE_CREATE":
      return messageOf(data)
    case "CHANNEL_CREATE":
    case "CHANNEL_UPDATE":
    case "CHANNEL_DELETE": {
      const id = text(data, "id")
      return event(name, texts.channel(name, id, text(data, "topic")), id)
    }
    case "GUILD_ROLE_CREATE":
    case "GUILD_ROLE_UPDATE": {
      const role = field(data, "role")
      const id = text(role, "id")
      return event(name, texts.role(name, id, text(role, "name"), text(role, "permissions")), id)
    }
    case "GUILD_ROLE_DELETE": {
      const id = text(data, "role_id")
      return event(name, texts.roleDeleted(id), id)
    }
    case "GUILD_MEMBER_ADD":
    case "GUILD_MEMBER_UPDATE": {
      const user = text(field(data, "user"), "id")
      return event(name, texts.member(name, user, text(data, "nick"), listed(data, "roles")), user)
    }
    case "GUILD_MEMBER_REMOVE": {
      const user = text(field(data, "user"), "id")
      return event(name, texts.memberRemoved(user), user)
    }
    case "VOICE_STATE_UPDATE": {
      const user = text(data, "user_id")
      const channel = text(data, "channel_id")
      return event(name, texts.voice(user, channel), user, channel)
    }
    case "PRESENCE_UPDATE": {
      const user = text(field(data, "user"), "id")
      const status = text(data, "status")
      return event(name, texts.presence(user, status), user, status)
    }
    case "PASSIVE_UPDATE_V2":
      return summaryOf(data)
    case "GUILD_DELETE":
      return event(name, texts.removed())
    default:
      return { kind: "other", name }
  }
}

/** From here on a snapshot says the same to all who see the same. */
const OWN_UNTIL = `"owner_id":`

/** Texts of snapshots that are remembered. */
const MOST = 64

/**
 * Reads what comes, each payload once while it is among the `recent`, however many clients of this thread get it. Those that are
 * remembered are few, so that they die young; a `WeakMap` would remember all, but the collector looks at each of its entries
 * while everything stands still: with half a million of them that was half of a pause.
 */
export class Reading {
  private readonly recent: number
  private last: Payload | undefined
  private lastRead: Read | undefined
  private known = new Map<Payload, Read>()
  private before = new Map<Payload, Read>()
  private readonly snapshots = new Map<string, SnapshotRead>()

  constructor({ recent }: { readonly recent: number }) {
    this.recent = recent
  }

  read(payload: Payload): Read {
    if (payload === this.last && this.lastRead !== undefined) return this.lastRead
    const known = this.known.get(payload)
    const read = known ?? this.before.get(payload) ?? this.readHead(payload.name, payload.head)
    if (known === undefined && read.kind !== "snapshot") this.remember(payload, read)
    this.last = payload
    this.lastRead = read
    return read
  }

  private remember(payload: Payload, read: Read): void {
    if (this.recent === 0) return
    if (this.known.size >= this.recent) {
      this.before = this.known
      this.known = new Map()
    }
    this.known.set(payload, read)
  }

  /** Reads a whole frame. */
  readFrame(frame: string): Read {
    return this.readHead(frame.slice(6, frame.indexOf('"', 6)), frame.slice(0, frame.lastIndexOf(",") + 5))
  }

  private readHead(name: string, head: string): Read {
    if (name !== "GUILD_CREATE") return eventOf(name, field(JSON.parse(`${head}0}`), "d"))
    const shared = head.slice(head.indexOf(OWN_UNTIL))
    const known = this.snapshots.get(shared)
    if (known !== undefined) return known
    const read = snapshotOf(field(JSON.parse(`${head}0}`), "d"))
    if (this.snapshots.size >= MOST) this.snapshots.clear()
    this.snapshots.set(shared, read)
    return read
  }
}
