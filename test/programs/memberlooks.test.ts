/** Who looks at member lists, and what that costs: through several channels, while lists are made, while the store is away. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Request } from "../../src/domain/Actor.ts"
import * as Community from "../../src/domain/Community.ts"
import type { Envelope } from "../../src/domain/Envelope.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import { ChannelId, RoleId, SessionId } from "../../src/domain/Ids.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import type { Member } from "../../src/domain/Member.ts"
import type { Members } from "../../src/domain/MemberStore.ts"
import * as Permissions from "../../src/domain/Permissions.ts"
import type { Status } from "../../src/domain/Presence.ts"
import type { OutletProtocol } from "../../src/domain/relay/Protocol.ts"
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

const [A, B, C] = [ChannelId.make("10"), ChannelId.make("11"), ChannelId.make("12")]
const EVERYONE = Community.everyoneId(GUILD)
const HIGH = RoleId.make("20")
const KEY = RoleId.make("21")
const VIEW = Permissions.VIEW_CHANNEL

const hidden = (role: RoleId): ReadonlyArray<Community.Overwrite> => [
  { kind: "role", id: EVERYONE, allow: 0n, deny: VIEW },
  { kind: "role", id: role, allow: VIEW, deny: 0n }
]

/** All see `A` and `B`, and `C` those who have the key. */
const community = Community.make({
  id: GUILD,
  name: "lists",
  ownerId: userId(999_999),
  roles: [
    { id: EVERYONE, name: "@everyone", permissions: VIEW },
    { id: HIGH, name: "high", permissions: 0n, position: 2, isHoisted: true },
    { id: KEY, name: "key", permissions: 0n, position: 1 }
  ],
  channels: [
    { id: A, name: "a" },
    { id: B, name: "b" },
    { id: C, name: "c", overwrites: hidden(KEY) }
  ]
})

/** Users 1 to `count`, in the order of their names. */
const people = (count: number) =>
  Array.from({ length: count }, (_, index): Member => ({
    user: { id: userId(index + 1), username: `user-${String(index + 1).padStart(5, "0")}`, bot: true },
    roles: [KEY],
    joinedAt: 0
  }))

/** A store that does something else where it is read. */
const storeOf = (other: (members: Members) => Partial<Members>) =>
  Layer.effect(
    MemberStore.MemberStore,
    Effect.map(MemberStore.MemberStore, ({ open }) => ({
      open: (guild) => Effect.map(open(guild), (members) => ({ ...members, ...other(members) }))
    }))
  ).pipe(Layer.provide(MemberStore.heap))

const strategies = (members: Layer.Layer<MemberStore.MemberStore> = MemberStore.heap) =>
  Layer.mergeAll(Sampler.always, members, Offload.inline)

const turns = Effect.gen(function* () {
  yield* TestClock.adjust("1 second")
  for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow
})

const connect = Effect.fnUntraced(function* (guild: Guild.Guild, user: number, status: Status = "online") {
  const { client, socket } = yield* memory.make({ capacity: 4096 })
  const id = SessionId.make(`s-${user}`)
  const session = yield* Effect.provideService(Session.make({ id }), SessionSocket, socket)
  yield* Guild.connect(guild, session, { user: userId(user), intents: Intents.GUILDS, status })
  const lists = new Lists()
  return {
    client,
    lists,
    look: (channel: ChannelId, ...ranges: ReadonlyArray<readonly [number, number]>) =>
      guild.members.watch({ session: id, user: userId(user), channel, ranges }),
    /** Takes what it was told, and says how many frames that were. */
    take: Effect.map(updates(client), (all) => {
      lists.take(all)
      return all.length
    })
  }
})

const rename = (guild: Guild.Guild, user: number, nick: string) =>
  Transport.call(guild, "UpdateMember", { user: userId(user), patch: { nick } })

const row = (user: number, status: string, nick = "") => `${userId(user)} ${nick} ${status}`

