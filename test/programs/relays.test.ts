/** A guild and its relays, when much lies before them: who comes back, who is slow, and what goes out yet at the end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Queue, Schema, Scope } from "effect"
import * as Community from "../../src/domain/Community.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import { ChannelId } from "../../src/domain/Ids.ts"
import * as Permissions from "../../src/domain/Permissions.ts"
import { SessionSocket } from "../../src/domain/SessionSocket.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as memory from "../../src/layers/SessionSocket/memory.ts"
import * as Guild from "../../src/programs/Guild.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { community as small, draft, GENERAL, HIDDEN, member, sessionId, STAFF, userId } from "../support/community.ts"

/** A change of what everyone may do is two hundred pushes to whoever is there. */
const community = Community.make({
  ...small,
  roles: Array.from(small.roles.values()),
  channels: [
    ...small.channels.values(),
    ...Array.from({ length: 200 }, (_, index) => ({ id: ChannelId.make(String(5000 + index)), name: `c${index}` }))
  ]
})
const everybody = [member(0), member(1, [STAFF]), member(2), member(3, [STAFF])]

const Frame = Schema.fromJsonString(
  Schema.Struct({
    t: Schema.NullOr(Schema.String),
    d: Schema.optionalKey(Schema.NullOr(Schema.Struct({ content: Schema.optionalKey(Schema.String) })))
  })
)
const decode = Schema.decodeUnknownSync(Frame)
const nameOf = (frame: string | Uint8Array) => {
  const { d, t } = decode(frame)
  return d?.content ?? String(t)
}

const settle = Effect.repeat(Effect.yieldNow, { times: 3_000 })
const guildAt = Guild.make({ community, members: everybody })
const say = (guild: Guild.Guild, author: number, channel: ChannelId, text: string) =>
  Transport.call(guild, "SendMessage", { author: userId(author), channel, draft: draft(text) })
const everyone = (permissions: Permissions.Permissions) => ({ role: small.everyone.id, patch: { permissions } })
/** Everybody loses sight of all channels, and gets it back. */
const blink = (guild: Guild.Guild) =>
  Effect.andThen(
    Transport.call(guild, "UpdateRole", everyone(Permissions.NONE)),
    Transport.call(guild, "UpdateRole", everyone(small.everyone.permissions))
  )

const client = Effect.fnUntraced(function* (who: number, mailboxCapacity = 4_096) {
  const { client, socket } = yield* memory.make()
  const session = yield* Effect.provideService(
    Session.make({ id: sessionId(who), mailboxCapacity }),
    SessionSocket,
    socket
  )
  const user = userId(who)
  const connect = (guild: Guild.Guild, isPassive = false) => {
    const intents = Intents.GUILDS | Intents.GUILD_MESSAGES
    return Transport.call(guild, "Connect", { session: session.id, user, intents, isPassive, handle: session })
  }
  const heard = Effect.map(Queue.takeAll(client.frames), (frames) => frames.map(nameOf))
  return { session, connect, heard, frames: client.frames }
})

const provide = (offload: Layer.Layer<Offload.Offload>) =>
  Effect.provide(Layer.mergeAll(Sampler.always, MemberStore.heap, offload))

const OFFLOADS = [
  ["inline", Offload.inline],
  ["senders", Offload.senders()]
] as const

