/** Clients that live in one thread: their sockets read, pause or stop, and count what they see; their sessions do as told. */
import { Effect, Schema, type Scope } from "effect"
import type { Payload } from "../../src/domain/gateway/Payload.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import * as Ids from "../../src/domain/Ids.ts"
import type { SessionSocket } from "../../src/domain/SessionSocket.ts"
import type { Guild } from "../../src/programs/Guild.ts"
import { Guilds } from "../../src/programs/Guilds.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { afterMessage, hashOf } from "./hash.ts"
import { heapUsed } from "./heap.ts"
import type { Meters } from "./meters.ts"
import { Reading, type Read } from "./reading.ts"
import { type Answer, DONE, type Manner, type Order } from "./talk.ts"
import type { Tally } from "./Tally.ts"

/** A client that pauses does so at its first frame and at each such one after it, for up to so many milliseconds. */
const PAUSES_AT = 24
const LONGEST_PAUSE = 150

/** Frames after which a client that stops reads no more. */
const STOPS_AFTER = 8

/** One client in so many keeps a list of its channels. */
const KEEPS = 4

/** How long a session may take to connect, or to leave: what is slow here is to be seen elsewhere. */
const PATIENCE = "1 minute"

/** What is told of each message as it arrives somewhere. */
export interface Watching {
  readonly arrived: (guild: number, read: Read) => void
}

interface Thread {
  readonly tally: Tally
  readonly reading: Reading
  readonly arrived: Watching["arrived"]
}

/** One client's end of the connection. */
class Connection {
  readonly client: number
  readonly guild: number
  private readonly manner: Manner
  private readonly keeps: boolean
  private readonly thread: Thread
  private frames = 0
  private isPausing = false
  /** The channels of which it has been told, where it is one of those who keep them. */
  private known: Set<string> | undefined = undefined
  isOver = false

  constructor({ client, guild, intents, manner }: Extract<Order, { do: "connect" }>, thread: Thread) {
    this.client = client
    this.guild = guild
    this.manner = manner
    this.keeps = client % KEEPS === 0 && (intents & Intents.GUILDS) !== 0
    this.thread = thread
  }

  readonly receive: Effect.Effect<never> = Effect.never

  sendUnsafe(payload: Payload, sequence: number): boolean {
    if (this.manner !== "reads" && !this.isReady()) return false
    this.see(this.thread.reading.read(payload), sequence)
    return true
  }

  send(frame: string): Effect.Effect<void> {
    if (this.manner === "stops") return Effect.never
    this.isPausing = true
    const length = (hashOf(`${this.client} ${this.frames}`) >>> 0) % LONGEST_PAUSE
    return Effect.map(Effect.sleep(length), () => {
      this.isPausing = false
      const sequence = Number.parseInt(frame.slice(frame.lastIndexOf(":") + 1), 10)
      this.see(this.thread.reading.readFrame(frame), sequence)
    })
  }

  close(code: number): Effect.Effect<void> {
    return Effect.sync(() => {
      if (this.isOver) return
      this.isOver = true
      this.thread.tally.closed[this.client] = code
      this.thread.tally.add("closed")
    })
  }

  private isReady(): boolean {
    if (this.manner === "stops") return this.frames < STOPS_AFTER
    return !this.isPausing && this.frames % PAUSES_AT !== 0
  }

  /** What happens in a channel is told after all that there is to tell of the channel itself. */
  private learn(read: Read): void {
    if (!this.keeps) return
    if (read.kind === "snapshot") this.known = new Set(read.channels)
    if (read.kind === "event" && read.name === "CHANNEL_CREATE") this.known?.add(read.subject)
    if (read.kind === "event" && read.name === "CHANNEL_DELETE") this.known?.delete(read.subject)
    const isCall = read.kind === "event" && read.name === "VOICE_STATE_UPDATE" && read.place !== "none"
    const place = read.kind === "message" ? read.channel : isCall ? read.place : undefined
    if (place !== undefined && this.known?.has(place) === false) this.thread.tally.add("unknown")
  }

  private see(read: Read, sequence: number): void {
    const { arrived, tally } = this.thread
    const { client } = this
    if (this.isOver) return tally.add("strays")
    // Events are numbered without gaps.
    if (sequence !== ++this.frames) tally.add("gaps")
    this.learn(read)
    switch (read.kind) {
      case "message":
        tally.see(client, read.token)
        tally.hash[client] = afterMessage(tally.hash[client] ?? 0, tally.window[client] ?? 0, read.token)
        tally.window[client] = 0
        tally.messages[client] = (tally.messages[client] ?? 0) + 1
        // Who pauses or stops is waited for by nobody.
        if (this.manner === "reads") arrived(this.guild, read)
        return
      case "event":
        tally.see(client, read.token)
        if (read.mayBeLate) tally.late[client] = ((tally.late[client] ?? 0) + read.token) | 0
        else tally.window[client] = ((tally.window[client] ?? 0) + read.token) | 0
        return
      case "snapshot":
        return tally.began(client, read.shown, read.lastMessage)
      case "summary":
        return tally.summarised(client, read.lastMessage, read.calls)
    }
  }
}

interface Present {
  readonly session: Session.Session
  readonly connection: Connection
  readonly guild: Guild
  readonly order: Extract<Order, { do: "connect" }>
}

