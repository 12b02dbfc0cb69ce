/** Member lists as clients see them: beside a naive one, whatever happens in the guild. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Community from "../../src/domain/Community.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import { ChannelId, RoleId, SessionId } from "../../src/domain/Ids.ts"
import type { Member } from "../../src/domain/Member.ts"
import type { MemberQuery } from "../../src/domain/MemberQuery.ts"
import * as Permissions from "../../src/domain/Permissions.ts"
import type { Status } from "../../src/domain/Presence.ts"
import { SessionSocket } from "../../src/domain/SessionSocket.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as memory from "../../src/layers/SessionSocket/memory.ts"
import * as Guild from "../../src/programs/Guild.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { GUILD, userId } from "../support/community.ts"
import { Lists, updates } from "../support/memberListClient.ts"
import { below, seeded } from "../support/random.ts"

const USERS = 40
const OPEN = ChannelId.make("10")
const CLOSED = ChannelId.make("11")
const HIGH = RoleId.make("20")
const LOW = RoleId.make("21")
const KEY = RoleId.make("22")
const VIEW = Permissions.VIEW_CHANNEL
const EVERYONE = Community.everyoneId(GUILD)

const community = Community.make({
  id: GUILD,
  name: "lists",
  ownerId: userId(999),
  roles: [
    { id: EVERYONE, name: "@everyone", permissions: VIEW },
    { id: HIGH, name: "high", permissions: 0n, position: 3, isHoisted: true },
    { id: LOW, name: "low", permissions: 0n, position: 2, isHoisted: true },
    { id: KEY, name: "key", permissions: 0n, position: 1 }
  ],
  channels: [
    { id: OPEN, name: "open" },
    {
      id: CLOSED,
      name: "closed",
      overwrites: [
        { kind: "role", id: EVERYONE, allow: 0n, deny: VIEW },
        { kind: "role", id: KEY, allow: VIEW, deny: 0n }
      ]
    }
  ]
})

const STATUSES: ReadonlyArray<Status> = ["online", "idle", "dnd", "invisible"]

const program = Effect.fnUntraced(function* (seed: number) {
  const random = seeded(seed)
  const scope = yield* Effect.scope
  const pick = <A>(all: ReadonlyArray<A>): A | undefined => all[below(random, all.length)]
  const people = new Map<number, Member>()
  for (let user = 1; user <= USERS; user++) {
    people.set(user, { user: { id: userId(user), username: `user-${user % 7}`, bot: true }, roles: [], joinedAt: 0 })
  }
  const guild = yield* Guild.make({ community, members: people.values(), relayCapacity: 4 })
  const status = new Map<number, Status>()
  const open = new Map<
    number,
    {
      readonly scope: Scope.Closeable
      readonly client: memory.Client
      readonly lists: Lists
      /** The rows that it looks at through each channel, the latest last. */
      readonly looks: Map<ChannelId, readonly [number, number]>
    }
  >()
  let isHoisted = true
  let isClosed = true
  const sees = ({ roles }: Member, channel: ChannelId) => channel === OPEN || !isClosed || roles.includes(KEY)
  /** All may see it, or some: those are two lists, whichever channels have them. */
  const isEveryone = (channel: ChannelId) => channel === OPEN || !isClosed
  /**
   * Who does not see a channel any more has forgotten its list, and has to ask again; and of two channels with one list it is
   * the latter that counts.
   */
  const forgetful = () => {
    for (const [user, { looks }] of open) {
      const member = people.get(user)
      for (const channel of looks.keys()) {
        if (member === undefined || !sees(member, channel)) looks.delete(channel)
      }
      const [first, second] = Array.from(looks.keys())
      if (first !== undefined && second !== undefined && isEveryone(first) && isEveryone(second)) looks.delete(first)
    }
  }

  /** The whole list, the slow way. */
  const list = (channel: ChannelId): ReadonlyArray<string> => {
    const all = Array.from(people)
      .filter(([, member]) => sees(member, channel))
      .map(([user, member]) => {
        const own = status.get(user)
        const presence = own === undefined || own === "invisible" ? "offline" : own
        const role = (isHoisted ? [HIGH, LOW] : [LOW]).find((id) => member.roles.includes(id))
        return { member, presence, group: presence === "offline" ? "offline" : (role ?? "online") }
      })
    const name = ({ nick, user }: Member) => nick ?? user.username
    return [HIGH, LOW, "online", "offline"].flatMap((group) => {
      const inside = all.filter((one) => one.group === group)
      inside.sort(({ member: one }, { member: other }) =>
        name(one) === name(other) ? Number(one.user.id) - Number(other.user.id) : name(one) < name(other) ? -1 : 1
      )
      return inside.length === 0
        ? []
        : [
            `# ${group} ${inside.length}`,
            ...inside.map(({ member, presence }) => `${member.user.id} ${member.nick ?? ""} ${presence}`)
          ]
    })
  }

  const connect = Effect.fnUntraced(function* (user: number) {
    const own = yield* Scope.fork(scope)
    const { client, socket } = yield* memory.make({ capacity: 4096 })
    const session = yield* Session.make({ id: SessionId.make(`s-${user}`) }).pipe(
      Effect.provideService(SessionSocket, socket),
      Scope.provide(own)
    )
    const wanted = pick(STATUSES) ?? "online"
    yield* Guild.connect(guild, session, { user: userId(user), intents: Intents.GUILDS, status: wanted }).pipe(
      Scope.provide(own)
    )
    status.set(user, wanted)
    open.set(user, { scope: own, client, lists: new Lists(), looks: new Map() })
  })
  const update = (user: number, patch: { roles?: ReadonlyArray<RoleId>; nick?: string | null }) =>
    Effect.map(Transport.call(guild, "UpdateMember", { user: userId(user), patch }), (member) => {
      people.set(user, member)
      forgetful()
    })
  const look = Effect.fnUntraced(function* (user: number) {
    const one = open.get(user)
    const channel = pick([OPEN, CLOSED]) ?? OPEN
    const member = people.get(user)
    if (one === undefined || member === undefined || !sees(member, channel)) return
    const from = below(random, 30)
    const range: readonly [number, number] = [from, from + below(random, 30)]
    const asks = (where: ChannelId, ranges: ReadonlyArray<readonly [number, number]>) =>
      guild.members.watch({ session: SessionId.make(`s-${user}`), user: userId(user), channel: where, ranges })
    for (const left of random() < 0.3 ? Array.from(one.looks.keys()) : []) {
      if (left === channel) continue
      yield* asks(left, [])
      one.looks.delete(left)
    }
    yield* asks(channel, [range])
    one.looks.delete(channel)
    one.looks.set(channel, range)
    forgetful()
  })

  for (let step = 0; step < 300; step++) {
    const user = 1 + below(random, USERS)
    const one = open.get(user)
    switch (below(random, 12)) {
      case 0:
      case 1:
        if (one === undefined) yield* connect(user)
        break
      case 2:
        if (one === undefined) break
        yield* Scope.close(one.scope, Exit.void)
        open.delete(user)
        status.delete(user)
        break
      case 3: {
        const roles = [HIGH, LOW, KEY].filter(() => random() < 0.4)
        yield* update(user, { roles })
        break
      }
      case 4:
        yield* update(user, { nick: random() < 0.5 ? null : `a-${below(random, 5)}` })
        break
      case 5:
        if (one === undefined) break
        status.set(user, pick(STATUSES) ?? "idle")
        yield* Transport.call(guild, "SetStatus", {
          session: SessionId.make(`s-${user}`),
          user: userId(user),
          status: status.get(user) ?? "idle"
        })
        break
      case 6:
        if (random() < 0.7) break
        isHoisted = !isHoisted
        yield* Transport.call(guild, "UpdateRole", { role: HIGH, patch: { isHoisted } })
        break
      case 7: {
        if (random() < 0.7) break
        isClosed = !isClosed
        const overwrites: ReadonlyArray<Community.Overwrite> = [
          ...(isClosed ? [{ kind: "role" as const, id: EVERYONE, allow: 0n, deny: VIEW }] : []),
          { kind: "role", id: KEY, allow: VIEW, deny: 0n }
        ]
        yield* Transport.call(guild, "UpdateChannel", { channel: CLOSED, patch: { overwrites } })
        forgetful()
        break
      }
      default:
        yield* look(user)
    }
    if (below(random, 7) === 0) yield* TestClock.adjust("200 millis")
  }
  return { open, list, isEveryone }
})

