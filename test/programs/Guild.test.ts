import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue, Result, Schema } from "effect"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import { SessionSocket } from "../../src/domain/SessionSocket.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as memory from "../../src/layers/SessionSocket/memory.ts"
import * as Guild from "../../src/programs/Guild.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { community, draft, GENERAL, HIDDEN, READ_ONLY, sessionId, userId } from "../support/community.ts"
import { members } from "../support/guilds.ts"

const SIZE = 6
const Actions = Schema.Array(
  Schema.Struct({
    do: Schema.Literals(["connect", "disconnect", "say", "whisper", "say where one may not"]),
    who: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: SIZE }))
  })
)

const Frame = Schema.fromJsonString(
  Schema.Struct({ t: Schema.String, s: Schema.Int, d: Schema.Struct({ content: Schema.optionalKey(Schema.String) }) })
)
const decode = Schema.decodeUnknownSync(Frame)

/**
 * The model: who is connected when something is said, and may see where, gets it, once, in the order in which it was
 * said. Users and sessions are one to one here; the first user is staff.
 */
const offloads = {
  inline: Offload.inline,
  senders: Offload.senders(),
  "senders that are soon busy": Offload.senders({ capacity: 1 })
}

describe.each(Object.entries(offloads))("Guild, offload: %s", (_, offload) => {
  it.effect.prop(
    "under random comings, goings and messages, everybody gets just what they should, numbered without gaps",
    [Actions],
    ([actions]) =>
      Effect.gen(function* () {
        const guild = yield* Guild.make({ community, members: members(SIZE), relayCapacity: 2 })
        const connected = new Map<number, memory.Client>()
        const due = new Map<memory.Client, Array<string>>()
        const tell = (content: string, may: (who: number) => boolean) => {
          for (const [who, client] of connected) if (may(who)) due.get(client)?.push(content)
        }
        const say = (who: number, channel: typeof GENERAL, content: string) =>
          Effect.result(Transport.call(guild, "SendMessage", { author: userId(who), channel, draft: draft(content) }))

        for (const [index, { do: what, who }] of actions.entries()) {
          const content = String(index)
          switch (what) {
            case "connect": {
              const { client, socket } = yield* memory.make()
              const session = yield* Effect.provideService(Session.make({ id: sessionId(who) }), SessionSocket, socket)
              yield* Transport.call(guild, "Connect", {
                session: session.id,
                user: userId(who),
                intents: Intents.GUILDS | Intents.GUILD_MESSAGES,
                handle: session
              })
              connected.set(who, client)
              due.set(client, ["welcome"])
              break
            }
            case "disconnect":
              yield* Transport.call(guild, "Disconnect", { session: sessionId(who), user: userId(who) })
              connected.delete(who)
              break
            case "say":
              assert.isTrue(Result.isSuccess(yield* say(who, GENERAL, content)))
              tell(content, () => true)
              break
            case "whisper": {
              const whispered = yield* say(who, HIDDEN, content)
              assert.strictEqual(Result.isSuccess(whispered), who === 1)
              if (who === 1) tell(content, (listener) => listener === 1)
              break
            }
            case "say where one may not":
              assert.isTrue(Result.isFailure(yield* say(who, READ_ONLY, content)))
          }
        }

        assert.deepStrictEqual(
          yield* Transport.call(guild, "Status", undefined).pipe(Effect.map((all) => all.sessions)),
          connected.size
        )
        for (const [client, expected] of due) {
          const frames = (yield* Queue.takeN(client.frames, expected.length)).map((frame) => decode(frame))
          assert.deepStrictEqual(
            frames.map(({ d, t }) => (t === "GUILD_CREATE" ? "welcome" : d.content)),
            expected
          )
          assert.deepStrictEqual(
            frames.map(({ s }) => s),
            expected.map((_, index) => index + 1)
          )
        }
        for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
        for (const client of due.keys()) assert.strictEqual(yield* Queue.size(client.frames), 0)
      }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Sampler.always, MemberStore.heap, offload))),
    { arbitrary: { runs: 60, size: 60 } }
  )
})

