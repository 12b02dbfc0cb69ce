/**
 * The administrator's session of a guild: what it hears, in the order in which it hears it, is what happened there, and moves
 * the model on.
 */
import { Effect, type Scope } from "effect"
import { type Guild, Ids, type Payload, Session, type SessionSocket, Transport } from "../../src/index.ts"
import { hashOf } from "./hash.ts"
import type { Ledger } from "./Ledger.ts"
import type { Change, Coming, Session as Sitting } from "./Model.ts"
import { type EventRead, type MessageRead, Reading, texts } from "./reading.ts"
import type { Seen } from "./Tally.ts"
import { EVERYTHING, mask, type Place } from "./town.ts"

const SEND = 11
const MENTION_EVERYONE = 17

/** It hears everything in this thread, and must not be too slow in a burst that others cause. */
const CAPACITY = 1 << 16

/** Something that was asked for, and is in force from the moment at which it is heard of. */
export interface Pending {
  readonly change: Change | { readonly do: "call"; readonly user: string; readonly channel: string | undefined }
  isHeard: boolean
  /** The id that the guild chose for what is new. */
  id?: string
}

/** A session that is no more, and all that it was due. */
export interface Ended {
  readonly session: Sitting
  readonly due: Seen
}

export class Observer {
  readonly place: Place
  private readonly ledger: Ledger
  private readonly wrong: (what: string, detail: string) => void
  private readonly reading = new Reading({ recent: 0 })
  readonly pending: Array<Pending> = []
  readonly coming = new Map<string, Coming>()
  /** Users whose sessions are about to leave, or are gone without a word. */
  readonly leaving = new Set<string>()
  readonly ended = new Map<string, Ended>()
  lastId = 0n
  heard = 0
  isClosed = false

  constructor(place: Place, ledger: Ledger, wrong: (what: string, detail: string) => void) {
    this.place = place
    this.ledger = ledger
    this.wrong = wrong
  }

  hear(payload: Payload.Payload): void {
    const read = this.reading.read(payload)
    if (read.kind === "message") this.message(read)
    if (read.kind === "event") this.event(read)
    this.heard++
  }

  private message(read: MessageRead): void {
    const { model } = this.place
    const { author, channel, content, id, number } = read
    if (id <= this.lastId) this.wrong("a message is older than the one before", `message ${number}: ${id}`)
    this.lastId = id
    this.ledger.heard(number)
    if (!model.may(author, channel, SEND)) {
      this.wrong("somebody wrote where they may not", `${author} in ${channel}: ${content.slice(0, 80)}`)
    }
    const isToEveryone = content.includes("@everyone") && model.may(author, channel, MENTION_EVERYONE)
    if (isToEveryone !== read.isToEveryone) {
      this.wrong("a message calls everyone, or does not, as it should not", content.slice(0, 80))
    }
    this.calls(read)
    model.message(read)
  }

  /** Whether a message calls just those whom it names, and may. */
  private calls({ author, channel, content, roles, users }: MessageRead): void {
    const { model } = this.place
    const [, role] = /<@&(\d+)>/.exec(content) ?? []
    const isCalled = role !== undefined && model.roles.has(role) && model.may(author, channel, MENTION_EVERYONE)
    if (isCalled !== roles.length > 0) this.wrong("a message calls a role, or does not, as it should not", content)
    const [, user] = /<@(\d+)>/.exec(content) ?? []
    // Of who joins or leaves meanwhile nobody can tell.
    if (user === undefined || model.moved.has(user)) return
    if (this.pending.some(({ change }) => "user" in change && change.user === user)) return
    if (model.people.has(user) !== users.includes(user)) {
      this.wrong("a message calls somebody, or does not, as it should not", content.slice(0, 80))
    }
  }

  private event(read: EventRead): void {
    const { model } = this.place
    const { name, place, subject } = read
    switch (name) {
      case "PRESENCE_UPDATE": {
        if (place === "offline") {
          this.ends(subject)
          return model.presence(subject, "offline")
        }
        const coming = this.coming.get(subject)
        if (coming === undefined) return this.wrong("somebody is there who did not come", subject)
        this.coming.delete(subject)
        return model.comes(coming)
      }
      case "VOICE_STATE_UPDATE":
        return this.voice(subject, place === "none" ? undefined : place)
      case "GUILD_MEMBER_REMOVE": {
        const pending = this.take((change) => change.do === "removeMember" && change.user === subject)
        if (pending === undefined) return this.wrong("a member was removed whom nobody removed", subject)
        model.apply({ do: "removeMember", user: subject })
        this.ends(subject)
        return model.afterRemoval(subject)
      }
      default:
        return this.changed(read)
    }
  }

