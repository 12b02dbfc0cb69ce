/**
 * Whoever executes the fan-outs and wherever sessions live: nobody ever receives what they may not see, and nobody who may
 * see it and looks at the guild misses it, whatever happens to roles, channels and members in between.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema, Scope } from "effect"
import * as Community from "../../src/domain/Community.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import { ChannelId, type GuildId, RoleId, SessionId, UserId } from "../../src/domain/Ids.ts"
import type { Member } from "../../src/domain/Member.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import type { Guild } from "../../src/programs/Guild.ts"
import { Guilds, layer as guildsLayer } from "../../src/programs/Guilds.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { draft, guildId, userId } from "../support/community.ts"
import * as discord from "../support/discord.ts"
import { below, seeded } from "../support/random.ts"
import type { Client, World } from "../support/remote/world.ts"

const GUILDS = 8
const STEPS = 120
const USERS = 6
const intents = Intents.GUILDS | Intents.GUILD_MESSAGES | Intents.GUILD_VOICE_STATES

/** Of the owner and the members; they have one session or two. */
const OWNER = 0
const CHANNELS = ["10", "11", "12", "13"]
const VOICE = ["12", "13"]
const ROLES = ["20", "21", "22"]
const NOTHING: ReadonlyArray<number> = []
const CONNECT = 20
const ALLOWED = [discord.VIEW, discord.SEND, CONNECT]

const Frame = Schema.fromJsonString(
  Schema.Struct({
    t: Schema.String,
    s: Schema.Int,
    d: Schema.Struct({
      id: Schema.optionalKey(Schema.String),
      content: Schema.optionalKey(Schema.String),
      user_id: Schema.optionalKey(Schema.String),
      channel_id: Schema.optionalKey(Schema.NullOr(Schema.String)),
      voice_states: Schema.optionalKey(
        Schema.Array(Schema.Struct({ user_id: Schema.String, channel_id: Schema.String }))
      ),
      channels: Schema.optionalKey(
        Schema.Array(
          Schema.Struct({ id: Schema.String, last_message_id: Schema.optionalKey(Schema.NullOr(Schema.String)) })
        )
      )
    })
  })
)
const decode = Schema.decodeUnknownSync(Frame)

/** What a client makes of a frame, as far as it matters here. */
const told = (text: string): string | undefined => {
  const { d, t } = decode(text)
  switch (t) {
    case "GUILD_CREATE": {
      const channels = d.channels?.map(({ id, last_message_id }) => `${id}:${last_message_id ?? "none"}`).toSorted()
      const voice = d.voice_states?.map(({ channel_id, user_id }) => `${user_id}@${channel_id}`).toSorted()
      return `snapshot ${channels?.join()} ${voice?.join()}`
    }
    case "VOICE_STATE_UPDATE":
      return `voice ${d.user_id}@${d.channel_id ?? "none"}`
    case "MESSAGE_CREATE":
      return `message ${d.content}`
    case "CHANNEL_CREATE":
      return `sees ${d.id}`
    case "CHANNEL_DELETE":
      return `loses ${d.id}`
    case "GUILD_DELETE":
      return "out"
    default:
      return undefined
  }
}

const mask = (bits: ReadonlyArray<number>) => bits.reduce((all, bit) => all | (1n << BigInt(bit)), 0n)

interface Watcher {
  readonly id: SessionId
  readonly user: number
  readonly client: Client
  isActive: boolean
  /** What is due: of each group all, in any order; the groups in theirs. */
  readonly due: Array<ReadonlyArray<string>>
}

const memberOf = (user: number, roles: ReadonlyArray<string>): Member => ({
  user: { id: userId(user), username: `user-${user}`, bot: true },
  roles: roles.map((id) => RoleId.make(id)),
  joinedAt: 0
})