describe("member lists", () => {
  it.effect.each([1, 2, 3, 4, 5, 6])(
    "whoever looks at rows has them as they are, whatever has happened since (%s)",
    (seed) =>
      Effect.gen(function* () {
        const { isEveryone, list, open } = yield* program(seed)
        yield* TestClock.adjust("1 second")
        for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
        let looking = 0
        for (const [user, { client, lists, looks }] of open) {
          lists.take(yield* updates(client))
          for (const [channel, [from, to]] of looks) {
            looking++
            const id = isEveryone(channel) ? "everyone" : (lists.ids().find((one) => one !== "everyone") ?? "")
            const expected = list(channel).slice(from, to + 1)
            assert.deepStrictEqual(
              lists.rows(id, from, to),
              expected,
              `user ${user} looks at ${channel} ${from} to ${to}`
            )
          }
        }
        assert.isAbove(looking, 0)
      }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Sampler.always, MemberStore.heap, Offload.inline)))
  )

  it.effect("who does not see the channel any more hears nothing of its list, and who sees it again has to ask", () =>
    Effect.gen(function* () {
      const member = (user: number): Member => ({
        user: { id: userId(user), username: `user-${user}`, bot: true },
        roles: [KEY],
        joinedAt: 0
      })
      const guild = yield* Guild.make({ community, members: [1, 2].map(member) })
      const { client, socket } = yield* memory.make()
      const id = SessionId.make("s-1")
      const session = yield* Effect.provideService(Session.make({ id }), SessionSocket, socket)
      yield* Guild.connect(guild, session, { user: userId(1), intents: Intents.GUILDS })
      const ask = guild.members.watch({ session: id, user: userId(1), channel: CLOSED, ranges: [[0, 99]] })
      const rename = (nick: string) => Transport.call(guild, "UpdateMember", { user: userId(2), patch: { nick } })
      const give = (roles: ReadonlyArray<RoleId>) =>
        Transport.call(guild, "UpdateMember", { user: userId(1), patch: { roles } })
      const heard = Effect.gen(function* () {
        yield* TestClock.adjust("1 second")
        for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
        return (yield* updates(client)).length
      })
      yield* ask
      assert.strictEqual(yield* heard, 1)
      yield* rename("a")
      assert.strictEqual(yield* heard, 1)
      yield* rename("b")
      yield* give([])
      assert.strictEqual(yield* heard, 0)
      yield* give([KEY])
      yield* rename("c")
      assert.strictEqual(yield* heard, 0)
      yield* ask
      assert.strictEqual(yield* heard, 1)

      const close = (overwrites: ReadonlyArray<Community.Overwrite>) =>
        Transport.call(guild, "UpdateChannel", { channel: CLOSED, patch: { overwrites } })
      const denied = { kind: "role", id: EVERYONE, allow: 0n, deny: VIEW } as const
      yield* close([denied])
      yield* heard
      yield* close([denied, { kind: "role", id: KEY, allow: VIEW, deny: 0n }])
      yield* rename("d")
      assert.strictEqual(yield* heard, 0)
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Sampler.always, MemberStore.heap, Offload.inline)))
  )

  it.effect("who scrolls alone through a list does not have it made anew; once nobody looks, it is gone", () => {
    let looked = 0
    const counting = Layer.effect(
      MemberStore.MemberStore,
      Effect.map(MemberStore.MemberStore, ({ open }) => ({
        open: (guild) =>
          Effect.map(open(guild), (members) => ({
            ...members,
            scan: (query: MemberQuery) => {
              looked++
              return members.scan(query)
            }
          }))
      }))
    ).pipe(Layer.provide(MemberStore.heap))
    return Effect.gen(function* () {
      const everybody = Array.from({ length: 60 }, (_, user): Member => ({
        user: { id: userId(user + 1), username: `user-${user}`, bot: true },
        roles: [],
        joinedAt: 0
      }))
      const guild = yield* Guild.make({ community, members: everybody })
      const { socket } = yield* memory.make({ capacity: 64 })
      const session = yield* Effect.provideService(Session.make({ id: SessionId.make("s-1") }), SessionSocket, socket)
      yield* Guild.connect(guild, session, { user: userId(1), intents: Intents.GUILDS })
      const look = (ranges: ReadonlyArray<readonly [number, number]>) =>
        Effect.andThen(
          guild.members.watch({ session: session.id, user: userId(1), channel: OPEN, ranges }),
          Effect.forEach(Array.from({ length: 30 }), () => Effect.yieldNow, { discard: true })
        )
      yield* look([[0, 9]])
      for (let from = 10; from < 50; from += 10) yield* look([[from, from + 9]])
      assert.strictEqual(looked, 1)
      yield* look([])
      yield* TestClock.adjust("1 second")
      yield* look([[0, 9]])
      assert.strictEqual(looked, 2)
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Sampler.always, counting, Offload.inline)))
  })
})
