/**
 * The gateway: one client's conversation over its socket, in Discord's Gateway protocol, version 10.
 *
 * HELLO; the client identifies; a session is started, READY sent, and the session connected to its user's guilds. From
 * then on heartbeats are acknowledged until either side ends it. Whatever the client does wrong closes its own
 * connection with the documented code, and touches nobody else.
 *
 * @see https://discord.com/developers/docs/events/gateway
 * @since 0.1.0
 */
import { Clock, Data, Duration, Effect, Fiber, Metric, Result, Scope, Semaphore } from "effect"
import { Hex } from "effect/encoding"
import type { Accounts } from "../domain/Accounts.ts"
import * as Detached from "../domain/Detached.ts"
import * as ClientFrame from "../domain/gateway/ClientFrame.ts"
import * as CloseCode from "../domain/gateway/CloseCode.ts"
import * as Intents from "../domain/gateway/Intents.ts"
import { isCompression } from "../domain/gateway/Compression.ts"
import * as EventJson from "../domain/gateway/EventJson.ts"
import * as Opcode from "../domain/gateway/Opcode.ts"
import * as Payload from "../domain/gateway/Payload.ts"
import * as Rates from "../domain/gateway/Rates.ts"
import { SessionId, type UserId } from "../domain/Ids.ts"
import type { LimitName } from "../domain/LimitName.ts"
import * as Metrics from "../domain/Metrics.ts"
import * as Monotonic from "../domain/Monotonic.ts"
import type { Activity, Status } from "../domain/Presence.ts"
import { Unidentified } from "../domain/gateway/Unidentified.ts"
import { SessionSocket, type SocketClosed } from "../domain/SessionSocket.ts"
import type { User } from "../domain/User.ts"
import * as Commands from "./gateway/commands.ts"
import * as Guild from "./Guild.ts"
import { Guilds } from "./Guilds.ts"
import { caller } from "./ingress/caller.ts"
import { memberships } from "./ingress/memberships.ts"
import * as Session from "./Session.ts"
import * as Transport from "./Transport.ts"

/** What clients are told, as Discord tells them. */
const HEARTBEAT_INTERVAL = Duration.millis(41_250)

/**
 * How long a client has to say who it is.
 *
 * @since 0.1.0
 * @category limits
 */
export const TO_IDENTIFY = "10 seconds"

/** And how long in all, if it is told to do so again. */
const TO_IDENTIFY_AGAIN = "60 seconds"

/** A client that said nothing for this long has missed a heartbeat, with time for it to be late. */
const SILENCE = Duration.times(HEARTBEAT_INTERVAL, 1.5)

/**
 * "Clients are allowed to send 120 gateway events per connection every 60 seconds."
 *
 * @since 0.1.0
 * @category limits
 */
export const RATE = { frames: 120, millis: 60_000 } as const

/** The conversation ends because of what the client did. */
class Hangup extends Data.TaggedError("Hangup")<{
  readonly close: CloseCode.Close
  /** The limit that they were at, if that is why. */
  readonly limit?: LimitName
}> {}

type Ended = Hangup | SocketClosed

/**
 * Ends the conversation after a silence, for which it waits in three parts. A process that stood still, because it or the
 * machine was suspended, ends only one of them when it goes on, however long that was; in the others it reads what clients
 * have sent meanwhile.
 */
const silent = Effect.andThen(
  Effect.replicateEffect(Effect.sleep(Duration.divideUnsafe(SILENCE, 3)), 3, { discard: true }),
  Effect.suspend(() => new Hangup({ close: CloseCode.SESSION_TIMED_OUT }))
)

/**
 * The client's next frame. Fails when it cannot be read, comes too late, or is one too many.
 */