/** One guild, through a random program, beside a model of it. */
const program = Effect.fnUntraced(function* (world: World, guild: Guild, seed: number) {
  const random = seeded(seed)
  const pick = <A>(all: ReadonlyArray<A>): A | undefined => all[below(random, all.length)]
  const isLikely = (share: number) => random() < share
  const scope = yield* Effect.scope
  const everyone = String(guild.id)
  const roles = new Map<string, ReadonlyArray<number>>([[everyone, ALLOWED]])
  const channels = new Map<string, ReadonlyArray<discord.Overwrite>>()
  const last = new Map<string, string>()
  const people = new Map<number, ReadonlyArray<string>>([[OWNER, []]])
  const watchers = new Map<SessionId, Watcher>()
  const voice = new Map<number, { readonly session: SessionId; readonly channel: string }>()
  let sessions = 0

  const rules = () => ({ guild: everyone, owner: userId(OWNER), roles })
  const sees = (user: number, channel: string): boolean => {
    const overwrites = channels.get(channel)
    const own = people.get(user)
    return (
      overwrites !== undefined &&
      own !== undefined &&
      discord.may(rules(), overwrites, { user: userId(user), roles: own }, discord.VIEW)
    )
  }
  const seen = (user: number) => Array.from(channels.keys()).filter((channel) => sees(user, channel))
  const snapshot = (user: number) => {
    const shown = seen(user).map((channel) => `${channel}:${last.get(channel) ?? "none"}`)
    const inside = Array.from(voice)
      .filter(([, { channel }]) => sees(user, channel))
      .map(([speaker, { channel }]) => `${userId(speaker)}@${channel}`)
    return `snapshot ${shown.toSorted().join()} ${inside.toSorted().join()}`
  }

  /** Who sees it is told that somebody is somewhere else in voice channels, or nowhere as far as they see. */
  const moved = (speaker: number, before: string | undefined, channel: string | undefined) => {
    for (const one of watchers.values()) {
      if (!one.isActive) continue
      if (channel !== undefined && sees(one.user, channel)) one.due.push([`voice ${userId(speaker)}@${channel}`])
      else if (before !== undefined && before !== channel && sees(one.user, before)) {
        one.due.push([`voice ${userId(speaker)}@none`])
      }
    }
  }
  const hungUp = (speaker: number) => {
    const before = voice.get(speaker)?.channel
    voice.delete(speaker)
    if (before !== undefined) moved(speaker, before, undefined)
  }

  /** Does something that may change what anybody sees, and notes what everybody is to be told of it. */
  const changing = Effect.fnUntraced(function* <E>(change: Effect.Effect<unknown, E>, model: () => void) {
    const before = new Map(Array.from(watchers.values(), (one) => [one, seen(one.user)] as const))
    const speakers = Array.from(voice)
    yield* change
    model()
    for (const [one, saw] of before) {
      const now = seen(one.user)
      const gained = now.filter((channel) => !saw.includes(channel))
      const lost = saw.filter((channel) => !now.includes(channel))
      const inside = (channel: string) => speakers.filter(([, state]) => state.channel === channel)
      const heard = (all: ReadonlyArray<string>, where: (channel: string) => string) =>
        one.isActive
          ? all.flatMap((channel) => inside(channel).map(([speaker]) => `voice ${userId(speaker)}@${where(channel)}`))
          : []
      one.due.push([
        ...gained.map((channel) => `sees ${channel}`),
        ...lost.map((channel) => `loses ${channel}`),
        ...heard(gained, (channel) => channel),
        ...heard(lost, () => "none")
      ])
    }
  })

  const connect = Effect.fnUntraced(function* (user: number) {
    const id = SessionId.make(`${guild.id}-${sessions++}`)
    const isActive = isLikely(0.6)
    const client = yield* world
      .open({ session: id, guild: guild.id, user: userId(user), intents, isPassive: !isActive }, sessions)
      .pipe(Scope.provide(scope))
    watchers.set(id, { id, user, client, isActive, due: [[snapshot(user)]] })
  })

  /** Everything that is due has come, and nothing else. */
  const settle = Effect.fnUntraced(function* (one: Watcher) {
    for (const group of one.due) {
      const got: Array<string> = []
      while (got.length < group.length) {
        const frame = told(yield* one.client.take)
        if (frame !== undefined) got.push(frame)
      }
      assert.deepStrictEqual(got.toSorted(), group.toSorted(), `session ${one.id} of user ${one.user}`)
    }
    one.due.length = 0
  })

  const turn = Effect.fnUntraced(function* (one: Watcher, isActive: boolean) {
    yield* Transport.call(guild, "SetActive", { session: one.id, user: userId(one.user), isActive })
    if (isActive && !one.isActive) one.due.push([snapshot(one.user)])
    one.isActive = isActive
  })

  const put = (id: string, overwrites: ReadonlyArray<discord.Overwrite>) =>
    Transport.call(guild, "UpdateChannel", {
      channel: ChannelId.make(id),
      patch: {
        overwrites: overwrites.map(({ allow, deny, id, kind }): Community.Overwrite =>
          kind === "role"
            ? { kind, id: RoleId.make(id), allow: mask(allow), deny: mask(deny) }
            : { kind, id: UserId.make(id), allow: mask(allow), deny: mask(deny) }
        )
      }
    })

  const verdict = () =>
    pick([
      [NOTHING, [discord.VIEW]],
      [[discord.VIEW], NOTHING],
      [NOTHING, NOTHING]
    ] as const) ?? [NOTHING, NOTHING]

  let said = 0
  let hot: string | undefined
  /** Things happen where they have happened before. */
  const somewhere = () => {
    if (hot === undefined || !channels.has(hot) || isLikely(0.3)) hot = pick(Array.from(channels.keys()))
    return hot
  }
  const set = (one: Watcher, channel: string | null) =>
    Transport.call(guild, "SetVoice", {
      session: one.id,
      user: userId(one.user),
      channel: channel === null ? null : ChannelId.make(channel),
      selfMute: false,
      selfDeaf: false
    })
  const silence = (one: Watcher) => Effect.map(set(one, null), () => hungUp(one.user))

  const steps: ReadonlyArray<Effect.Effect<unknown, unknown, Guilds>> = [
    Effect.suspend(() => {
      const user = pick(Array.from(people.keys()))
      return user === undefined || watchers.size > 10 ? Effect.void : connect(user)
    }),
    Effect.suspend(() => {
      const one = pick(Array.from(watchers.values()))
      if (one === undefined || isLikely(0.5)) return Effect.void
      // When a session hears of its end, and hangs up, is its worker's affair: here it does so first.
      const silent = voice.get(one.user)?.session === one.id ? silence(one) : Effect.void
      return Effect.andThen(silent, () => {
        watchers.delete(one.id)
        return Effect.andThen(settle(one), one.client.close)
      })
    }),
    Effect.suspend(() => {
      const one = pick(Array.from(watchers.values()))
      if (one === undefined) return Effect.void
      const channel = pick([...VOICE.filter((channel) => channels.has(channel)), null])
      const own = people.get(one.user) ?? []
      const isAllowed = (bit: number) =>
        discord.may(rules(), channels.get(channel ?? "") ?? [], { user: userId(one.user), roles: own }, bit)
      if (channel === null || channel === undefined) return silence(one)
      return Effect.map(Effect.option(set(one, channel)), (done) => {
        const before = voice.get(one.user)?.channel
        const isThere = before === channel
        assert.strictEqual(done._tag === "Some", isThere || isAllowed(CONNECT), `user ${one.user} joins ${channel}`)
        if (done._tag === "None") return
        voice.set(one.user, { session: one.id, channel })
        moved(one.user, before, channel)
      })
    }),
    Effect.suspend(() => {
      const one = pick(Array.from(watchers.values()))
      return one === undefined ? Effect.void : turn(one, !one.isActive)
    }),
    // Somebody joins, who is not a member yet; or one leaves.
    Effect.suspend(() => {
      const user = 1 + below(random, USERS)
      if (!people.has(user)) {
        people.set(user, [])
        return Transport.call(guild, "AddMember", { member: memberOf(user, []) })
      }
      if (isLikely(0.6)) return Effect.void
      return Effect.map(Transport.call(guild, "RemoveMember", { user: userId(user) }), () => {
        hungUp(user)
        people.delete(user)
        for (const one of watchers.values()) if (one.user === user) one.due.push(["out"])
        return user
      }).pipe(
        Effect.flatMap((gone) =>
          Effect.forEach(
            Array.from(watchers.values()).filter((one) => one.user === gone),
            (one) => {
              watchers.delete(one.id)
              return settle(one)
            }
          )
        )
      )
    }),
    Effect.suspend(() => {
      const user = pick(Array.from(people.keys()))
      if (user === undefined) return Effect.void
      const own = ROLES.filter((id) => roles.has(id) && isLikely(0.4))
      const patch = { roles: own.map((id) => RoleId.make(id)) }
      return changing(Transport.call(guild, "UpdateMember", { user: userId(user), patch }), () => {
        people.set(user, own)
      })
    }),
    // Roles that the guild has, under ids that it did not choose.
    Effect.suspend(() => {
      const id = pick([...ROLES, everyone])
      if (id === undefined || !roles.has(id)) return Effect.void
      const bits = [discord.VIEW, discord.SEND, CONNECT, discord.ADMINISTRATOR].filter((bit) =>
        isLikely(bit === discord.ADMINISTRATOR ? 0.1 : 0.7)
      )
      const patch = { permissions: mask(bits) }
      return changing(Transport.call(guild, "UpdateRole", { role: RoleId.make(id), patch }), () => {
        roles.set(id, bits)
      })
    }),
    Effect.suspend(() => {
      const id = pick(ROLES)
      if (id === undefined || !roles.has(id) || isLikely(0.8)) return Effect.void
      return changing(Transport.call(guild, "DeleteRole", { role: RoleId.make(id) }), () => {
        roles.delete(id)
        for (const [user, own] of people)
          people.set(
            user,
            own.filter((other) => other !== id)
          )
        for (const [channel, overwrites] of channels) {
          channels.set(
            channel,
            overwrites.filter((one) => one.kind !== "role" || one.id !== id)
          )
        }
      })
    }),
    Effect.suspend(() => {
      const id = somewhere()
      if (id === undefined) return Effect.void
      const overwrites: Array<discord.Overwrite> = []
      for (const role of [everyone, ...ROLES.filter((one) => roles.has(one))]) {
        if (isLikely(0.6)) continue
        const [allow, deny] = verdict()
        overwrites.push({ kind: "role", id: role, allow, deny })
      }
      for (const user of people.keys()) {
        if (isLikely(0.8)) continue
        const [allow, deny] = verdict()
        overwrites.push({ kind: "member", id: userId(user), allow, deny })
      }
      return changing(put(id, overwrites), () => {
        channels.set(id, overwrites)
      })
    }),
    Effect.suspend(() => {
      const id = pick(CHANNELS)
      if (id === undefined || !channels.has(id) || isLikely(0.9)) return Effect.void
      return changing(Transport.call(guild, "DeleteChannel", { channel: ChannelId.make(id) }), () => {
        for (const [speaker, state] of voice) if (state.channel === id) voice.delete(speaker)
        channels.delete(id)
        last.delete(id)
      })
    })
  ]

  const say = Effect.gen(function* () {
    const channel = somewhere()
    const user = pick(Array.from(people.keys()))
    if (channel === undefined || user === undefined) return
    const called = isLikely(0.3) ? pick(Array.from(people.keys())) : undefined
    const isPing = isLikely(0.1)
    const name = called === undefined ? "" : ` <@${userId(called)}>`
    const content = `${said++}${name}${isPing ? " @everyone" : ""}`
    const message = yield* Effect.option(
      Transport.call(guild, "SendMessage", {
        author: userId(user),
        channel: ChannelId.make(channel),
        draft: { ...draft(content) }
      })
    )
    const own = people.get(user) ?? []
    const overwrites = channels.get(channel) ?? []
    const isAllowed = discord.may(rules(), overwrites, { user: userId(user), roles: own }, discord.SEND)
    assert.strictEqual(message._tag === "Some", isAllowed, `user ${user} may write in ${channel}`)
    if (message._tag === "None") return
    last.set(channel, message.value.id)
    const mayPing = discord.may(rules(), overwrites, { user: userId(user), roles: own }, 17)
    for (const one of watchers.values()) {
      const isCalled = one.user === called || (isPing && mayPing)
      if (sees(one.user, channel) && (one.isActive || isCalled)) one.due.push([`message ${content}`])
    }
  })

  // The community that it begins with.
  for (const id of guild.community.channels.keys()) channels.set(id, [])
  for (const role of guild.community.roles.values()) if (role.id !== everyone) roles.set(role.id, [])
  for (let user = 1; user <= USERS; user++) people.set(user, [])

  for (let step = 0; step < STEPS; step++) {
    yield* pick(steps) ?? Effect.void
    yield* say
  }
  // What comes last says that everything has come.
  for (const one of watchers.values()) {
    yield* turn(one, false)
    yield* turn(one, true)
    yield* settle(one)
  }
})

