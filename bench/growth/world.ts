/** A guild of any size, in whichever respect, and who does things in it. */
import { Clock, Deferred, Duration, Effect, Fiber, Option } from "effect"
import {
  Accounts,
  Community,
  Gateway,
  Guild,
  Guilds,
  Ids,
  Intents,
  type Member,
  Permissions,
  Session,
  SessionSocket,
  Transport
} from "../../src/index.ts"
import type { Size } from "./axes.ts"

const AT_ONCE = 64
const GUILD = Ids.GuildId.make("1000")
const INTENTS = Intents.GUILDS | Intents.GUILD_MESSAGES | Intents.GUILD_VOICE_STATES | Intents.GUILD_PRESENCES
/** As many members bear the role that messages call. */
const CALLED = 10

const userId = (index: number) => Ids.UserId.make(String(10_000_000 + index))
const roleId = (index: number) => Ids.RoleId.make(String(1_001 + index))
const channelId = (index: number) => Ids.ChannelId.make(String(5_000 + index))
const sessionId = (index: number) => Ids.SessionId.make(index.toString(16).padStart(32, "0"))

export const OWNER = userId(0)
export const GENERAL = channelId(1)
export const ROOM = channelId(0)
/** Nobody bears the first role, a few passive sessions the second, all members one of the others. */
export const [NOBODYS, CALLED_ROLE] = [roleId(0), roleId(1)]

const communityOf = ({ channels, roles }: Size) =>
  Community.make({
    id: GUILD,
    name: "growing",
    ownerId: OWNER,
    roles: [
      {
        id: Community.everyoneId(GUILD),
        name: "@everyone",
        permissions: Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES | Permissions.CONNECT
      },
      ...Array.from({ length: roles - 1 }, (_, index) => ({
        id: roleId(index),
        name: `role ${index}`,
        position: index + 1,
        isMentionable: true,
        permissions: Permissions.NONE
      }))
    ],
    channels: Array.from({ length: channels }, (_, index) => ({
      id: channelId(index),
      name: `channel-${index}`,
      kind: index === 0 ? ("voice" as const) : ("text" as const),
      position: index,
      overwrites: Array.from({ length: roles - 1 }, (_, role) => ({
        kind: "role" as const,
        id: roleId(role),
        allow: Permissions.SEND_MESSAGES,
        deny: Permissions.NONE
      }))
    }))
  })

export const memberOf = (index: number, size: Size): Member.Member => ({
  user: { id: userId(index), username: `name-${index.toString(36)}`, bot: false },
  roles: [
    ...(index > size.active && index <= size.active + CALLED ? [CALLED_ROLE] : []),
    ...(size.roles > 4 ? [roleId(2 + (index % (size.roles - 4)))] : [])
  ],
  joinedAt: 0
})

/** The clock as it is, but for summaries, which are due when they are told to be. */
const summariesOn = (clock: Clock.Clock) => {
  const waiting = new Set<() => void>()
  const sleep = (duration: Duration.Duration) =>
    Duration.toMinutes(duration) < 30
      ? clock.sleep(duration)
      : Effect.callback<void>((resume) => {
          const due = () => {
            waiting.delete(due)
            resume(Effect.void)
          }
          waiting.add(due)
        })
  return {
    clock: {
      currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
      currentTimeMillis: clock.currentTimeMillis,
      currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
      currentTimeNanos: clock.currentTimeNanos,
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      monotonicTimeNanos: clock.monotonicTimeNanos,
      sleep
    } satisfies Clock.Clock,
    summarise: Effect.sync(() => Array.from(waiting).forEach((due) => due()))
  }
}

/** Whoever comes, acts and goes is none of those who are there; `heard` says when they are sent an event of a name. */
export interface World {
  readonly size: Size
  readonly guild: Guild.Guild
  readonly someone: { readonly session: Ids.SessionId; readonly user: Ids.UserId }
  readonly inCall: { readonly session: Ids.SessionId; readonly user: Ids.UserId }
  readonly passive: { readonly session: Ids.SessionId; readonly user: Ids.UserId }
  readonly bearer: Ids.UserId
  readonly newcomer: { readonly session: Ids.SessionId; readonly user: Ids.UserId }
  readonly stranger: Member.Member
  readonly come: Effect.Effect<unknown, unknown>
  readonly go: Effect.Effect<unknown, unknown>
  readonly heard: (name: string) => Effect.Effect<void>
  readonly summarise: Effect.Effect<void>
  readonly login: Effect.Effect<unknown, unknown>
}