const frames = (socket: SessionSocket["Service"]): Effect.Effect<ClientFrame.ClientFrame, Ended> => {
  let windowStart = Number.NEGATIVE_INFINITY
  let inWindow = 0
  const exceeds = (now: number) => {
    if (now - windowStart >= RATE.millis) {
      windowStart = now
      inWindow = 0
    }
    return ++inWindow > RATE.frames
  }
  const next: Effect.Effect<ClientFrame.ClientFrame, Ended> = socket.receive.pipe(
    Effect.raceFirst(silent),
    Effect.flatMap((frame) =>
      Effect.flatMap(Monotonic.now, (now) =>
        exceeds(now)
          ? new Hangup({ close: CloseCode.RATE_LIMITED, limit: "frames" })
          : Effect.fromResult(Result.mapError(ClientFrame.decode(frame), (close) => new Hangup({ close })))
      )
    ),
    Effect.flatMap((frame) =>
      frame === undefined ? Effect.andThen(Metric.update(Metrics.framesUnusable, 1), next) : Effect.succeed(frame)
    )
  )
  return next
}

type Shard = readonly [index: number, count: number]

interface Identity {
  readonly user: User
  readonly intents: number
  readonly shard: Shard
  /** The client is content with a summary of the guilds that it does not look at, and it looks at none yet. */
  readonly isPassive: boolean
  readonly status: Status
  readonly activities: ReadonlyArray<Activity>
}

const shardOf = ([index, count, ...others]: ReadonlyArray<number>): Shard | undefined =>
  index !== undefined && count !== undefined && others.length === 0 && index >= 0 && index < count
    ? [index, count]
    : undefined

const check = Effect.fnUntraced(function* (
  data: (typeof ClientFrame.Identify.Type)["d"],
  address: string
): Effect.fn.Return<Identity, Hangup, Accounts> {
  const user = yield* Effect.mapError(caller(data.token, address), ({ status }) => {
    const close = status === 429 ? CloseCode.RATE_LIMITED : CloseCode.AUTHENTICATION_FAILED
    return new Hangup({ close })
  })
  const { intents } = data
  if (typeof intents !== "number" || !Intents.isValid(intents)) {
    return yield* new Hangup({ close: CloseCode.INVALID_INTENTS })
  }
  // One that is something else is no shard; without any, there is one.
  const shard = "shard" in data && data.shard !== null ? shardOf(data.shard ?? []) : ([0, 1] as const)
  if (shard === undefined) return yield* new Hangup({ close: CloseCode.INVALID_SHARD })
  const isPassive = ((data.capabilities ?? 0) & ClientFrame.PASSIVE) !== 0
  const { activities = [], status = "online" } = ClientFrame.said(data.presence ?? {}, yield* Clock.currentTimeMillis)
  return { user, intents, shard, isPassive, status, activities }
})

/**
 * Waits until the client says who it is. Until then this fiber is the only one to write to its socket. It gives nothing when the
 * client has been told to identify again.
 */
const identify = Effect.fnUntraced(function* (
  socket: SessionSocket["Service"],
  next: Effect.Effect<ClientFrame.ClientFrame, Ended>,
  address: string
): Effect.fn.Return<Identity | undefined, Ended, Accounts> {
  const rates = yield* Rates.Reference
  while (true) {
    const frame = yield* next
    switch (frame.op) {
      case Opcode.IDENTIFY: {
        const identity = yield* check(frame.d, address)
        const { isTaken, limit } = rates.identify(identity.user.id, yield* Monotonic.now)
        if (isTaken) return identity
        // The next one is minutes away.
        if (limit === "session-starts") return yield* new Hangup({ close: CloseCode.RATE_LIMITED, limit })
        yield* Metric.update(Metrics.limited(limit), 1)
        // Too many at a time: clients wait for some seconds, and identify again.
        yield* socket.send(Payload.control(Opcode.INVALID_SESSION, false))
        return undefined
      }
      case Opcode.HEARTBEAT:
        yield* socket.send(Payload.control(Opcode.HEARTBEAT_ACK, null))
        break
      case Opcode.RESUME:
        // No session outlives its connection yet, so none can be resumed: the client identifies anew.
        yield* socket.send(Payload.control(Opcode.INVALID_SESSION, false))
        break
      default:
        return yield* new Hangup({ close: CloseCode.NOT_AUTHENTICATED })
    }
  }
})

