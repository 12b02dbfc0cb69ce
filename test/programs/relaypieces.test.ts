/** What is long in a relay gives way to messages. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Community from "../../src/domain/Community.ts"
import type { Payload } from "../../src/domain/gateway/Payload.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import { ChannelId, RoleId } from "../../src/domain/Ids.ts"
import { SessionSocket } from "../../src/domain/SessionSocket.ts"
import * as Permissions from "../../src/domain/Permissions.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Guild from "../../src/programs/Guild.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { draft, GUILD, member, sessionId, userId } from "../support/community.ts"

const many = (count: number) => Array.from({ length: count }, (_, index) => index)
const channelId = (index: number) => ChannelId.make(String(10_000 + index))
const roleId = (index: number) => RoleId.make(String(500 + index))
const EVERYONE = Community.everyoneId(GUILD)
const view = Permissions.VIEW_CHANNEL
const settle = Effect.repeat(Effect.yieldNow, { times: 2_000 })

/** The first channel is seen by all for whatever they may do besides, the others are not. */
const communityOf = (channels: number, roles: number) =>
  Community.make({
    id: GUILD,
    name: "large",
    ownerId: userId(0),
    roles: [
      { id: EVERYONE, name: "everyone", permissions: view | Permissions.SEND_MESSAGES },
      ...many(roles).map((index) => ({ id: roleId(index), name: "some", permissions: 0n }))
    ],
    channels: many(channels).map((index) => ({
      id: channelId(index),
      name: "some",
      overwrites: [
        ...(index === 0 ? [{ kind: "role" as const, id: EVERYONE, allow: view, deny: 0n }] : []),
        ...(roles > 0 && index > 0 ? [{ kind: "role" as const, id: roleId(index % roles), allow: 0n, deny: view }] : [])
      ]
    }))
  })

/** A session whose frames are noted where all are, by what they are. */
const connect = Effect.fnUntraced(function* (
  guild: Guild.Guild,
  who: number,
  heard: Array<string>,
  isPassive: boolean
) {
  const note = (frame: Payload | string) =>
    void heard.push(`${typeof frame === "string" ? "other" : frame.name} ${who}`)
  const socket: SessionSocket["Service"] = {
    receive: Effect.never,
    send: (frame) => Effect.sync(() => note(frame)),
    sendUnsafe: (frame) => {
      note(frame)
      return true
    },
    close: () => Effect.void
  }
  const session = yield* Effect.provideService(Session.make({ id: sessionId(who) }), SessionSocket, socket)
  const intents = Intents.GUILDS | Intents.GUILD_MESSAGES
  const payload = { session: session.id, user: userId(who), intents, isPassive, handle: session }
  yield* Transport.call(guild, "Connect", payload)
})

const say = (guild: Guild.Guild, channel: number) =>
  Transport.call(guild, "SendMessage", { author: userId(0), channel: channelId(channel), draft: draft("hello") })

const provided = Effect.provide(Layer.mergeAll(Sampler.always, MemberStore.heap, Offload.inline))

/** Waits until there is nothing new. */
const quiet = (heard: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (let before = -1; before < heard.length;) {
      before = heard.length
      yield* settle
    }
  })

