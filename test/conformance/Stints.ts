/**
 * Whoever executes the fan-outs and wherever sessions live: of each time that a session is connected to a guild, its client
 * gets the snapshot first, then each event that it may see, once and in order, and nothing once that time is over.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema, Scope } from "effect"
import * as Community from "../../src/domain/Community.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import { ChannelId, type GuildId, SessionId } from "../../src/domain/Ids.ts"
import * as Permissions from "../../src/domain/Permissions.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import type { Guild } from "../../src/programs/Guild.ts"
import { Guilds, layer as guildsLayer } from "../../src/programs/Guilds.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { communityOf, draft, GENERAL, guildId, HIDDEN, member, STAFF, userId } from "../support/community.ts"
import { below, seeded } from "../support/random.ts"
import type { Client, World } from "../support/remote/world.ts"

const GUILDS = 6
const STEPS = 120
const USERS = 5
const CONNECTIONS = 8
const intents = Intents.GUILDS | Intents.GUILD_MESSAGES

/** With many channels a change of what everyone may do is many pushes, behind which messages wait. */
const MORE = 40

const Frame = Schema.fromJsonString(
  Schema.Struct({
    t: Schema.String,
    s: Schema.Int,
    d: Schema.Struct({ content: Schema.optionalKey(Schema.String) })
  })
)
const decode = Schema.decodeUnknownSync(Frame)

/** One client; `due` is all that it is to get. */
interface Connection {
  readonly session: SessionId
  readonly user: number
  readonly client: Client
  readonly due: Array<string>
  /** Whether it looks at the guild whenever it connects. */
  readonly beginsActive: boolean
  /** What it got last, and how much in all. */
  readonly last: Array<string>
  taken: number
  isConnected: boolean
  isActive: boolean
}

const times = (count: number, name: string) => Array.from({ length: count }, () => name)