  /**
   * Large changes are told in pieces, which may outlast them: what is told of a channel may be of an earlier one. So a change
   * is heard of by what it says, and not by what it is about.
   */
  private changed({ name, subject, token }: EventRead): void {
    const { model } = this.place
    const pending = this.pending.find(({ change }) => {
      switch (change.do) {
        case "putRole": {
          const { id, role } = change
          const event = id === "" ? "GUILD_ROLE_CREATE" : "GUILD_ROLE_UPDATE"
          return (
            name === event && token === hashOf(texts.role(event, subject, role.name, String(mask(role.permissions))))
          )
        }
        case "putChannel": {
          // Of what is new, the guild chooses the id.
          const event = change.id === "" ? "CHANNEL_CREATE" : "CHANNEL_UPDATE"
          return name === event && token === hashOf(texts.channel(event, change.id || subject, change.channel.topic))
        }
        case "removeRole":
          return name === "GUILD_ROLE_DELETE" && change.id === subject
        case "removeChannel":
          return name === "CHANNEL_DELETE" && change.id === subject
        case "addMember":
          return name === "GUILD_MEMBER_ADD" && change.user === subject
        case "updateMember":
          return name === "GUILD_MEMBER_UPDATE" && change.user === subject
        default:
          return false
      }
    })
    // What was not due shows in the sums of all who got it.
    if (pending === undefined && name === "CHANNEL_UPDATE") return
    if (pending === undefined) return this.wrong("something changed that nobody changed", `${name} ${subject}`)
    const { change, isHeard } = pending
    // One change may be heard of in several events; the first says it.
    if (change.do === "call" || isHeard) return
    pending.isHeard = true
    pending.id = subject
    model.apply("id" in change && change.id === "" ? { ...change, id: subject } : change)
  }

  private voice(user: string, channel: string | undefined): void {
    const { model } = this.place
    const there = model.voice.get(user)
    const isRemoved = (change: Pending["change"]) => change.do === "removeChannel" && change.id === there
    const removal = this.pending.find(({ change }) => isRemoved(change))
    if (channel === undefined && removal !== undefined) {
      // Whoever is in a channel that goes is nowhere, which its end says.
      const taken = this.take(isRemoved)
      if (taken !== undefined && taken.change.do !== "call") model.apply(taken.change)
      return
    }
    const asked = this.take(
      (change) => change.do === "call" && change.user === user && (change.channel ?? undefined) === channel
    )
    if (asked === undefined && channel === undefined) {
      const isKicked = this.pending.some(({ change }) => change.do === "removeMember" && change.user === user)
      if (there === undefined && this.endedChannel) return
      // Who disconnects is gone before the others hear that they hang up; who is removed hears it too.
      if (!isKicked && this.leaving.has(user)) this.ends(user)
      else if (!isKicked) return this.wrong("somebody hung up who did not", user)
      return model.moves(user, undefined)
    }
    if (asked === undefined) return this.wrong("somebody joined a call who did not", `${user} ${channel}`)
    model.moves(user, channel)
  }

  /** Whether a channel has just gone, of whose people some have yet to be heard of. */
  private get endedChannel(): boolean {
    return this.pending.some(({ change, isHeard }) => isHeard && change.do === "removeChannel")
  }

  private ends(user: string): void {
    const { model } = this.place
    const { due } = model.sessions.get(user) ?? {}
    const session = model.goes(user)
    if (session !== undefined && due !== undefined) this.ended.set(user, { session, due })
  }

  /** The first that this is about: once it has been heard of, whatever else is heard of it tells nothing new. */
  private take(isIt: (change: Pending["change"]) => boolean): Pending | undefined {
    const found = this.pending.find(({ change, isHeard }) => !isHeard && isIt(change))
    if (found !== undefined) found.isHeard = true
    return found
  }
}

/** Connects the administrator, who stays until the scope closes. */
export const connect = Effect.fnUntraced(function* (
  guild: Guild.Guild,
  observer: Observer
): Effect.fn.Return<void, never, Scope.Scope> {
  const start = yield* Session.starter({ mailboxCapacity: CAPACITY })
  const socket: SessionSocket.SessionSocket["Service"] = {
    receive: Effect.never,
    send: () => Effect.void,
    sendUnsafe: (payload) => {
      observer.hear(payload)
      return true
    },
    close: () => Effect.sync(() => void (observer.isClosed = true))
  }
  const session = yield* Effect.acquireRelease(
    Effect.sync(() => start({ id: Ids.SessionId.make("administrator"), socket })),
    (session) => session.stop
  )
  const user = Ids.UserId.make(observer.place.owner)
  const payload = { session: session.id, user, intents: EVERYTHING, isPassive: false, handle: session }
  yield* Effect.orDie(Transport.call(guild, "Connect", payload, { timeout: "1 minute" }))
})