const communityOf = (id: GuildId) =>
  Community.make({
    id,
    name: "Test",
    ownerId: userId(OWNER),
    roles: [
      { id: Community.everyoneId(id), name: "@everyone", permissions: mask(ALLOWED) },
      ...ROLES.map((role) => ({ id: RoleId.make(role), name: role, permissions: 0n }))
    ],
    channels: CHANNELS.map((channel) => ({
      id: ChannelId.make(channel),
      name: channel,
      kind: VOICE.includes(channel) ? ("voice" as const) : ("text" as const)
    }))
  })

export const conforms = (name: string, make: Effect.Effect<World, never, Scope.Scope>) =>
  describe(`who may see it, offload: ${name}`, () => {
    it.effect(
      "under random changes, nobody receives what they may not see, and nobody active who may see it misses it",
      () =>
        Effect.gen(function* () {
          const world = yield* make
          const members = Array.from({ length: USERS + 1 }, (_, user) => memberOf(user, []))
          const layer = guildsLayer(
            Array.from({ length: GUILDS }, (_, index) => ({
              community: communityOf(guildId(index)),
              members,
              relayCapacity: 3
            }))
          ).pipe(Layer.provide([Sampler.always, MemberStore.heap, world.offload]))
          yield* Effect.gen(function* () {
            const { all } = yield* Guilds
            yield* Effect.forEach(all, (guild, index) => program(world, guild, index), {
              concurrency: "unbounded",
              discard: true
            })
          }).pipe(Effect.provide(layer))
        }).pipe(Effect.scoped)
    )
  })
