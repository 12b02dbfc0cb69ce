/**
 * A change that failed may have been made all the same. To make it again is safe: in the end the store has what everybody
 * has been told, and everybody has been told it once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Queue, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Intents from "../../../src/domain/gateway/Intents.ts"
import type { UserId } from "../../../src/domain/Ids.ts"
import type { Member } from "../../../src/domain/Member.ts"
import { MemberStore } from "../../../src/domain/MemberStore.ts"
import { SessionSocket } from "../../../src/domain/SessionSocket.ts"
import * as Offload from "../../../src/layers/Offload.ts"
import * as Sampler from "../../../src/layers/Sampler.ts"
import * as memory from "../../../src/layers/SessionSocket/memory.ts"
import * as Guild from "../../../src/programs/Guild.ts"
import * as Session from "../../../src/programs/Session.ts"
import * as Transport from "../../../src/programs/Transport.ts"
import { community, draft, GENERAL, GUILD, member, sessionId, STAFF, userId } from "../../support/community.ts"
import { members } from "../../support/guilds.ts"
import { fickle, type Fate } from "../../support/slowStore.ts"

const Who = Schema.Literals([2, 3, 4])
const Tries = Schema.Literals([1, 2, 3, 9])
const Fates = Schema.Array(Schema.Literals(["ok", "fails", "loses"]))
const Actions = Schema.Array(
  Schema.Union([
    Schema.TaggedStruct("Add", { who: Who, nick: Schema.Literals(["a", "b"]), tries: Tries }),
    Schema.TaggedStruct("Rename", { who: Who, nick: Schema.Literals(["a", "b", "c"]), tries: Tries }),
    Schema.TaggedStruct("Silence", { who: Who, until: Schema.NullOr(Schema.Literals([1_000_000])), tries: Tries }),
    Schema.TaggedStruct("Remove", { who: Who, tries: Tries }),
    // Once more, so that there is more to be removed.
    Schema.TaggedStruct("Connect", { who: Who }),
    Schema.TaggedStruct("Connect", { who: Who }),
    Schema.TaggedStruct("Say", { who: Who }),
    Schema.TaggedStruct("Pass", {})
  ])
)

const frame = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      t: Schema.String,
      d: Schema.Struct({
        user: Schema.optionalKey(Schema.Struct({ id: Schema.String })),
        nick: Schema.optionalKey(Schema.NullOr(Schema.String)),
        content: Schema.optionalKey(Schema.String)
      })
    })
  )
)
const told = (text: string): string => {
  const { d, t } = frame(text)
  const about = d.user === undefined ? "" : ` ${d.user.id} ${t === "GUILD_MEMBER_REMOVE" ? "" : (d.nick ?? "")}`
  return `${t}${about}${d.content ?? ""}`.trimEnd()
}
const news = (what: "ADD" | "UPDATE" | "REMOVE", { nick, user }: Member): string =>
  `GUILD_MEMBER_${what} ${user.id} ${what === "REMOVE" ? "" : (nick ?? "")}`.trimEnd()

const openStore = Effect.flatMap(MemberStore, ({ open }) => open(GUILD))

const strategies = (store: ReturnType<typeof fickle>["layer"]) => Layer.mergeAll(Sampler.always, store, Offload.inline)

const comes = Effect.fnUntraced(function* (guild: Guild.Guild, who: number, name: number, intents: number) {
  const { client, socket } = yield* memory.make({ capacity: 1024 })
  const session = yield* Effect.provideService(Session.make({ id: sessionId(name) }), SessionSocket, socket)
  const connected = yield* Effect.exit(
    Transport.call(guild, "Connect", { session: session.id, user: userId(who), intents, handle: session })
  )
  return { connected, heard: Effect.map(Effect.orDie(Queue.clear(client.frames)), (frames) => frames.map(told)) }
})
const outcome = <A>(exit: Exit.Exit<A, { readonly _tag: string }>): string | undefined =>
  Exit.isSuccess(exit) ? "Success" : Option.getOrUndefined(Exit.findErrorOption(exit))?._tag
const turns = Effect.replicateEffect(Effect.yieldNow, 20, { discard: true })

describe("a guild whose store loses answers", () => {
  it.effect.prop(
    "whatever is tried again, or given up, the store has in the end what everybody was told, and they were told once",
    [Actions, Fates],
    ([actions, fates]) => {
      const left: Array<Fate> = Array.from(fates)
      const store = fickle((operation) => (operation === "put" || operation === "remove" ? left.shift() : "ok") ?? "ok")
      return Effect.gen(function* () {
        const guild = yield* Guild.make({ community, members: members(2) })
        const model = new Map<UserId, Member>(members(2).map((one) => [one.user.id, one]))
        const watcher = yield* comes(guild, 1, 0, Intents.GUILD_MEMBERS)
        const expected = ["GUILD_CREATE"]
        interface Connected {
          readonly who: number
          readonly heard: Effect.Effect<ReadonlyArray<string>>
          readonly expected: Array<string>
          isThere: boolean
        }
        const sessions: Array<Connected> = []
        const tell = (who: number, what: string, own = what) => {
          expected.push(what)
          for (const one of sessions) if (one.who === who && one.isThere) one.expected.push(own)
        }

        /** Tries until it is answered, or nobody wants to any more. */
        const tried = <E extends { readonly _tag: string }>(call: Effect.Effect<unknown, E>, tries: number) =>
          Effect.gen(function* () {
            for (let count = 0; count < tries; count++) {
              const exit = outcome(yield* Effect.exit(call))
              if (exit !== "StoreUnavailable") return exit
            }
            return undefined
          })

        for (const [index, action] of actions.entries()) {
          switch (action._tag) {
            case "Add": {
              const { nick, tries, who } = action
              const next: Member = { ...member(who), nick }
              const before = model.get(next.user.id)
              const exit = yield* tried(Transport.call(guild, "AddMember", { member: next }), tries)
              if (exit === undefined) break
              assert.strictEqual(exit, "Success")
              model.set(next.user.id, next)
              if (before === undefined) tell(who, news("ADD", next))
              else if (before.nick !== nick || before.timedOutUntil !== undefined) tell(who, news("UPDATE", next))
              break
            }
            case "Rename":
            case "Silence": {
              const { tries, who } = action
              const user = userId(who)
              const patch = action._tag === "Rename" ? { nick: action.nick } : { timedOutUntil: action.until }
              const exit = yield* tried(Transport.call(guild, "UpdateMember", { user, patch }), tries)
              if (exit === undefined) break
              const before = model.get(user)
              assert.strictEqual(exit, before === undefined ? "UnknownMember" : "Success")
              if (before === undefined) break
              const { timedOutUntil: _, ...rest } = before
              const next: Member =
                action._tag === "Rename"
                  ? { ...before, nick: action.nick }
                  : { ...rest, ...(action.until === null ? undefined : { timedOutUntil: action.until }) }
              model.set(user, next)
              if (before.nick !== next.nick || before.timedOutUntil !== next.timedOutUntil) {
                tell(who, news("UPDATE", next))
              }
              break
            }
            case "Remove": {
              const { tries, who } = action
              const user = userId(who)
              const exit = yield* tried(Transport.call(guild, "RemoveMember", { user }), tries)
              if (exit === undefined) break
              const before = model.get(user)
              assert.strictEqual(exit, before === undefined ? "UnknownMember" : "Success")
              if (before === undefined) break
              model.delete(user)
              tell(who, news("REMOVE", before), "GUILD_DELETE")
              for (const one of sessions) if (one.who === who) one.isThere = false
              break
            }
            case "Connect": {
              const { who } = action
              const { connected, heard } = yield* comes(guild, who, index + 1, 0)
              assert.strictEqual(outcome(connected), model.has(userId(who)) ? "Success" : "UnknownMember")
              if (Exit.isSuccess(connected)) sessions.push({ who, heard, expected: ["GUILD_CREATE"], isThere: true })
              break
            }
            case "Say": {
              const author = userId(action.who)
              const said = Transport.call(guild, "SendMessage", { author, channel: GENERAL, draft: draft("hello") })
              const present = model.get(author)
              assert.strictEqual(
                outcome(yield* Effect.exit(said)),
                present === undefined
                  ? "UnknownMember"
                  : present.timedOutUntil === undefined
                    ? "Success"
                    : "MissingPermissions"
              )
              break
            }
            case "Pass":
              yield* TestClock.adjust("150 millis")
          }
          // Whoever reads members beside the guild reads what everybody was told.
          const seen = yield* guild.members.get([2, 3, 4].map(userId))
          assert.deepStrictEqual(
            seen.map((one) => one.member),
            [2, 3, 4].flatMap((who) => model.get(userId(who)) ?? [])
          )
        }

        for (let turn = 0; turn < 12; turn++) yield* TestClock.adjust("10 seconds")
        yield* turns
        assert.deepStrictEqual(new Map(store.members), model)
        assert.strictEqual(
          (yield* Transport.call(guild, "Status", undefined)).sessions,
          1 + sessions.filter(({ isThere }) => isThere).length
        )
        assert.deepStrictEqual(yield* watcher.heard, expected)
        for (const one of sessions) assert.deepStrictEqual(yield* one.heard, one.expected)
      }).pipe(Effect.scoped, Effect.provide(strategies(store.layer)))
    },
    { arbitrary: { runs: 80, size: 30 } }
  )

  it.effect("who was removed hears so, and nothing more, though the store lost its answer the first time", () => {
    const fates: Array<Fate> = ["loses"]
    const store = fickle((operation) => (operation === "remove" ? (fates.shift() ?? "ok") : "ok"))
    return Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: members(2) })
      const { heard } = yield* comes(guild, 2, 2, Intents.GUILD_MESSAGES)
      const remove = Transport.call(guild, "RemoveMember", { user: userId(2) })
      assert.strictEqual(outcome(yield* Effect.exit(remove)), "StoreUnavailable")
      assert.strictEqual(outcome(yield* Effect.exit(remove)), "Success")
      yield* Transport.call(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft("secret") })
      yield* turns
      assert.deepStrictEqual(yield* heard, ["GUILD_CREATE", "GUILD_DELETE"])
      assert.isFalse(store.members.has(userId(2)))
    }).pipe(Effect.scoped, Effect.provide(strategies(store.layer)))
  })

  it.effect("whoever is connected can be removed, also when somebody else has taken their record away", () => {
    const fates: Array<Fate> = ["ok", "fails", "fails"]
    const store = fickle((operation) => (operation === "remove" ? (fates.shift() ?? "ok") : "ok"))
    return Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: members(2) })
      const { heard } = yield* comes(guild, 2, 2, 0)
      yield* (yield* openStore).remove(userId(2))
      const remove = Transport.call(guild, "RemoveMember", { user: userId(2) })
      assert.strictEqual(outcome(yield* Effect.exit(remove)), "StoreUnavailable")
      for (let turn = 0; turn < 3; turn++) yield* TestClock.adjust("10 seconds")
      assert.isFalse(store.members.has(userId(2)))
      yield* remove
      assert.strictEqual((yield* Transport.call(guild, "Status", undefined)).sessions, 0)
      yield* turns
      assert.deepStrictEqual(yield* heard, ["GUILD_CREATE", "GUILD_DELETE"])
      const again = yield* Effect.exit(Transport.call(guild, "RemoveMember", { user: userId(2) }))
      assert.strictEqual(outcome(again), "UnknownMember")
    }).pipe(Effect.scoped, Effect.provide(strategies(store.layer)))
  })

  it.effect.prop(
    "a deleted role is taken from all who bear it, however often the store fails",
    [Fates],
    ([fates]) => {
      const left: Array<Fate> = Array.from(fates)
      let isStarted = false
      const store = fickle(() => (isStarted ? (left.shift() ?? "ok") : "ok"))
      const bearers = Array.from({ length: 5 }, (_, index) => member(index + 1, [STAFF]))
      return Effect.gen(function* () {
        const guild = yield* Guild.make({ community, members: bearers })
        isStarted = true
        yield* Transport.call(guild, "DeleteRole", { role: STAFF })
        for (let turn = 0; turn < 10 + 10 * fates.length; turn++) yield* TestClock.adjust("10 seconds")
        for (const { user } of bearers) assert.deepStrictEqual(store.members.get(user.id)?.roles, [])
      }).pipe(Effect.scoped, Effect.provide(strategies(store.layer)))
    },
    { arbitrary: { runs: 20, size: 20 } }
  )
})