describe("what is long in a relay", () => {
  it.effect("a message comes between the pieces of a change of what everybody may see", () =>
    Effect.gen(function* () {
      const CHANNELS = 6_000
      const heard: Array<string> = []
      const guild = yield* Guild.make({ community: communityOf(CHANNELS, 0), members: [member(0), member(1)] })
      yield* connect(guild, 1, heard, false)
      yield* settle
      heard.length = 0
      yield* Transport.call(guild, "UpdateRole", { role: EVERYONE, patch: { permissions: Permissions.SEND_MESSAGES } })
      yield* say(guild, 0)
      yield* quiet(heard)
      assert.lengthOf(
        heard.filter((one) => one === "CHANNEL_DELETE 1"),
        CHANNELS - 1
      )
      const message = heard.indexOf("MESSAGE_CREATE 1")
      assert.isAbove(message, -1)
      assert.isBelow(message, heard.lastIndexOf("CHANNEL_DELETE 1"))
    }).pipe(Effect.scoped, provided)
  )

  it.effect("a message comes between the pieces of summaries, and each is told once", () =>
    Effect.gen(function* () {
      const [CHANNELS, ROLES, PASSIVE] = [60, 10, 600]
      const heard: Array<string> = []
      const members = many(PASSIVE + 2).map((who) =>
        member(who, who < 2 ? [] : many(ROLES).flatMap((role) => ((who >>> role) % 2 === 1 ? [roleId(role)] : [])))
      )
      const guild = yield* Guild.make({ community: communityOf(CHANNELS, ROLES), members })
      yield* connect(guild, 1, heard, false)
      yield* Effect.forEach(many(PASSIVE), (index) => connect(guild, index + 2, heard, true))
      for (const channel of many(CHANNELS)) yield* say(guild, channel)
      yield* quiet(heard)
      heard.length = 0
      // When the first has been told.
      const saying = yield* Effect.forkChild(
        Effect.andThen(
          Effect.repeat(Effect.yieldNow, { until: () => heard.length > 0 }),
          Effect.suspend(() => say(guild, 0))
        )
      )
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.join(saying)
      yield* quiet(heard)
      const summaries = heard.filter((one) => one.startsWith("PASSIVE_UPDATE_V2"))
      assert.strictEqual(new Set(summaries).size, PASSIVE)
      assert.lengthOf(summaries, PASSIVE)
      const message = heard.indexOf("MESSAGE_CREATE 1")
      assert.isAbove(message, -1)
      assert.isBelow(message, heard.lastIndexOf(summaries.at(-1) ?? ""))
    }).pipe(Effect.scoped, provided)
  )

  it.effect("relays that begin together tell of what was missed at times of their own, each once", () =>
    Effect.gen(function* () {
      const PASSIVE = 40
      const heard: Array<string> = []
      const members = many(PASSIVE + 1).map((who) => member(who))
      const guild = yield* Guild.make({ community: communityOf(1, 0), members, relayCapacity: 1 })
      yield* Effect.forEach(many(PASSIVE), (index) => connect(guild, index + 1, heard, true))
      yield* say(guild, 0)
      yield* quiet(heard)
      const summaries = () => heard.filter((one) => one.startsWith("PASSIVE_UPDATE_V2"))
      yield* TestClock.adjust("15 seconds")
      yield* quiet(heard)
      // As likely as 40 coins that all fall on the same side.
      assert.isAbove(summaries().length, 0)
      assert.isBelow(summaries().length, PASSIVE)
      yield* TestClock.adjust("15 seconds")
      yield* quiet(heard)
      assert.lengthOf(summaries(), PASSIVE)
      assert.strictEqual(new Set(summaries()).size, PASSIVE)
    }).pipe(Effect.scoped, provided)
  )

  it.effect("what is left to be told when the guild ends is told yet", () =>
    Effect.gen(function* () {
      const CHANNELS = 3_000
      const heard: Array<string> = []
      const scope = yield* Scope.make()
      const members = [member(0), member(1)]
      const guild = yield* Scope.provide(Guild.make({ community: communityOf(CHANNELS, 0), members }), scope)
      yield* connect(guild, 1, heard, false)
      yield* settle
      heard.length = 0
      yield* Transport.call(guild, "UpdateRole", { role: EVERYONE, patch: { permissions: 0n } })
      yield* Scope.close(scope, Exit.void)
      yield* quiet(heard)
      assert.lengthOf(
        heard.filter((one) => one === "CHANNEL_DELETE 1"),
        CHANNELS - 1
      )
    }).pipe(Effect.scoped, provided)
  )
})