describe("Guild", () => {
  it.effect("a relay that could not be started is started for the next one; the guild is none the worse", () => {
    let failures = 1
    const offload = Layer.effect(
      Offload.Offload,
      Effect.map(Offload.Offload, ({ sender, workers }) => {
        let taken = 0
        // The first sender is the first relay's.
        return {
          workers,
          sender: Effect.suspend(() => (++taken === 1 && failures-- > 0 ? Effect.die("no sender") : sender))
        }
      })
    ).pipe(Layer.provide(Offload.inline))
    return Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: members(2) })
      const join = Effect.fnUntraced(function* (who: number) {
        const { client, socket } = yield* memory.make()
        const session = yield* Effect.provideService(Session.make({ id: sessionId(who) }), SessionSocket, socket)
        const connected = yield* Effect.result(
          Guild.connect(guild, session, { user: userId(who), intents: Intents.GUILD_MESSAGES })
        )
        return { client, isConnected: Result.isSuccess(connected) }
      })
      assert.isFalse((yield* join(1)).isConnected)
      const second = yield* join(2)
      assert.isTrue(second.isConnected)
      yield* Transport.call(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft("hello") })
      const frames = yield* Queue.takeN(second.client.frames, 2)
      assert.deepStrictEqual(
        frames.map((frame) => decode(frame).t),
        ["GUILD_CREATE", "MESSAGE_CREATE"]
      )
      assert.deepStrictEqual(yield* Transport.call(guild, "Status", undefined), { sessions: 1, active: 1, relays: 1 })
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Sampler.always, MemberStore.heap, offload)))
  })

  it.effect("a store that does not answer costs the command that asks it, and not the guild", () => {
    let failures = 1
    let refusals = 1
    const store = Layer.effect(
      MemberStore.MemberStore,
      Effect.map(MemberStore.MemberStore, ({ open }) => ({
        open: (guild) =>
          Effect.map(open(guild), (members) => ({
            ...members,
            get: (user) =>
              Effect.suspend(() =>
                failures-- > 0 ? new MemberStore.StoreUnavailable({ guild, cause: "no answer" }) : members.get(user)
              ),
            remove: (user) =>
              Effect.suspend(() =>
                refusals-- > 0 ? new MemberStore.StoreUnavailable({ guild, cause: "no answer" }) : members.remove(user)
              )
          }))
      }))
    ).pipe(Layer.provide(MemberStore.heap))
    return Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: members(1) })
      const say = Transport.call(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft("hello") })
      const refused = yield* Effect.flip(say)
      assert.strictEqual(refused._tag, "StoreUnavailable")
      assert.strictEqual((yield* say).draft.content, "hello")
      // Who could not be removed is a member still, and nobody has been told anything else.
      const { client, socket } = yield* memory.make({ capacity: 16 })
      const session = yield* Effect.provideService(Session.make({ id: sessionId(1) }), SessionSocket, socket)
      yield* Guild.connect(guild, session, { user: userId(1), intents: 0 })
      const remove = Transport.call(guild, "RemoveMember", { user: userId(1) })
      assert.strictEqual((yield* Effect.flip(remove))._tag, "StoreUnavailable")
      assert.strictEqual((yield* Transport.call(guild, "Status", undefined)).sessions, 1)
      yield* remove
      assert.strictEqual((yield* Transport.call(guild, "Status", undefined)).sessions, 0)
      const frames = yield* Queue.takeN(client.frames, 2)
      const names = frames.map((frame) => decode(frame).t)
      assert.deepStrictEqual(names, ["GUILD_CREATE", "GUILD_DELETE"])
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Sampler.always, store, Offload.inline)))
  })

  it.effect("what its state takes is weighed while it goes on", () =>
    Effect.gen(function* () {
      const guild = yield* Guild.make({ community, members: members(20) })
      const { fields: empty } = yield* guild.weigh
      const { socket } = yield* memory.make({ capacity: 64 })
      for (let who = 1; who <= 20; who++) {
        const session = yield* Effect.provideService(Session.make({ id: sessionId(who) }), SessionSocket, socket)
        yield* Guild.connect(guild, session, { user: userId(who), intents: 0 })
      }
      const { bytes, fields } = yield* guild.weigh
      assert.isAbove(fields.online?.bytes ?? 0, (empty.online?.bytes ?? 0) + 20 * 50)
      assert.isAbove(bytes, fields.online?.bytes ?? 0)
      assert.strictEqual(fields.community?.bytes, empty.community?.bytes)
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Sampler.always, MemberStore.heap, Offload.inline)))
  )
})
