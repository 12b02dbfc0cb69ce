/** A store that takes its time delays who needs it, and nobody else in the guild; order is kept where it matters. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Queue, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { ActorError } from "../../../src/domain/Actor.ts"
import * as Intents from "../../../src/domain/gateway/Intents.ts"
import type { Protocol } from "../../../src/domain/guild/Protocol.ts"
import type { SessionId } from "../../../src/domain/Ids.ts"
import type { MemberStore } from "../../../src/domain/MemberStore.ts"
import { SessionSocket } from "../../../src/domain/SessionSocket.ts"
import * as Offload from "../../../src/layers/Offload.ts"
import * as Sampler from "../../../src/layers/Sampler.ts"
import * as memory from "../../../src/layers/SessionSocket/memory.ts"
import * as Guild from "../../../src/programs/Guild.ts"
import type { Handle } from "../../../src/programs/guild/interpret.ts"
import * as Session from "../../../src/programs/Session.ts"
import * as Transport from "../../../src/programs/Transport.ts"
import { community, draft, GENERAL, member, sessionId, STAFF, userId } from "../../support/community.ts"
import { members } from "../../support/guilds.ts"
import { below, seeded } from "../../support/random.ts"
import { gated, over, slow } from "../../support/slowStore.ts"
import { recorder, TRACE_ID, traced } from "../../support/tracing.ts"

type Commands = Protocol<Handle>

const One = Schema.Struct({
  user: Schema.Struct({ id: Schema.String }),
  nick: Schema.optionalKey(Schema.NullOr(Schema.String))
})
const frame = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      t: Schema.String,
      d: Schema.Struct({
        members: Schema.optionalKey(Schema.Array(One)),
        member_count: Schema.optionalKey(Schema.Int)
      })
    })
  )
)
const turns = Effect.replicateEffect(Effect.yieldNow, 20, { discard: true })

/** A guild of so many members, whose store can be held. */
const suite = <A, E>(
  size: number,
  body: (
    guild: Guild.Local,
    store: ReturnType<typeof gated>
  ) => Effect.Effect<A, E, Scope.Scope | Layer.Success<ReturnType<typeof strategies>>>
) => {
  const store = gated()
  return Effect.gen(function* () {
    const guild = yield* Guild.make({ community, members: members(size) })
    return yield* body(guild, store)
  }).pipe(Effect.scoped, Effect.provide(strategies(store.layer)))
}
const strategies = (store: Layer.Layer<MemberStore>) => Layer.mergeAll(Sampler.always, store, Offload.inline)

const start = Effect.fnUntraced(function* <T extends keyof Commands & string>(
  guild: Guild.Guild,
  tag: T,
  payload: Commands[T]["payload"]
) {
  const fiber = yield* Effect.forkChild(Effect.exit(Transport.call(guild, tag, payload)))
  yield* turns
  return fiber
})
const tagOf = <A>(exit: Exit.Exit<A, { readonly _tag: string } | ActorError>) =>
  Exit.isSuccess(exit) ? "Success" : Option.getOrUndefined(Exit.findErrorOption(exit))?._tag

const say = (guild: Guild.Guild, who: number) =>
  Transport.call(guild, "SendMessage", { author: userId(who), channel: GENERAL, draft: draft("hello") })
const status = (guild: Guild.Guild) => Transport.call(guild, "Status", undefined)

const connect = Effect.fnUntraced(function* (
  who: number,
  options?: { readonly session: SessionId; readonly intents: number }
) {
  const { client, socket } = yield* memory.make({ capacity: 64 })
  const { intents = Intents.GUILDS | Intents.GUILD_MEMBERS | Intents.GUILD_PRESENCES, session: id = sessionId(who) } =
    options ?? {}
  const session = yield* Effect.provideService(Session.make({ id }), SessionSocket, socket)
  const payload: Commands["Connect"]["payload"] = {
    session: session.id,
    user: userId(who),
    intents,
    handle: session
  }
  const received = Effect.map(Effect.orDie(Queue.clear(client.frames)), (frames) => frames.map((text) => frame(text)))
  return { payload, received }
})