/** One guild, through a random history, beside a model of it. */
const history = Effect.fnUntraced(function* (world: World, guild: Guild, seed: number) {
  const random = seeded(seed)
  const pick = <A>(all: ReadonlyArray<A>): A | undefined => all[below(random, all.length)]
  const scope = yield* Effect.scope
  const everyone = Community.everyoneId(guild.id)
  const all: Array<Connection> = []
  /** Members, and whether they are staff. */
  const members = new Map(Array.from({ length: USERS }, (_, index) => [index + 1, false]))
  let sessions = 0
  let said = 0

  const connected = () => all.filter((one) => one.isConnected)
  const idle = () => all.filter((one) => !one.isConnected && members.has(one.user) && isLatest(one))
  /** A session id stands for one client at a time. */
  const isLatest = (one: Connection) => all.findLast(({ session }) => session === one.session) === one
  const begins = (one: Connection) => {
    one.isConnected = true
    one.isActive = one.beginsActive
    one.due.push("GUILD_CREATE")
  }

  const open = Effect.fnUntraced(function* (user: number, session: SessionId) {
    const beginsActive = below(random, 4) > 0
    const wish = { session, guild: guild.id, user: userId(user), intents, isPassive: !beginsActive }
    const client = yield* Scope.provide(world.open(wish, below(random, 2)), scope)
    const one = {
      session,
      user,
      client,
      due: [],
      last: [],
      taken: 0,
      beginsActive,
      isConnected: false,
      isActive: false
    }
    // The one that had this id before hears nothing more.
    for (const other of all) if (other.session === session) other.isConnected = false
    all.push(one)
    begins(one)
  })
  const say = (channel: ChannelId, author: number, isSeen: (user: number) => boolean) => {
    const content = `${said++}`
    return Effect.map(
      Transport.call(guild, "SendMessage", { author: userId(author), channel, draft: draft(content) }),
      () => {
        for (const one of connected()) if (one.isActive && isSeen(one.user)) one.due.push(content)
      }
    )
  }
  const rule = (permissions: Permissions.Permissions) =>
    Transport.call(guild, "UpdateRole", { role: everyone, patch: { permissions } })
  const toAll = (events: ReadonlyArray<string>) => {
    for (const one of connected()) one.due.push(...events)
  }

  const kick = (user: number) =>
    Effect.map(Transport.call(guild, "RemoveMember", { user: userId(user) }), () => {
      members.delete(user)
      for (const one of connected()) {
        if (one.user !== user) continue
        one.due.push("GUILD_DELETE")
        one.isConnected = false
      }
    })
  const add = (user: number) => {
    const isStaff = below(random, 2) === 0
    return Effect.map(Transport.call(guild, "AddMember", { member: member(user, isStaff ? [STAFF] : []) }), () => {
      members.set(user, isStaff)
    })
  }
  const reconnect = (one: Connection) => Effect.map(one.client.connect, () => begins(one))
  const disconnect = (one: Connection) =>
    Effect.map(one.client.disconnect, () => {
      one.isConnected = false
    })
  const blink = Effect.gen(function* () {
    const channels = guild.community.channels.size - 1
    yield* rule(Permissions.NONE)
    toAll(["GUILD_ROLE_UPDATE", ...times(channels, "CHANNEL_DELETE")])
    yield* rule(Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES)
    toAll(["GUILD_ROLE_UPDATE", ...times(channels, "CHANNEL_CREATE")])
  })

  const step = (): Effect.Effect<unknown, unknown, Guilds> => {
    const user = 1 + below(random, USERS)
    const one = pick(connected())
    switch (below(random, 14)) {
      case 0:
        if (!members.has(user) || all.length >= CONNECTIONS) return Effect.void
        return open(user, SessionId.make(`${guild.id}-${sessions++}`))
      case 1:
        return one === undefined || all.length >= CONNECTIONS ? Effect.void : open(one.user, one.session)
      case 2:
      case 3: {
        const other = pick(idle())
        return other === undefined ? Effect.void : reconnect(other)
      }
      case 4:
        return one === undefined ? Effect.void : disconnect(one)
      // Leaves and comes back at once, with somebody in between perhaps.
      case 5:
        return one === undefined ? Effect.void : Effect.andThen(disconnect(one), reconnect(one))
      case 6:
        if (one === undefined) return Effect.void
        return Effect.gen(function* () {
          yield* kick(one.user)
          yield* add(one.user)
          yield* reconnect(one)
        })
      case 7:
        return members.has(user) ? kick(user) : add(user)
      case 8:
        if (one === undefined) return Effect.void
        return Effect.map(
          Transport.call(guild, "SetActive", {
            session: one.session,
            user: userId(one.user),
            isActive: !one.isActive
          }),
          () => {
            one.isActive = !one.isActive
            if (one.isActive) one.due.push("GUILD_CREATE")
          }
        )
      case 9: {
        const isStaff = members.get(user)
        if (isStaff === undefined) return Effect.void
        const patch = { roles: isStaff ? [] : [STAFF] }
        return Effect.map(Transport.call(guild, "UpdateMember", { user: userId(user), patch }), () => {
          members.set(user, !isStaff)
          for (const other of connected()) {
            if (other.user !== user) continue
            other.due.push("GUILD_MEMBER_UPDATE", isStaff ? "CHANNEL_DELETE" : "CHANNEL_CREATE")
          }
        })
      }
      case 10:
        return blink
      case 11: {
        const staff = pick(Array.from(members.keys()).filter((user) => members.get(user) === true))
        return staff === undefined ? Effect.void : say(HIDDEN, staff, (user) => members.get(user) === true)
      }
      default:
        return members.has(user) ? say(GENERAL, user, () => true) : Effect.void
    }
  }

  const got = Effect.fnUntraced(function* (one: Connection) {
    while (one.taken < one.due.length) {
      const { d, s, t } = decode(yield* one.client.take)
      const name = d.content ?? t
      const context = `seed ${seed}, session ${one.session}, after ${one.last.join()}`
      assert.deepStrictEqual([name, s], [one.due[one.taken], one.taken + 1], context)
      one.taken++
      one.last.push(name)
      if (one.last.length > 8) one.last.shift()
    }
  })

  for (let nth = 0; nth < STEPS; nth++) yield* step()
  for (const one of all) yield* got(one)
  // What had come too often would have come by now.
  if (!members.has(1)) yield* add(1)
  yield* say(GENERAL, 1, () => true)
  for (const one of all) {
    yield* got(one)
    assert.strictEqual(yield* one.client.waiting, 0, `seed ${seed}, session ${one.session} gets nothing else`)
  }
})

const communityWithMore = (id: GuildId) => {
  const small = communityOf(id)
  return Community.make({
    ...small,
    roles: Array.from(small.roles.values()),
    channels: [
      ...small.channels.values(),
      ...Array.from({ length: MORE }, (_, index) => ({ id: ChannelId.make(String(5000 + index)), name: `c${index}` }))
    ]
  })
}

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))

export const conforms = (name: string, make: Effect.Effect<World, never, Scope.Scope>, runs: number) =>
  describe(`sessions that come and go, offload: ${name}`, () => {
    it.effect.prop(
      "each time begins with the snapshot, has each event once and in order, and nothing comes after its end",
      [Seed],
      ([seed]) =>
        Effect.gen(function* () {
          const world = yield* make
          const layer = guildsLayer(
            Array.from({ length: GUILDS }, (_, index) => ({
              community: communityWithMore(guildId(index)),
              members: Array.from({ length: USERS }, (_, index) => member(index + 1)),
              relayCapacity: 2
            }))
          ).pipe(Layer.provide([Sampler.always, MemberStore.heap, world.offload]))
          yield* Effect.gen(function* () {
            const { all } = yield* Guilds
            yield* Effect.forEach(all, (guild, index) => history(world, guild, seed + index), {
              concurrency: "unbounded",
              discard: true
            })
          }).pipe(Effect.provide(layer))
        }).pipe(Effect.scoped),
      { arbitrary: { runs, maxShrinks: 0 } }
    )
  })
