import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as ClientFrame from "../../src/domain/gateway/ClientFrame.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import * as Opcode from "../../src/domain/gateway/Opcode.ts"
import { make, Unidentified } from "../../src/domain/gateway/Unidentified.ts"
import * as Backlog from "../../src/domain/session/Backlog.ts"
import { found, Guilds } from "../../src/programs/Guilds.ts"
import * as LimitOptions from "../../src/programs/server/limitOptions.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { connect, login } from "../support/client.ts"
import { draft, GENERAL, GUILD, member, userId } from "../support/community.ts"
import * as guilds from "../support/guilds.ts"

const guild = Effect.map(Guilds, ({ byId }) => Option.getOrThrow(byId(GUILD)))
const sessions = Effect.flatMap(guild, (address) =>
  Effect.map(Transport.call(address, "Status", undefined), (status) => status.sessions)
)
const write = (text: string) =>
  Effect.flatMap(guild, (address) =>
    Transport.call(address, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft(text) })
  )

const provide = Effect.provide(guilds.layer(3))

/** A client to which something is to be written, and which takes nothing more; and one that does. */
const stalled = Effect.gen(function* () {
  const slow = yield* connect({ capacity: 3 })
  yield* slow.raw.send(JSON.stringify({ op: Opcode.IDENTIFY, d: { token: "token-1", intents: 1 << 9 } }))
  const bystander = yield* login("token-2", { intents: 1 << 9 })
  yield* write("one")
  yield* bystander.until("MESSAGE_CREATE")
  return { bystander, slow }
})