const Failure = Schema.Struct({ _tag: Schema.String, handled: Schema.optionalKey(Schema.Literals(["no", "maybe"])) })
const decodeFailure = Schema.decodeUnknownOption(Failure)

const GONE: Answer = { error: "no such session", handled: "no" }

/** How it ended, as an answer. */
export const answered = <E>(effect: Effect.Effect<unknown, E>): Effect.Effect<Answer> =>
  Effect.match(effect, {
    onSuccess: () => DONE,
    onFailure: (error) => {
      const failure = decodeFailure(error)
      if (failure._tag === "None") return { error: "unknown", handled: "maybe" }
      const { _tag, handled = _tag === "StoreUnavailable" ? "maybe" : "no" } = failure.value
      return { error: _tag, handled }
    }
  })

/** The clients of this thread: what is ordered is done, and answered. `capacity` is of a session's mailbox. */
export const make = Effect.fnUntraced(function* (options: {
  readonly tally: Tally
  readonly capacity: number
  readonly arrived: Watching["arrived"]
  readonly meters: Meters
}): Effect.fn.Return<(order: Order) => Effect.Effect<Answer>, never, Guilds | Scope.Scope> {
  const { meters, tally } = options
  const { all } = yield* Guilds
  const start = yield* Session.starter()
  // Those who stop reading are to be noticed within a short day.
  const startSmall = yield* Session.starter({ mailboxCapacity: options.capacity })
  const thread: Thread = { tally, reading: new Reading({ recent: 64 }), arrived: options.arrived }
  const present = new Map<number, Present>()
  yield* Effect.addFinalizer(() =>
    Effect.forEach(Array.from(present.values()), ({ session }) => session.stop, { discard: true })
  )

  const connected = ({ guild, order, session }: Present) => {
    const { intents, isPassive, user } = order
    return Transport.call(
      guild,
      "Connect",
      { session: session.id, user: Ids.UserId.make(user), intents, isPassive, handle: session },
      { timeout: PATIENCE }
    )
  }

  const perform = (order: Order): Effect.Effect<Answer> => {
    switch (order.do) {
      case "connect": {
        const guild = all[order.guild]
        if (guild === undefined) return Effect.succeed({ error: "no such guild", handled: "no" })
        const connection = new Connection(order, thread)
        const socket: SessionSocket["Service"] = connection
        tally.reset(order.client)
        tally.add("opened")
        const id = Ids.SessionId.make(`${order.client}-${tally.get("opened")}`)
        const session = (order.manner === "stops" ? startSmall : start)({ id, socket })
        const one: Present = { session, connection, guild, order }
        present.set(order.client, one)
        return answered(connected(one))
      }
      case "again": {
        const one = present.get(order.client)
        return one === undefined ? Effect.succeed(GONE) : answered(connected(one))
      }
      case "disconnect": {
        const one = present.get(order.client)
        if (one === undefined) return Effect.succeed(DONE)
        const user = Ids.UserId.make(one.order.user)
        const payload = { session: one.session.id, user }
        return answered(Transport.call(one.guild, "Disconnect", payload, { timeout: PATIENCE }))
      }
      case "stop": {
        const one = present.get(order.client)
        if (one === undefined) return Effect.succeed(DONE)
        present.delete(order.client)
        one.connection.isOver = true
        tally.add("ended")
        return Effect.as(one.session.stop, DONE)
      }
      case "turn": {
        const one = present.get(order.client)
        if (one === undefined) return Effect.succeed(GONE)
        const payload = { session: one.session.id, user: Ids.UserId.make(one.order.user), isActive: order.isActive }
        return answered(Transport.call(one.guild, "SetActive", payload, { timeout: PATIENCE }))
      }
      case "call": {
        const one = present.get(order.client)
        if (one === undefined) return Effect.succeed(GONE)
        const payload = {
          session: one.session.id,
          user: Ids.UserId.make(one.order.user),
          channel: order.channel === null ? null : Ids.ChannelId.make(order.channel),
          selfMute: false,
          selfDeaf: false
        }
        return answered(Transport.call(one.guild, "SetVoice", payload, { timeout: PATIENCE }))
      }
      case "say": {
        const guild = all[order.guild]
        if (guild === undefined) return Effect.succeed({ error: "no such guild", handled: "no" })
        return answered(
          Transport.call(
            guild,
            "SendMessage",
            {
              author: Ids.UserId.make(order.author),
              channel: Ids.ChannelId.make(order.channel),
              draft: { content: order.content, embeds: [], tts: false }
            },
            { timeout: order.timeout }
          )
        )
      }
      case "find": {
        const guild = all[order.guild]
        if (guild === undefined) return Effect.succeed({ error: "no such guild", handled: "no" })
        return Effect.match(guild.members.find(order.prefix, { limit: order.limit }), {
          onSuccess: ({ size }): Answer => ({ found: size }),
          onFailure: ({ _tag }): Answer => ({ error: _tag, handled: "no" })
        })
      }
      case "measure":
        return Effect.as(
          Effect.sync(() => {
            if (order.what === "pieces") return order.isOn ? meters.startPieces() : meters.stopPieces()
            return order.isOn ? meters.startUtilization() : meters.stopUtilization()
          }),
          DONE
        )
      case "weigh":
        return Effect.map(heapUsed, (found): Answer => ({ found }))
      case "die":
        setImmediate(() => {
          throw new Error("as the day wants it")
        })
        return Effect.never
    }
  }
  return perform
})