describe("who looks at member lists", () => {
  it.effect("one list through two channels is looked at once, as the session asked last", () =>
    Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: people(9) })
      const one = yield* connect(guild, 1)
      // Invisible to the others, and looks at what they do.
      const other = yield* connect(guild, 9, "invisible")
      const offline = Array.from({ length: 8 }, (_, index) => row(index + 2, "offline"))
      const all = ["# online 1", row(1, "online"), "# offline 8", ...offline]
      yield* other.look(A, [0, 99])
      yield* one.look(A, [0, 99])
      yield* one.look(B, [0, 99])
      yield* turns
      yield* one.take
      assert.deepStrictEqual(one.lists.rows("everyone"), all)
      yield* rename(guild, 9, "aaa")
      yield* turns
      assert.strictEqual(yield* one.take, 1)
      const renamed = [...all.slice(0, 3), row(9, "offline", "aaa"), ...offline.slice(0, -1)]
      assert.deepStrictEqual(one.lists.rows("everyone"), renamed)

      yield* one.look(A, [2, 6])
      yield* turns
      yield* one.take
      assert.deepStrictEqual(
        one.lists.rows("everyone"),
        renamed.slice(2, 7),
        "what it does not see any more is forgotten"
      )
      yield* rename(guild, 8, "aab")
      yield* turns
      assert.strictEqual(yield* one.take, 1)
      assert.deepStrictEqual(one.lists.rows("everyone", 2, 6), [
        "# offline 8",
        row(9, "offline", "aaa"),
        row(8, "offline", "aab"),
        row(2, "offline"),
        row(3, "offline")
      ])

      yield* other.look(A, [2, 6])
      yield* one.look(B, [2, 6])
      yield* one.look(A)
      yield* rename(guild, 8, "aac")
      yield* turns
      assert.strictEqual(yield* one.take, 2, "who leaves the former channel looks through the latter still")
    }).pipe(Effect.scoped, Effect.provide(strategies()))
  )

  it.effect("channels that come to have one list are one look, the latest", () =>
    Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: people(9) })
      const [one, other] = [yield* connect(guild, 1), yield* connect(guild, 2)]
      const [third, fourth] = [yield* connect(guild, 3), yield* connect(guild, 4)]
      for (const [first, second] of [[C, A] as const, [A, C] as const]) {
        yield* Transport.call(guild, "UpdateChannel", { channel: C, patch: { overwrites: hidden(KEY) } })
        yield* one.look(first, [0, 99])
        yield* one.look(second, [2, 4])
        yield* other.look(C, [2, 4])
        yield* third.look(A, [0, 99])
        yield* fourth.look(C, [0, 99])
        yield* turns
        yield* Transport.call(guild, "UpdateChannel", { channel: C, patch: { overwrites: [] } })
        yield* turns
        yield* one.take
        yield* rename(guild, 3, first === C ? "zzz" : "user-00003")
        yield* turns
        assert.strictEqual(yield* one.take, 1)
        yield* other.take
        assert.deepStrictEqual(one.lists.rows("everyone", 2, 4), other.lists.rows("everyone", 2, 4))
        // Of the list that all see it has never been told any other rows, the first time.
        assert.lengthOf(first === C ? one.lists.rows("everyone") : one.lists.rows("everyone", 2, 4), 3)
      }
    }).pipe(Effect.scoped, Effect.provide(strategies()))
  )

  it.effect("who goes while a list is made, or looks elsewhere, is forgotten, and the list with them", () => {
    let made = 0
    let gate = Deferred.makeUnsafe<void>()
    const slow = storeOf(({ scan }) => ({
      scan: (query) => {
        made++
        return Stream.unwrap(Effect.as(Deferred.await(gate), scan(query)))
      }
    }))
    return Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: people(60) })
      /** Looks, and is away by the time at which there is something to see. */
      const looksAndLeaves = Effect.fnUntraced(function* (user: number, leaves: Effect.Effect<void, unknown>) {
        gate = Deferred.makeUnsafe()
        const before = made
        const one = yield* connect(guild, user)
        yield* one.look(A, [0, 9])
        yield* turns
        assert.strictEqual(made, before + 1, "a list was kept at which nobody looks")
        yield* Effect.orDie(leaves)
        yield* turns
        yield* Deferred.succeed(gate, undefined)
        yield* turns
        assert.strictEqual(yield* one.take, 0)
      })
      const turned = (user: number) =>
        Transport.call(guild, "SetActive", {
          session: SessionId.make(`s-${user}`),
          user: userId(user),
          isActive: false
        })
      const close = yield* Scope.make()
      yield* Scope.provide(looksAndLeaves(1, Scope.close(close, Exit.void)), close)
      yield* looksAndLeaves(2, turned(2))
      yield* looksAndLeaves(3, turned(3))

      const next = yield* connect(guild, 4)
      yield* next.look(A, [0, 9])
      yield* turns
      yield* next.take
      // A list that is made anew for those who look already.
      gate = Deferred.makeUnsafe()
      yield* Transport.call(guild, "UpdateRole", { role: HIGH, patch: { isHoisted: false } })
      yield* turns
      yield* turned(4)
      yield* Deferred.succeed(gate, undefined)
      yield* turns
      assert.strictEqual(yield* next.take, 0)
      yield* looksAndLeaves(5, turned(5))
    }).pipe(Effect.scoped, Effect.provide(strategies(slow)))
  })

  it.effect("who hears of a channel before a worker that is behind may look at its list at once", () =>
    Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: people(3) })
      const one = yield* connect(guild, 1)
      const share = (overwrites: ReadonlyArray<Community.Overwrite>) =>
        Transport.call(guild, "UpdateChannel", { channel: C, patch: { overwrites } }, { timeout: "1 hour" })
      yield* share(hidden(HIGH))
      // Full as soon as it has been told of the guild: what it is told next, the guild waits with.
      const mailbox = yield* Mailbox.bounded<Request<OutletProtocol> | Envelope<Request<OutletProtocol>>>(1)
      yield* guild.serve("behind", { kind: "relay", mailbox, refusal: () => undefined })
      const shared = yield* Effect.forkChild(share([]))
      yield* turns
      assert.isUndefined(shared.pollUnsafe(), "the guild waits for the worker")
      yield* one.look(C, [0, 99])
      yield* turns
      yield* Mailbox.takeAll(mailbox)
      yield* Fiber.join(shared)
      yield* Effect.forkChild(Effect.forever(Mailbox.takeAll(mailbox)))
      yield* turns
      yield* one.take
      const rows = ["# online 1", row(1, "online"), "# offline 2", row(2, "offline"), row(3, "offline")]
      assert.deepStrictEqual(one.lists.rows("everyone"), rows)
    }).pipe(Effect.scoped, Effect.provide(strategies()))
  )

  it.effect("whichever question the store of members does not answer, nothing is missed", () =>
    Effect.gen(function* () {
      /** Which of the questions to come is not answered. */
      let failing = 0
      let isDown = false
      const asked = <X, E>(answer: Effect.Effect<X, E>) =>
        Effect.suspend(() => {
          isDown ||= failing > 0
          return failing-- === 1 ? Effect.die("the store is away") : answer
        })
      const flaky = storeOf(({ get, scan, size }) => ({
        get: (user) => asked(get(user)),
        scan: (query) => Stream.unwrap(asked(Effect.sync(() => scan(query)))),
        size: asked(size)
      }))
      const program = Effect.fnUntraced(function* (nth: number) {
        const guild = yield* Guild.make({ community, members: people(5) })
        const [one, other] = [yield* connect(guild, 1), yield* connect(guild, 2)]
        const [head, tail] = [["# online 2", row(1, "online"), row(2, "online"), "# offline 3"], row(3, "offline")]
        const before = [...head, tail, row(4, "offline"), row(5, "offline")]
        const after = [...head, row(4, "offline", "a"), row(5, "offline", "b"), tail]
        const isHoisted = false
        const steps = [
          { then: [one.look(A, [0, 99]), other.look(A, [0, 99]), other.look(C, [0, 99])], rows: before },
          { first: Effect.andThen(rename(guild, 4, "a"), rename(guild, 5, "b")), rows: after },
          { first: Transport.call(guild, "UpdateRole", { role: HIGH, patch: { isHoisted } }), rows: after },
          { then: [one.look(A, [1, 99])], rows: after, from: 1 },
          {
            first: Transport.call(guild, "UpdateChannel", { channel: C, patch: { overwrites: [] } }),
            rows: after,
            from: 1
          }
        ]
        let isOver = true
        for (const { first = Effect.void, from = 0, rows, then = [] } of steps) {
          yield* Effect.ignore(first)
          // The guild asks the store too: only what the lists ask is not answered.
          failing = nth
          for (const one of then) yield* Effect.ignore(one)
          yield* turns
          isOver &&= failing > 0
          failing = 0
          yield* turns
          yield* one.take
          yield* other.take
          const what = `without the answer to question ${nth}`
          assert.deepStrictEqual(one.lists.rows("everyone"), rows.slice(from), what)
          for (const id of other.lists.ids()) assert.deepStrictEqual(other.lists.rows(id), rows, what)
        }
        return isOver
      })
      let nth = 1
      while (!(yield* Effect.scoped(Effect.provide(program(nth), strategies(flaky))))) nth++
      assert.isTrue(isDown)
      assert.isAbove(nth, 10)
    })
  )

  it.effect(
    "of many who look at the same, each row is looked up once; and lists that did not change are not made anew",
    () => {
      let asked = 0
      let made = 0
      const counting = storeOf(({ get, scan }) => ({
        get: (user) => Effect.suspend(() => (asked++, get(user))),
        scan: (query) => {
          made++
          return scan(query)
        }
      }))
      return Effect.gen(function* () {
        const [size, rows] = [60, 20]
        const guild = yield* Guild.make({ community, members: people(size) })
        const all = yield* Effect.forEach(people(size), (_, index) => connect(guild, index + 1))
        /** What is asked of the store because of that; and how many frames there are of it. */
        const counted = Effect.fnUntraced(function* (looked: Effect.Effect<unknown, unknown>) {
          asked = made = 0
          yield* Effect.ignore(looked)
          yield* turns
          let frames = 0
          for (const { take } of all) frames += yield* take
          return { asked, frames, made }
        })
        /** Beside what the guild asks. */
        const changed = Effect.fnUntraced(function* <X, E>(change: Effect.Effect<X, E>) {
          yield* change
          return yield* counted(Effect.void)
        })
        const looks = Effect.forEach(all, ({ look }, index) => look(index % 2 === 0 ? A : B, [0, rows - 1]))
        const looked = yield* counted(looks)
        assert.deepStrictEqual([looked.made, looked.frames], [1, size])
        // Whether each may see it, once; and each row.
        assert.isAtMost(looked.asked, size + rows)

        const hoisted = yield* changed(Transport.call(guild, "UpdateRole", { role: HIGH, patch: { isHoisted: false } }))
        assert.deepStrictEqual([hoisted.made, hoisted.frames], [1, size])
        assert.isAtMost(hoisted.asked, size + rows)

        const overwrites = [...hidden(KEY), ...hidden(HIGH)]
        const patch = { channel: C, patch: { overwrites } }
        assert.deepStrictEqual(yield* changed(Transport.call(guild, "UpdateChannel", patch)), {
          asked: 0,
          frames: 0,
          made: 0
        })
        yield* counted(Effect.forEach(all.slice(0, 1), ({ look }) => look(C, [0, rows - 1])))
        const back = { channel: C, patch: { overwrites: hidden(KEY) } }
        const closed = yield* changed(Transport.call(guild, "UpdateChannel", back))
        assert.deepStrictEqual([closed.made, closed.frames], [1, 1])
        assert.isAtMost(closed.asked, 1 + rows)
      }).pipe(Effect.scoped, Effect.provide(strategies(counting)))
    }
  )

  it.effect("where only those are shown who are there, all members are counted", () =>
    Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: people(1200) })
      const one = yield* connect(guild, 1)
      yield* one.look(A, [0, 99])
      yield* turns
      const [{ member_count, online_count } = { member_count: 0, online_count: 0 }] = yield* updates(one.client)
      assert.deepStrictEqual([member_count, online_count], [1200, 1])
    }).pipe(Effect.scoped, Effect.provide(strategies()))
  )
})