describe("Gateway", () => {
  it.effect("HELLO, IDENTIFY, READY, GUILD_CREATE; heartbeats are acknowledged before and after", () =>
    Effect.gen(function* () {
      const client = yield* connect()
      assert.deepInclude(yield* client.next, { op: Opcode.HELLO, s: null, t: null })
      yield* client.say(Opcode.HEARTBEAT, null)
      assert.deepInclude(yield* client.next, { op: Opcode.HEARTBEAT_ACK })
      yield* client.say(Opcode.IDENTIFY, { token: "Bot token-2", intents: 1, properties: { os: "linux" } })
      const ready = yield* client.next
      assert.deepInclude(ready, { op: Opcode.DISPATCH, t: "READY", s: 1 })
      assert.deepInclude(Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(ready.d), {
        v: 10,
        guilds: [{ id: GUILD, unavailable: true }],
        resume_gateway_url: "ws://test/gateway"
      })
      assert.deepInclude(yield* client.next, { op: Opcode.DISPATCH, t: "GUILD_CREATE", s: 2 })
      yield* client.say(Opcode.HEARTBEAT, 2)
      assert.deepInclude(yield* client.next, { op: Opcode.HEARTBEAT_ACK, s: null })
    }).pipe(provide)
  )

  it.effect("whoever leaves is forgotten", () =>
    Effect.gen(function* () {
      const client = yield* login("token-1")
      assert.strictEqual(yield* sessions, 1)
      yield* client.raw.close(1000)
      yield* Fiber.await(client.conversation)
      assert.strictEqual(yield* sessions, 0)
    }).pipe(provide)
  )

  it.effect("a user who is no member of any guild is ready all the same", () =>
    Effect.gen(function* () {
      const client = yield* connect()
      yield* client.next
      yield* client.say(Opcode.IDENTIFY, { token: "stranger", intents: 1 })
      const ready = yield* client.until("READY")
      assert.deepStrictEqual(Schema.decodeUnknownSync(Schema.Struct({ guilds: Schema.Json }))(ready.d).guilds, [])
      assert.strictEqual(yield* sessions, 0)
    }).pipe(provide)
  )

  it.effect("whoever joins while they are connected has the guild from then on, as often as they do", () =>
    Effect.gen(function* () {
      const client = yield* connect()
      yield* client.next
      yield* client.say(Opcode.IDENTIFY, { token: "stranger", intents: Intents.GUILDS | Intents.GUILD_MESSAGES })
      yield* client.until("READY")

      const address = yield* guild
      for (const text of ["hello", "hello again"]) {
        yield* Transport.call(address, "AddMember", { member: member(999) })
        assert.strictEqual((yield* client.next).t, "GUILD_CREATE")
        yield* write(text)
        assert.deepInclude((yield* client.next).d, { content: text })
        assert.strictEqual(yield* sessions, 1)
        yield* Transport.call(address, "RemoveMember", { user: userId(999) })
        yield* write("not for them")
        assert.strictEqual((yield* client.next).t, "GUILD_DELETE")
      }
      yield* client.raw.close(1000)
      yield* Fiber.await(client.conversation)
      yield* Transport.call(address, "AddMember", { member: member(999) })
      assert.strictEqual(yield* sessions, 0)
    }).pipe(provide)
  )

  it.effect("whoever is no member any more learns nothing of the members, whatever they ask", () =>
    Effect.gen(function* () {
      const client = yield* login("token-2", { intents: Intents.GUILDS | Intents.GUILD_MEMBERS })
      const address = yield* guild
      const ask = client.say(Opcode.REQUEST_GUILD_MEMBERS, { guild_id: GUILD, query: "", limit: 0 })
      yield* ask
      assert.strictEqual((yield* client.next).t, "GUILD_MEMBERS_CHUNK")
      yield* Transport.call(address, "RemoveMember", { user: userId(2) })
      assert.strictEqual((yield* client.next).t, "GUILD_DELETE")
      yield* ask
      yield* Effect.repeat(Effect.yieldNow, { times: 500 })
      yield* client.say(Opcode.HEARTBEAT, null)
      assert.deepInclude(yield* client.next, { op: Opcode.HEARTBEAT_ACK })
    }).pipe(provide)
  )

  it.effect("a shard hears of its guilds only", () =>
    Effect.gen(function* () {
      const shard = (index: number) =>
        Effect.gen(function* () {
          const client = yield* connect()
          yield* client.next
          yield* client.say(Opcode.IDENTIFY, { token: "token-1", intents: 1, shard: [index, 2] })
          const ready = yield* client.until("READY")
          return Schema.decodeUnknownSync(Schema.Struct({ guilds: Schema.Array(Schema.Json) }))(ready.d).guilds.length
        })
      assert.deepStrictEqual([yield* shard(0), yield* shard(1)], [1, 0])
    }).pipe(provide)
  )

  it.effect("a session cannot be resumed yet: the client is told to identify, and may", () =>
    Effect.gen(function* () {
      const client = yield* connect()
      yield* client.next
      yield* client.say(Opcode.RESUME, { token: "token-1", session_id: "gone", seq: 3 })
      assert.deepInclude(yield* client.next, { op: Opcode.INVALID_SESSION, d: false })
      yield* client.say(Opcode.IDENTIFY, { token: "token-1", intents: 1 })
      assert.strictEqual((yield* client.next).t, "READY")
    }).pipe(provide)
  )

  const IDENTIFY = JSON.stringify({ op: Opcode.IDENTIFY, d: { token: "token-1", intents: 1 } })

  it.effect.each([
    ["an unknown opcode", [`{"op":99,"d":null}`], 4001],
    ["a malformed frame", ["{{{"], 4002],
    ["anything but identify first", [`{"op":3,"d":{"status":"online"}}`], 4003],
    ["an unknown token", [`{"op":2,"d":{"token":"nope","intents":1}}`], 4004],
    ["no token at all", [`{"op":2,"d":{"token":"","intents":1}}`], 4004],
    ["identifying twice", [IDENTIFY, IDENTIFY], 4005],
    ["no intents", [`{"op":2,"d":{"token":"token-1"}}`], 4013],
    ["a shard of another shape", [`{"op":2,"d":{"token":"token-1","intents":1,"shard":[0]}}`], 4010],
    ["a shard that is none", [`{"op":2,"d":{"token":"token-1","intents":1,"shard":"first"}}`], 4010],
    ["an impossible shard", [`{"op":2,"d":{"token":"token-1","intents":1,"shard":[2,2]}}`], 4010],
    ["intents that there are not", [`{"op":2,"d":{"token":"token-1","intents":67108864}}`], 4013],
    ["more bits than intents have", [`{"op":2,"d":{"token":"token-1","intents":4294967296}}`], 4013],
    ["a malformed frame later on", [IDENTIFY, "]"], 4002]
  ] as const)("%s closes this connection, with the documented code, and no other", ([, frames, code]) =>
    Effect.gen(function* () {
      const bystander = yield* login("token-2", { intents: 1 << 9 })
      const client = yield* connect()
      for (const frame of frames) yield* client.raw.send(frame)
      assert.strictEqual((yield* client.raw.closed).code, code)
      yield* Fiber.await(client.conversation)
      yield* write("still here")
      assert.strictEqual((yield* bystander.next).t, "MESSAGE_CREATE")
      assert.strictEqual(yield* sessions, 1)
    }).pipe(provide)
  )

  it.effect.each([
    ["another version", { v: "9" }, 4012],
    ["another encoding", { encoding: "etf" }, 4002],
    ["a compression that there is not", { compress: "brotli-stream" }, 4002]
  ] as const)("a client that asks for %s is told that it is not spoken here", ([, query, code]) =>
    Effect.gen(function* () {
      const client = yield* connect({ query })
      assert.strictEqual((yield* client.raw.closed).code, code)
    }).pipe(provide)
  )

  it.effect("silence for longer than a heartbeat takes ends the session; heartbeats keep it", () =>
    Effect.gen(function* () {
      const client = yield* login("token-1")
      for (let beat = 0; beat < 5; beat++) {
        yield* TestClock.adjust("41 seconds")
        yield* client.say(Opcode.HEARTBEAT, null)
        assert.strictEqual((yield* client.next).op, Opcode.HEARTBEAT_ACK)
      }
      yield* TestClock.adjust("62 seconds")
      assert.strictEqual((yield* client.raw.closed).code, 4009)
    }).pipe(provide)
  )

  it.effect("a client that only lets its heart beat, and does not say who it is, is given up", () =>
    Effect.gen(function* () {
      const client = yield* connect()
      yield* client.next
      yield* TestClock.adjust("9 seconds")
      yield* client.say(Opcode.HEARTBEAT, null)
      yield* client.next
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* client.raw.closed).code, 4009)
    }).pipe(provide)
  )

  it.effect("120 frames a minute are welcome, the next one is not", () =>
    Effect.gen(function* () {
      const client = yield* login("token-1")
      const beats = (count: number) =>
        Effect.forEach(Array.from({ length: count }), () => client.say(Opcode.HEARTBEAT, null))
      yield* TestClock.adjust("60 seconds")
      yield* beats(120)
      yield* Effect.forEach(Array.from({ length: 120 }), () => client.next)
      yield* TestClock.adjust("60 seconds")
      yield* beats(120)
      yield* Effect.forEach(Array.from({ length: 120 }), () => client.next)
      yield* beats(1)
      assert.strictEqual((yield* client.raw.closed).code, 4008)
    }).pipe(provide)
  )

  it.effect("a client that does not read is sent away, and delays nobody", () =>
    Effect.gen(function* () {
      const slow = yield* connect({ capacity: 3 })
      yield* slow.raw.send(JSON.stringify({ op: Opcode.IDENTIFY, d: { token: "token-1", intents: 1 << 9 } }))
      const bystander = yield* login("token-2", { intents: 1 << 9 })
      for (let count = 0; count < 1100; count++) {
        yield* write(String(count))
        assert.strictEqual((yield* bystander.next).t, "MESSAGE_CREATE")
      }
      assert.strictEqual((yield* slow.raw.closed).code, 4000)
      yield* Fiber.await(slow.conversation)
      assert.strictEqual(yield* sessions, 1)
    }).pipe(provide)
  )

  it.effect("a client that takes nothing for a minute is sent away, however little waits for it", () =>
    Effect.gen(function* () {
      const { bystander, slow } = yield* stalled
      yield* TestClock.adjust("40 seconds")
      yield* slow.raw.send(JSON.stringify({ op: Opcode.HEARTBEAT, d: null }))
      yield* bystander.say(Opcode.HEARTBEAT, null)
      assert.strictEqual(yield* sessions, 2)
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* slow.raw.closed).code, 4000)
      yield* Fiber.await(slow.conversation)
      assert.strictEqual(yield* sessions, 1)
    }).pipe(provide)
  )

  it.effect("or for as long as is set", () => {
    const limits = Option.getOrThrow(LimitOptions.parse("time-to-send=5s"))
    return Effect.gen(function* () {
      const { slow } = yield* stalled
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* sessions, 2)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* slow.raw.closed).code, 4000)
    }).pipe(Effect.provide(guilds.layer(3, { session: LimitOptions.sessionOptions(limits) })))
  })

  it.effect("a client that keeps up is never among the slow, however little may wait in all", () =>
    Effect.gen(function* () {
      const clients = [yield* login("token-1"), yield* login("token-2"), yield* login("token-3")]
      for (const client of clients) yield* client.say(Opcode.HEARTBEAT, null)
      yield* write("hello")
      for (const client of clients) {
        yield* client.until("MESSAGE_CREATE")
        yield* client.say(Opcode.HEARTBEAT, null)
      }
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* sessions, 3)
    }).pipe(provide, Effect.provideService(Backlog.Reference, new Backlog.Backlog({ ...Backlog.DEFAULTS, process: 0 })))
  )

  it.effect("no more connections than there is room for wait to be identified, from all and from one address", () =>
    Effect.gen(function* () {
      const room = make({ all: 3, perAddress: 2 })
      const come = (address: string) => Effect.provideService(connect({ query: { address } }), Unidentified, room)
      const [first] = [yield* come("a"), yield* come("a")]
      assert.strictEqual((yield* (yield* come("a")).raw.closed).code, 1013)
      yield* come("b")
      assert.strictEqual((yield* (yield* come("c")).raw.closed).code, 1013)
      // Whoever has identified, or has gone, makes room.
      yield* first.say(Opcode.IDENTIFY, { token: "token-1", intents: 0 })
      yield* first.until("READY")
      const next = yield* come("a")
      assert.strictEqual((yield* next.next).op, Opcode.HELLO)
      yield* next.raw.close(1000)
      yield* Fiber.await(next.conversation)
      assert.strictEqual((yield* (yield* come("c")).next).op, Opcode.HELLO)
    }).pipe(provide)
  )

  it.effect("a user has so many sessions and no more, until one of them ends", () =>
    Effect.gen(function* () {
      const identified = Effect.fnUntraced(function* (token: string) {
        const client = yield* connect()
        yield* client.next
        yield* client.say(Opcode.IDENTIFY, { token, intents: 0 })
        return client
      })
      const first = yield* identified("token-1")
      yield* first.until("READY")
      yield* (yield* identified("token-1")).until("READY")
      assert.strictEqual((yield* (yield* identified("token-1")).raw.closed).code, 4008)
      yield* (yield* identified("token-2")).until("READY")
      yield* first.raw.close(1000)
      yield* Fiber.await(first.conversation)
      yield* (yield* identified("token-1")).until("READY")
    }).pipe(
      provide,
      Effect.provideService(Backlog.Reference, new Backlog.Backlog({ ...Backlog.DEFAULTS, sessions: 2 }))
    )
  )

  it.effect("when the server stops, a client that does not read holds up nothing", () =>
    Effect.gen(function* () {
      const slow = yield* connect({ capacity: 1 })
      yield* slow.raw.send(JSON.stringify({ op: Opcode.IDENTIFY, d: { token: "token-1", intents: 1 } }))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(slow.conversation)
      assert.strictEqual((yield* slow.raw.closed).code, 1001)
    }).pipe(provide)
  )

  it.effect("when the server stops, clients are told to come back", () =>
    Effect.gen(function* () {
      const client = yield* login("token-1")
      yield* Fiber.interrupt(client.conversation)
      assert.strictEqual((yield* client.next).op, Opcode.RECONNECT)
      assert.strictEqual((yield* Effect.flip(client.next)).code, 1001)
      assert.strictEqual(yield* sessions, 0)
    }).pipe(provide)
  )

  it.effect("a client that is content with summaries gets them, until it looks at the guild", () =>
    Effect.gen(function* () {
      const client = yield* connect()
      yield* client.next
      const intents = Intents.GUILDS | Intents.GUILD_MESSAGES
      yield* client.say(Opcode.IDENTIFY, { token: "token-2", intents, capabilities: ClientFrame.PASSIVE })
      yield* client.until("GUILD_CREATE")
      const status = Effect.flatMap(guild, (address) => Transport.call(address, "Status", undefined))
      assert.deepStrictEqual(yield* status, { sessions: 1, active: 0, relays: 1 })
      const first = yield* write("missed")
      const second = yield* write("missed too")
      yield* TestClock.adjust("30 seconds")
      const summary = yield* client.next
      assert.deepInclude(summary, {
        t: "PASSIVE_UPDATE_V2",
        d: {
          guild_id: GUILD,
          updated_channels: [{ id: GENERAL, last_message_id: second.id }],
          updated_voice_states: [],
          removed_voice_states: [],
          updated_members: []
        }
      })
      assert.isTrue(first.id < second.id)
      // What calls it comes at once; where nothing was missed there is no summary.
      yield* write(`hello <@${userId(2)}>`)
      assert.strictEqual((yield* client.next).t, "MESSAGE_CREATE")
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* client.next).t, "PASSIVE_UPDATE_V2")
      yield* client.say(Opcode.HEARTBEAT, null)
      assert.strictEqual((yield* client.next).op, Opcode.HEARTBEAT_ACK)
      yield* TestClock.adjust("30 seconds")

      yield* client.say(Opcode.GUILD_SUBSCRIPTIONS, { guild_id: GUILD, typing: true })
      assert.strictEqual((yield* client.next).t, "GUILD_CREATE")
      yield* write("seen")
      assert.strictEqual((yield* client.next).t, "MESSAGE_CREATE")
      yield* client.say(Opcode.GUILD_SUBSCRIPTIONS_BULK, { subscriptions: { [GUILD]: {} } })
      yield* client.say(Opcode.HEARTBEAT, null)
      assert.strictEqual((yield* client.next).op, Opcode.HEARTBEAT_ACK)
      assert.strictEqual((yield* status).active, 0)
    }).pipe(provide)
  )

  it.effect("a client that scrolls through a member list is told its rows, and what changes in them", () =>
    Effect.gen(function* () {
      const client = yield* login("token-1")
      const looks = (ranges: ReadonlyArray<readonly [number, number]>) =>
        client.say(Opcode.GUILD_SUBSCRIPTIONS, { guild_id: GUILD, typing: true, channels: { [GENERAL]: ranges } })
      const update = Effect.map(client.until("GUILD_MEMBER_LIST_UPDATE"), ({ d }) =>
        Schema.decodeUnknownSync(
          Schema.Struct({
            id: Schema.String,
            groups: Schema.Array(Schema.Struct({ id: Schema.String, count: Schema.Int })),
            ops: Schema.Array(Schema.Struct({ op: Schema.String }))
          })
        )(d)
      )
      yield* looks([[0, 99]])
      assert.deepStrictEqual(yield* update, {
        id: "everyone",
        groups: [
          { id: "online", count: 1 },
          { id: "offline", count: 2 }
        ],
        ops: [{ op: "SYNC" }]
      })
      yield* login("token-2")
      yield* TestClock.adjust("1 second")
      const { groups, ops } = yield* update
      assert.deepStrictEqual(
        groups.map(({ count }) => count),
        [2, 1]
      )
      assert.isAbove(ops.length, 0)
    }).pipe(provide)
  )

  it.effect("of users that a client asks for by name, those who cannot be are told among those who are not found", () =>
    Effect.gen(function* () {
      const client = yield* login("token-1")
      const asks = (user_ids: unknown) =>
        Effect.andThen(
          client.say(Opcode.REQUEST_GUILD_MEMBERS, { guild_id: GUILD, user_ids, limit: 0 }),
          Effect.map(client.next, ({ d }) =>
            Schema.decodeUnknownSync(
              Schema.Struct({
                members: Schema.Array(Schema.Struct({ user: Schema.Struct({ id: Schema.String }) })),
                not_found: Schema.Array(Schema.String)
              })
            )(d)
          )
        )
      const two = { user: { id: userId(2) } }
      assert.deepStrictEqual(yield* asks([userId(2), "nobody", "404", userId(2), "-1"]), {
        members: [two],
        not_found: ["nobody", "404", "-1"]
      })
      // As often as it likes, one after the other.
      for (let nth = 0; nth < 20; nth++) {
        assert.deepStrictEqual(yield* asks("nobody"), { members: [], not_found: ["nobody"] })
      }
      assert.deepStrictEqual(yield* asks(userId(2)), { members: [two], not_found: [] })
    }).pipe(provide)
  )

  it.effect("who asks for members again and again, and does not wait, is told to", () => {
    const busy = Layer.effect(
      Guilds,
      Effect.flatMap(Guilds, ({ all }) =>
        found(all.map((guild) => ({ ...guild, members: { ...guild.members, find: () => Effect.never } })))
      )
    ).pipe(Layer.provideMerge(guilds.layer(3)))
    return Effect.gen(function* () {
      const client = yield* login("token-1", { intents: Intents.GUILDS | Intents.GUILD_MEMBERS })
      for (let nth = 1; nth <= 17; nth++) {
        yield* client.say(Opcode.REQUEST_GUILD_MEMBERS, { guild_id: GUILD, query: "", limit: 0, nonce: `nth-${nth}` })
      }
      assert.deepInclude(yield* client.next, {
        t: "RATE_LIMITED",
        d: { opcode: 8, retry_after: 30, meta: { guild_id: GUILD, nonce: "nth-17" } }
      })
      yield* client.say(Opcode.HEARTBEAT, null)
      assert.strictEqual((yield* client.next).op, Opcode.HEARTBEAT_ACK)
    }).pipe(Effect.provide(busy))
  })

  it.effect("presence and voice are heard by the others; frames for guilds that one is not in are ignored", () =>
    Effect.gen(function* () {
      const listener = yield* login("token-1", { intents: Intents.GUILDS | Intents.GUILD_PRESENCES })
      const client = yield* login("token-2")
      const status = Effect.map(listener.until("PRESENCE_UPDATE"), ({ d }) =>
        Schema.decodeUnknownSync(Schema.Struct({ user: Schema.Struct({ id: Schema.String }), status: Schema.String }))(
          d
        )
      )
      assert.deepStrictEqual(yield* status, { user: { id: userId(2) }, status: "online" })
      yield* client.say(Opcode.PRESENCE_UPDATE, { since: null, activities: [], status: "dnd", afk: false })
      assert.deepStrictEqual(yield* status, { user: { id: userId(2) }, status: "dnd" })
      yield* client.say(Opcode.PRESENCE_UPDATE, { since: null, activities: [], status: "invisible", afk: false })
      assert.deepStrictEqual(yield* status, { user: { id: userId(2) }, status: "offline" })
      yield* client.say(Opcode.VOICE_STATE_UPDATE, {
        guild_id: "404",
        channel_id: null,
        self_mute: false,
        self_deaf: false
      })
      yield* client.say(Opcode.REQUEST_GUILD_MEMBERS, { guild_id: "404", query: "", limit: 0 })
      yield* client.say(Opcode.HEARTBEAT, null)
      assert.strictEqual((yield* client.next).op, Opcode.HEARTBEAT_ACK)
    }).pipe(provide)
  )
})