/** Heartbeats alone do not buy time: a connection that nobody identifies on is given up. Being told to do so again does. */
const identified = (
  socket: SessionSocket["Service"],
  next: Effect.Effect<ClientFrame.ClientFrame, Ended>,
  address: string
): Effect.Effect<Identity, Ended, Accounts> => {
  const late = { orElse: () => new Hangup({ close: CloseCode.SESSION_TIMED_OUT, limit: "time-to-identify" }) }
  const once = Effect.timeoutOrElse(identify(socket, next, address), { duration: TO_IDENTIFY, ...late })
  const again: Effect.Effect<Identity, Ended, Accounts> = Effect.flatMap(once, (identity) =>
    identity === undefined ? again : Effect.succeed(identity)
  )
  return Effect.timeoutOrElse(again, { duration: TO_IDENTIFY_AGAIN, ...late })
}

const failed = () => new Hangup({ close: CloseCode.UNKNOWN_ERROR })

/** Which shard of a bot hears of a guild. */
const isOn = (shard: Shard, guild: Guild.Guild): boolean =>
  (BigInt(guild.id) >> 22n) % BigInt(shard[1]) === BigInt(shard[0])

/** The guilds that this shard hears of and the user is a member of. */
const guildsOf = Effect.fnUntraced(function* (
  user: UserId,
  shard: Shard
): Effect.fn.Return<ReadonlyArray<Guild.Guild>, Hangup, Guilds> {
  const { all } = yield* Guilds
  const heard = all.filter((guild) => isOn(shard, guild))
  const own = yield* Effect.mapError(memberships(user, heard), failed)
  return own.map(({ guild }) => guild)
})

/**
 * Connects the session to its user's guilds: to those that they are in by now, and to each that they join later. A join
 * that falls between a guild's description and its connection may bring the guild twice, and none is missed.
 */
const connect = Effect.fnUntraced(function* (
  connected: Commands.Connected,
  { isPassive, shard }: Identity,
  begin: (guilds: ReadonlyArray<Guild.Guild>) => Effect.Effect<void>
): Effect.fn.Return<void, Hangup, Guilds | Scope.Scope> {
  const { guilds, intents, session, user } = connected
  const scope = yield* Effect.scope
  const fork = Detached.runner(yield* Effect.context<never>())
  const turn = yield* Semaphore.make(1)
  const connectTo = (guild: Guild.Guild) =>
    Effect.suspend(() => {
      const { activities, status } = connected
      const options = { user, intents, isPassive, status, activities }
      const isKnown = guilds.has(guild.id)
      guilds.set(guild.id, guild)
      return isKnown
        ? Transport.call(guild, "Connect", { ...options, session: session.id, handle: session })
        : Scope.provide(Guild.connect(guild, session, options), scope)
      // Who is no member any more has left meanwhile.
    }).pipe(Effect.catchTag("UnknownMember", () => Effect.void))
  const joined = (guild: Guild.Guild) =>
    connectTo(guild).pipe(
      Effect.catch(() => session.end(CloseCode.UNKNOWN_ERROR)),
      turn.withPermits(1)
    )
  yield* turn.withPermits(1)(
    Effect.gen(function* () {
      const { onJoin } = yield* Guilds
      yield* onJoin(user, (guild) => {
        if (isOn(shard, guild)) Fiber.runIn(fork(joined(guild)), scope)
      })
      const own = yield* guildsOf(user, shard)
      yield* begin(own)
      yield* Effect.forEach(
        own,
        (guild) => Effect.andThen(Session.drained(session), Effect.mapError(connectTo(guild), failed)),
        { discard: true }
      )
    })
  )
})

const listen = Effect.fnUntraced(function* (
  connected: Commands.Connected,
  next: Effect.Effect<ClientFrame.ClientFrame, Ended>
): Effect.fn.Return<never, Ended, Scope.Scope> {
  const { session, user } = connected
  const command = yield* Commands.make(connected)
  const { updates } = yield* Rates.Reference
  while (true) {
    const frame = yield* next
    switch (frame.op) {
      case Opcode.HEARTBEAT:
        if (!(yield* Transport.send(session.mailbox, { _tag: "HeartbeatAck" }))) {
          return yield* new Hangup({ close: CloseCode.TOO_SLOW, limit: "waiting-messages" })
        }
        break
      case Opcode.IDENTIFY:
      case Opcode.RESUME:
        return yield* new Hangup({ close: CloseCode.ALREADY_AUTHENTICATED })
      case Opcode.REQUEST_SOUNDBOARD_SOUNDS:
        break
      case Opcode.PRESENCE_UPDATE:
      case Opcode.VOICE_STATE_UPDATE:
        // Others are told of it: over ten connections one may say no more than over one.
        if (!updates.take(user, yield* Monotonic.now).isTaken) {
          return yield* new Hangup({ close: CloseCode.RATE_LIMITED, limit: "updates" })
        }
        yield* command(frame)
        break
      default:
        yield* command(frame)
    }
  }
})