/** Starts the guilds, and connects whoever is to be there; it all lives as long as the scope. */
export const make = Effect.fnUntraced(function* (size: Size) {
  const { clock, summarise } = summariesOn(yield* Clock.Clock)
  const present = size.active + Math.max(size.passive, size.calls)
  const count = Math.max(size.members, present + 3)
  const who = (index: number) => ({ session: sessionId(index), user: userId(index) })
  const members = { *[Symbol.iterator]() { for (let index = 0; index < count; index++) yield memberOf(index, size) } } // prettier-ignore
  const guild = yield* Guild.make({ community: communityOf(size), members, summaryInterval: "1 hour" }).pipe(
    Effect.provideService(Clock.Clock, clock)
  )
  const others = yield* Effect.forEach(Array.from({ length: size.guilds - 1 }), (_, index) =>
    Guild.make({
      community: Community.make({
        id: Ids.GuildId.make(String(20_000_000_000 + index)),
        name: "another",
        ownerId: OWNER,
        roles: [],
        channels: [{ id: Ids.ChannelId.make(String(30_000_000_000 + index)), name: "general" }]
      }),
      members: []
    })
  )

  let waiting: { readonly name: string; readonly told: Deferred.Deferred<void> } | undefined
  const hear = (name: string) => {
    if (waiting?.name === name) Deferred.doneUnsafe(waiting.told, Effect.void)
  }
  const heard = (name: string) =>
    Effect.suspend(() => {
      waiting = { name, told: Deferred.makeUnsafe() }
      return Deferred.await(waiting.told)
    })
  const socketOf = (hear: (name: string) => void): SessionSocket.SessionSocket["Service"] => ({
    receive: Effect.never,
    send: () => Effect.void,
    sendUnsafe: ({ name }) => {
      hear(name)
      return true
    },
    close: () => Effect.void
  })
  const start = yield* Session.starter()
  const silent = socketOf(() => {})
  const call = { timeout: "5 minutes" } as const
  const connect = (index: number, socket: SessionSocket.SessionSocket["Service"]) => {
    const payload = { ...who(index), intents: INTENTS, isPassive: true }
    return Transport.call(guild, "Connect", { ...payload, handle: start({ id: sessionId(index), socket }) }, call)
  }
  const inTurn = <E>(from: number, to: number, one: (index: number) => Effect.Effect<unknown, E>) =>
    Effect.forEach(Array.from({ length: to - from + 1 }, (_, nth) => from + nth), one, { concurrency: AT_ONCE, discard: true }) // prettier-ignore
  // Passive at first, and only then active: or each would be told of all who come after them.
  yield* inTurn(1, present, (index) => connect(index, silent))
  const speaks = { channel: ROOM, selfMute: false, selfDeaf: false }
  yield* inTurn(size.active + 1, size.active + size.calls, (index) =>
    Transport.call(guild, "SetVoice", { ...who(index), ...speaks }, call)
  )
  yield* inTurn(1, size.active, (index) => Transport.call(guild, "SetActive", { ...who(index), isActive: true }, call))
  yield* summarise

  const newcomer = present + 1
  // One session for all comings: what it takes to start one has nothing to do with the guild.
  const handle = start({ id: sessionId(newcomer), socket: socketOf(hear) })
  const connection = { ...who(newcomer), intents: INTENTS, handle }
  const sessions = yield* Session.Sessions
  const accounts = { authenticate: () => Effect.succeed(Option.some(memberOf(newcomer + 1, size).user)) }
  const all = yield* Guilds.found([guild, ...others])
  /** From HELLO to the guild's description, and the end. */
  const login = Effect.scoped(
    Effect.gen(function* () {
      const { client, socket } = yield* SessionSocket.memory.make()
      const told = yield* Deferred.make<void>()
      const conversation = yield* Effect.forkScoped(
        Gateway.converse({ url: "ws://bench" }).pipe(
          Effect.provideService(SessionSocket.SessionSocket, {
            ...socket,
            sendUnsafe: (payload) => {
              if (payload.name === "GUILD_CREATE") Deferred.doneUnsafe(told, Effect.void)
              return true
            }
          }),
          Effect.provideService(Session.Sessions, sessions),
          Effect.provideService(Accounts.Accounts, accounts),
          Effect.provideService(Guilds.Guilds, all)
        )
      )
      yield* client.send(JSON.stringify({ op: 2, d: { token: "token", intents: 1, properties: {} } }))
      yield* Deferred.await(told)
      yield* client.close(1000)
      yield* Fiber.await(conversation)
    })
  )
  const world: World = {
    size,
    guild,
    someone: who(1),
    inCall: who(size.active + 1),
    passive: who(present),
    bearer: userId(size.active + 1),
    newcomer: who(newcomer),
    stranger: memberOf(count + 1, size),
    come: Transport.call(guild, "Connect", connection, call),
    go: Transport.call(guild, "Disconnect", who(newcomer), call),
    heard,
    summarise,
    login
  }
  return world
})