const Who = Schema.Literals([1, 2, 3, 4])
const Commanded = Schema.Array(
  Schema.Union([
    Schema.TaggedStruct("Add", { who: Who, nick: Schema.Literals(["a", "b"]) }),
    Schema.TaggedStruct("Rename", { who: Who, nick: Schema.Literals(["a", "b", "c"]) }),
    Schema.TaggedStruct("Remove", { who: Who, by: Schema.NullOr(Who) }),
    Schema.TaggedStruct("Say", { who: Who }),
    Schema.TaggedStruct("Connect", { who: Who }),
    Schema.TaggedStruct("Disconnect", { who: Who })
  ])
)

interface Expected {
  readonly who: number
  readonly session: SessionId
  readonly received: Effect.Success<ReturnType<typeof connect>>["received"]
  readonly expected: Array<string>
  isThere: boolean
}

describe("a guild whose store takes its time", () => {
  it.effect.prop(
    "whatever comes at once, and however long the store takes for each, all is as if it had been done one after the other",
    [Commanded, Schema.Int],
    ([commands, seed]) => {
      const random = seeded(seed)
      return Effect.gen(function* () {
        const first = [member(1), member(2)]
        const guild = yield* Guild.make({ community, members: first })
        const model = new Map(first.map((one) => [one.user.id, one]))
        const all: Array<Expected> = []
        const there = (who: number) => all.filter((one) => one.who === who && one.isThere)
        const hear = (who: number, what: string) => there(who).forEach(({ expected }) => expected.push(what))
        const asked: Array<readonly [Fiber.Fiber<string | undefined>, string]> = []
        const ask = Effect.fnUntraced(function* <T extends keyof Commands & string>(
          tag: T,
          payload: Commands[T]["payload"],
          expected: string
        ) {
          const reply = Effect.map(Effect.exit(Transport.call(guild, tag, payload)), tagOf)
          asked.push([yield* Effect.forkChild(reply), expected])
        })
        for (const [index, command] of commands.entries()) {
          const { who } = command
          const user = userId(who)
          const before = model.get(user)
          const expected = before === undefined ? "UnknownMember" : "Success"
          switch (command._tag) {
            case "Add":
            case "Rename": {
              const { nick } = command
              if (command._tag === "Add") yield* ask("AddMember", { member: { ...member(who), nick } }, "Success")
              else yield* ask("UpdateMember", { user, patch: { nick } }, expected)
              if (before !== undefined && before.nick !== nick) hear(who, "GUILD_MEMBER_UPDATE")
              if (before !== undefined || command._tag === "Add") model.set(user, { ...member(who), nick })
              break
            }
            case "Remove": {
              const { by } = command
              if (by !== null && by !== who) {
                const refusal = model.has(userId(by)) ? "MissingPermissions" : "UnknownMember"
                yield* ask("RemoveMember", { by: userId(by), user }, refusal)
                break
              }
              yield* ask("RemoveMember", by === null ? { user } : { by: user, user }, expected)
              hear(who, "GUILD_DELETE")
              model.delete(user)
              for (const one of there(who)) one.isThere = false
              break
            }
            case "Say":
              yield* ask("SendMessage", { author: user, channel: GENERAL, draft: draft("hello") }, expected)
              break
            case "Connect": {
              const { payload, received } = yield* connect(who, { session: sessionId(index), intents: 0 })
              yield* ask("Connect", payload, expected)
              if (before === undefined) break
              all.push({ who, session: payload.session, received, expected: ["GUILD_CREATE"], isThere: true })
              break
            }
            case "Disconnect": {
              const [leaving] = there(who)
              if (leaving === undefined) break
              yield* ask("Disconnect", { session: leaving.session, user }, "Success")
              leaving.isThere = false
            }
          }
        }
        for (const [fiber, expected] of asked) assert.strictEqual(yield* Fiber.join(fiber), expected)
        yield* turns
        const found = yield* guild.members.get([1, 2, 3, 4].map(userId))
        assert.sameDeepMembers(
          found.map((one) => one.member),
          Array.from(model.values())
        )
        assert.strictEqual((yield* status(guild)).sessions, all.filter(({ isThere }) => isThere).length)
        for (const { expected, received } of all) {
          assert.deepStrictEqual(
            (yield* received).map(({ t }) => t),
            expected
          )
        }
      }).pipe(Effect.scoped, Effect.provide(strategies(slow(() => below(random, 4)))))
    },
    { arbitrary: { runs: 100, size: 30 } }
  )

  it.effect("a change that waits delays nobody who does not need it", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        yield* store.hold("put", userId(9))
        const adding = yield* start(guild, "AddMember", { member: member(9) })
        // These have no more than the look-up of somebody else in common with it.
        yield* say(guild, 1)
        yield* status(guild)
        yield* Transport.call(guild, "AddMember", { member: member(10) })
        yield* Transport.call(guild, "RemoveMember", { user: userId(2) })
        yield* Transport.call(guild, "UpdateRole", { role: STAFF, patch: { name: "crew" } })
        assert.isUndefined(adding.pollUnsafe())
        // Nobody has been told, so nobody is a member who was not.
        assert.isEmpty(yield* guild.members.get([userId(9)]))
        yield* store.release("put", userId(9))
        assert.strictEqual(tagOf(yield* Fiber.join(adding)), "Success")
        assert.lengthOf(yield* guild.members.get([userId(9)]), 1)
      })
    )
  )

  it.effect("a look-up that waits delays nobody who does not need it", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        yield* store.hold("get", userId(1))
        const saying = yield* start(guild, "SendMessage", {
          author: userId(1),
          channel: GENERAL,
          draft: draft("slow")
        })
        yield* say(guild, 2)
        yield* status(guild)
        yield* Transport.call(guild, "AddMember", { member: member(10) })
        assert.isUndefined(saying.pollUnsafe())
        yield* store.release("get", userId(1))
        assert.strictEqual(tagOf(yield* Fiber.join(saying)), "Success")
      })
    )
  )

  it.effect("what concerns the same user is done in its order", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        yield* store.hold("put", userId(9))
        yield* store.hold("remove", userId(1))
        const done: Array<string> = []
        const ask = <T extends keyof Commands & string>(what: string, tag: T, payload: Commands[T]["payload"]) =>
          Effect.forkChild(
            Effect.map(Effect.exit(Transport.call(guild, tag, payload)), (exit) => {
              done.push(`${what}: ${tagOf(exit)}`)
            })
          )
        const hello = (who: number) => ({ author: userId(who), channel: GENERAL, draft: draft("hello") })
        const all = [
          yield* ask("9 joins", "AddMember", { member: member(9) }),
          yield* ask("9 says", "SendMessage", hello(9)),
          yield* ask("9 is renamed", "UpdateMember", { user: userId(9), patch: { nick: "nine" } }),
          yield* ask("9 is removed by 1", "RemoveMember", { by: userId(1), user: userId(9) }),
          yield* ask("1 leaves", "RemoveMember", { by: userId(1), user: userId(1) }),
          yield* ask("1 says", "SendMessage", hello(1)),
          yield* ask("2 says", "SendMessage", hello(2))
        ]
        yield* turns
        yield* store.release("remove", userId(1))
        yield* turns
        assert.deepStrictEqual(done, ["2 says: Success"])
        yield* store.release("put", userId(9))
        yield* Effect.forEach(all, Fiber.join)
        assert.deepStrictEqual(done, [
          "2 says: Success",
          "9 joins: Success",
          "9 says: Success",
          "9 is renamed: Success",
          "9 is removed by 1: MissingPermissions",
          "1 leaves: Success",
          "1 says: UnknownMember"
        ])
      })
    )
  )

  it.effect("a session that leaves while it is still coming is not there afterwards", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        const { payload } = yield* connect(1)
        yield* store.hold("get", userId(1))
        const coming = yield* start(guild, "Connect", payload)
        const leaving = yield* start(guild, "Disconnect", { session: payload.session, user: payload.user })
        yield* store.release("get", userId(1))
        assert.strictEqual(tagOf(yield* Fiber.join(coming)), "Success")
        yield* Fiber.join(leaving)
        assert.strictEqual((yield* status(guild)).sessions, 0)
      })
    )
  )

  it.effect("who comes while somebody joins is told of them once", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        const { payload, received } = yield* connect(1)
        yield* store.hold("put", userId(9))
        const adding = yield* start(guild, "AddMember", { member: member(9) })
        yield* store.hold("get", userId(1))
        const coming = yield* start(guild, "Connect", payload)
        yield* Transport.call(guild, "AddMember", { member: member(10) })
        yield* store.release("get", userId(1))
        yield* Fiber.join(coming)
        yield* store.release("put", userId(9))
        yield* Fiber.join(adding)
        yield* turns
        const [first, ...others] = yield* received
        const there = (first?.d.members ?? []).map(({ user }) => user.id)
        assert.sameMembers(there, [1, 2, 3, 10].map(userId))
        assert.deepStrictEqual(
          others.map(({ t }) => t),
          ["GUILD_MEMBER_ADD"]
        )
      })
    )
  )

  it.effect("who comes gets in at the first look-up, though somebody is changed during each", () => {
    let lookUps = 0
    let during: Effect.Effect<unknown> = Effect.void
    const said = Deferred.makeUnsafe<void>()
    const store = over((members) => ({
      get: (user) =>
        user === userId(1) && lookUps++ < 10
          ? Effect.andThen(Effect.andThen(Effect.yieldNow, during), members.get(user))
          : members.get(user),
      // It has the record some time before it says so.
      put: (one) => Effect.andThen(members.put(one), one.user.id === userId(9) ? Deferred.await(said) : Effect.void)
    }))
    return Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: members(3) })
      yield* start(guild, "AddMember", { member: member(9) })
      during = Effect.suspend(() =>
        Effect.exit(Transport.call(guild, "UpdateMember", { user: userId(2), patch: { nick: `name ${lookUps}` } }))
      )
      const { payload, received } = yield* connect(1)
      yield* Transport.call(guild, "Connect", payload)
      yield* Deferred.succeed(said, undefined)
      assert.strictEqual(lookUps, 1)
      yield* turns
      const [first] = yield* received
      assert.deepStrictEqual(
        first?.d.members?.map(({ nick, user }) => [user.id, nick]),
        [
          [userId(1), null],
          [userId(2), "name 1"],
          [userId(3), null]
        ]
      )
      assert.strictEqual(first?.d.member_count, 3)
    }).pipe(Effect.scoped, Effect.provide(strategies(store)))
  })

  it.effect("a change is made to the guild as it is by then: a role that is deleted meanwhile is not kept", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        yield* store.hold("put", userId(2))
        const giving = yield* start(guild, "UpdateMember", { user: userId(2), patch: { withRole: STAFF } })
        yield* Transport.call(guild, "DeleteRole", { role: STAFF })
        yield* turns
        yield* store.release("put", userId(2))
        assert.strictEqual(tagOf(yield* Fiber.join(giving)), "Success")
        for (let turn = 0; turn < 5; turn++) yield* TestClock.adjust("1 second")
        yield* turns
        const found = yield* guild.members.get([userId(1), userId(2)])
        assert.deepStrictEqual(
          found.map(({ member: { roles } }) => roles),
          [[], []]
        )
      })
    )
  )

  it.effect("what the store refuses is told to its caller alone, and others of that user go on", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        yield* store.hold("get", userId(1))
        const saying = yield* start(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft("one") })
        const second = yield* start(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft("two") })
        yield* store.fail("get", userId(1))
        assert.strictEqual(tagOf(yield* Fiber.join(saying)), "StoreUnavailable")
        assert.strictEqual(tagOf(yield* Fiber.join(second)), "Success")
      })
    )
  )

  it.effect("a request whose caller gives up before anything is changed is withdrawn", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        yield* store.hold("put", userId(9))
        const adding = yield* start(guild, "AddMember", { member: member(9) })
        const removing = yield* Effect.forkChild(
          Effect.flip(Transport.call(guild, "RemoveMember", { user: userId(9) }, { timeout: "1 second" }))
        )
        yield* turns
        yield* TestClock.adjust("1 second")
        assert.deepInclude(yield* Fiber.join(removing), { _tag: "CallTimedOut", handled: "no" })
        yield* store.release("put", userId(9))
        yield* Fiber.join(adding)
        yield* turns
        assert.lengthOf(yield* guild.members.get([userId(9)]), 1)
      })
    )
  )

  it.effect("so many may wait, and those who come then are told so; who needs no store is not", () =>
    suite(3, (guild, store) =>
      Effect.gen(function* () {
        yield* store.hold("get", userId(1))
        const hello = { author: userId(1), channel: GENERAL, draft: draft("hello") }
        const waiting = yield* Effect.forkChild(
          Effect.replicateEffect(Transport.call(guild, "SendMessage", hello), 4096, { concurrency: "unbounded" })
        )
        yield* turns
        const refused = yield* Effect.flip(Transport.call(guild, "SendMessage", hello))
        assert.strictEqual(refused._tag, "StoreUnavailable")
        yield* say(guild, 2)
        yield* store.release("get", userId(1))
        assert.lengthOf(yield* Fiber.join(waiting), 4096)
        yield* say(guild, 1)
      })
    )
  )

  it.effect("what comes of a change is in the trace in which it was asked for", () => {
    const { layer, opened } = recorder()
    return suite(3, (guild, store) =>
      Effect.gen(function* () {
        const { payload } = yield* connect(1)
        yield* Transport.call(guild, "Connect", payload)
        yield* store.hold("put", userId(9))
        const adding = yield* Effect.forkChild(traced(Transport.call(guild, "AddMember", { member: member(9) })))
        yield* turns
        yield* say(guild, 2)
        yield* store.release("put", userId(9))
        yield* Fiber.join(adding)
        yield* turns
        assert.deepStrictEqual(
          opened.map(({ name, status, traceId }) => [name, status._tag, traceId]),
          ["guild.AddMember", "actor.wait", "relay.Enrol", "session.deliver"].map((name) => [name, "Ended", TRACE_ID])
        )
      })
    ).pipe(Effect.provide(layer))
  })

  it.effect("a guild that closes waits a while for changes that are under way, and says what became of each", () => {
    const store = gated()
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const guild = yield* Scope.provide(Guild.make({ community, members: members(3) }), scope)
      const { payload, received } = yield* connect(1)
      yield* Transport.call(guild, "Connect", payload)
      for (const who of [9, 10]) yield* store.hold("put", userId(who))
      yield* store.hold("get", userId(2))
      const added = yield* start(guild, "AddMember", { member: member(9) })
      const hanging = yield* start(guild, "AddMember", { member: member(10) })
      const looking = yield* start(guild, "SendMessage", { author: userId(2), channel: GENERAL, draft: draft("hello") })
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* turns
      yield* store.release("put", userId(9))
      assert.strictEqual(tagOf(yield* Fiber.join(added)), "Success")
      const handledOf = (exit: Exit.Exit<unknown, unknown>) => Option.getOrUndefined(Exit.findErrorOption(exit))
      assert.deepInclude(handledOf(yield* Fiber.join(looking)), { _tag: "ActorStopped", handled: "no" })
      yield* TestClock.adjust("1 second")
      assert.deepInclude(handledOf(yield* Fiber.join(hanging)), { _tag: "ActorStopped", handled: "maybe" })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(
        (yield* received).map(({ t }) => t),
        ["GUILD_CREATE", "GUILD_MEMBER_ADD"]
      )
    }).pipe(Effect.scoped, Effect.provide(strategies(store.layer)))
  })
})