/** Tells the client to reconnect, if its connection can take that now: one that cannot must not hold up the end. */
const goodbye = Effect.fnUntraced(function* (socket: SessionSocket["Service"]) {
  const told = yield* Effect.forkChild(
    Effect.interruptible(Effect.ignore(socket.send(Payload.control(Opcode.RECONNECT, null)))),
    { startImmediately: true }
  )
  yield* socket.close(CloseCode.GOING_AWAY.code, CloseCode.GOING_AWAY.reason)
  yield* Fiber.interrupt(told)
})

/**
 * How a client may ask to be spoken to. Fanfare speaks version 10, in JSON, compressed as its socket can: a client that asks
 * for anything else is told so by a close.
 *
 * `url` is where clients connect; they are told to resume there. `address` is where the client connects from, if that is known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly url: string
  readonly address?: string | undefined
  readonly v?: string
  readonly encoding?: string
  readonly compress?: string
}

const unspoken = ({ compress, encoding, v }: Options): CloseCode.Close | undefined => {
  if (v !== undefined && v !== "10") return CloseCode.INVALID_API_VERSION
  if (encoding !== undefined && encoding !== "json") return CloseCode.UNSUPPORTED_ENCODING
  return compress === undefined || isCompression(compress) ? undefined : CloseCode.UNSUPPORTED_COMPRESSION
}

/**
 * Converses with the client on the socket in its context, until either side ends it.
 *
 * When this fiber is interrupted, because the server stops, the client is told to reconnect.
 *
 * @since 0.1.0
 * @category programs
 */
export const converse = Effect.fnUntraced(
  function* (
    options: Options
  ): Effect.fn.Return<void, Ended, SessionSocket | Session.Sessions | Accounts | Guilds | Scope.Scope> {
    const socket = yield* SessionSocket
    const next = frames(socket)
    const unidentified = yield* Unidentified
    const close = unspoken(options)
    if (close !== undefined) return yield* new Hangup({ close })
    const hello = Payload.control(Opcode.HELLO, {
      heartbeat_interval: Duration.toMillis(HEARTBEAT_INTERVAL),
      _trace: []
    })
    const identity = yield* Effect.andThen(socket.send(hello), identified(socket, next, options.address ?? "")).pipe(
      unidentified.hold(options.address),
      Effect.catchTag("Crowded", ({ limit }) => new Hangup({ close: CloseCode.TRY_AGAIN_LATER, limit }))
    )
    const { activities, intents, shard, status, user } = identity

    const sessions = yield* Session.Sessions
    const session = yield* Effect.mapError(
      sessions.open(SessionId.make(Hex.random(32)), user.id),
      () => new Hangup({ close: CloseCode.RATE_LIMITED, limit: "sessions" })
    )
    const connected: Commands.Connected = { session, user: user.id, intents, guilds: new Map(), status, activities }
    yield* connect(connected, identity, (guilds) => {
      const ids = guilds.map(({ id }) => id)
      const data = EventJson.ready({ user, session: session.id, guilds: ids, resumeUrl: options.url, shard })
      return Effect.asVoid(Transport.send(session.mailbox, Payload.make("READY", data)))
    })
    yield* Effect.raceFirst(listen(connected, next), Effect.flatMap(session.closed, Effect.fail))
  },
  Effect.catchTag("Hangup", ({ close, limit }) =>
    Effect.gen(function* () {
      if (limit !== undefined) yield* Metric.update(Metrics.limited(limit), 1)
      const socket = yield* SessionSocket
      yield* socket.close(close.code, close.reason)
    })
  ),
  Effect.catchTag("SocketClosed", () => Effect.void),
  Effect.onInterrupt(() => Effect.flatMap(SessionSocket, goodbye)),
  Effect.scoped
)