describe.each(OFFLOADS)("a guild and its relays, offload: %s", (_, offload) => {
  it.effect.each(["removed", "disconnected"] as const)(
    "who was %s and comes back gets first what lies before the relay that they left, then the snapshot",
    (how) =>
      Effect.gen(function* () {
        const guild = yield* guildAt
        const { connect, heard, session } = yield* client(1)
        yield* connect(guild)
        yield* settle
        yield* blink(guild)
        yield* say(guild, 1, GENERAL, "before")
        if (how === "removed") {
          yield* Transport.call(guild, "RemoveMember", { user: userId(1) })
          yield* Transport.call(guild, "AddMember", { member: member(1, [STAFF]) })
        } else yield* Transport.call(guild, "Disconnect", { session: session.id, user: userId(1) })
        yield* connect(guild)
        yield* say(guild, 2, GENERAL, "after")
        yield* settle
        const ending = how === "removed" ? ["before", "GUILD_DELETE"] : ["before"]
        assert.deepStrictEqual((yield* heard).slice(-ending.length - 2), [...ending, "GUILD_CREATE", "after"])
        yield* say(guild, 2, GENERAL, "and on")
        yield* settle
        assert.deepStrictEqual(yield* heard, ["and on"])
      }).pipe(Effect.scoped, provide(offload))
  )

  it.effect.each(["role", "channel"] as const)(
    "one whose socket dies of being closed keeps nobody from losing sight of a channel, by their %s",
    (how) =>
      Effect.gen(function* () {
        const guild = yield* guildAt
        const { socket } = yield* memory.make()
        const stuck = {
          ...socket,
          send: () => Effect.never,
          sendUnsafe: () => false,
          close: () => Effect.die("closed")
        }
        const slow = yield* Effect.provideService(
          Session.make({ id: sessionId(2), mailboxCapacity: 1 }),
          SessionSocket,
          stuck
        )
        const intents = Intents.GUILDS | Intents.GUILD_MEMBERS
        yield* Transport.call(guild, "Connect", { session: slow.id, user: userId(2), intents, handle: slow })
        const { connect, heard } = yield* client(1)
        yield* connect(guild, how === "channel")
        yield* settle
        yield* Effect.repeat(
          Effect.sync(() => slow.mailbox.offerUnsafe({ _tag: "HeartbeatAck" })),
          { times: 2 }
        )
        const overwrite = { kind: "role", id: small.everyone.id, allow: 0n, deny: Permissions.VIEW_CHANNEL } as const
        yield* how === "role"
          ? Transport.call(guild, "UpdateMember", { user: userId(1), patch: { roles: [] } })
          : Transport.call(guild, "UpdateChannel", { channel: GENERAL, patch: { overwrites: [overwrite] } })
        const secret = `secret <@${userId(1)}>`
        yield* how === "role" ? say(guild, 3, HIDDEN, secret) : say(guild, 0, GENERAL, secret)
        yield* settle
        const all = yield* heard
        assert.include(all, "CHANNEL_DELETE")
        assert.notInclude(all, secret)
      }).pipe(Effect.scoped, provide(offload))
  )

  it.effect("what was acknowledged goes out yet when the guild ends, also through a relay that nobody is left at", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const guild = yield* Scope.provide(guildAt, scope)
      const { connect, heard } = yield* client(1)
      yield* connect(guild)
      yield* settle
      yield* blink(guild)
      yield* say(guild, 2, GENERAL, "acknowledged")
      yield* Transport.call(guild, "RemoveMember", { user: userId(1) })
      yield* Scope.close(scope, Exit.void)
      yield* settle
      assert.deepStrictEqual((yield* heard).slice(-2), ["acknowledged", "GUILD_DELETE"])
    }).pipe(Effect.scoped, provide(offload))
  )

  it.effect("however much lies before its relay, a guild goes on", () =>
    Effect.gen(function* () {
      const guild = yield* guildAt
      const { connect, frames } = yield* client(1, 100_000)
      yield* Effect.forkChild(Effect.forever(Queue.takeAll(frames)))
      yield* connect(guild)
      yield* settle
      for (let round = 0; round < 5; round++) yield* blink(guild)
      const calls = yield* Effect.forEach(Array.from({ length: 2_000 }), (_, index) =>
        Effect.forkChild(say(guild, 2, GENERAL, String(index)))
      )
      yield* Effect.forEach(calls, Fiber.join, { discard: true })
      assert.strictEqual((yield* Transport.call(guild, "Status", undefined)).sessions, 1)
    }).pipe(Effect.scoped, provide(offload))
  )
})
