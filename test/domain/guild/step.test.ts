import { assert, describe, it } from "@effect/vitest"
import { HashMap, Option, Result, Schema } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import { seatsOf } from "../../../src/domain/guild/seats.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { type Facts, step } from "../../../src/domain/guild/step.ts"
import { ChannelId, type SessionId } from "../../../src/domain/Ids.ts"
import type { Draft } from "../../../src/domain/Message.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import {
  community,
  draft,
  GENERAL,
  HIDDEN,
  member,
  READ_ONLY,
  sessionId,
  STAFF,
  userId
} from "../../support/community.ts"

const facts = (index: number | undefined, roles = index === 9 ? [STAFF] : []): Facts => ({
  now: 1_700_000_000_000,
  member: index === undefined ? Option.none() : Option.some(member(index, roles)),
  target: Option.none(),
  named: [],
  roster: [],
  memberCount: 0,
  newestId: 0n
})

const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))
const Commands = Schema.Array(
  Schema.Union([
    Schema.Struct({ tag: Schema.Literal("Connect"), index: Index, worker: Schema.Literals(["here", "a", "b"]) }),
    Schema.Struct({ tag: Schema.Literal("Disconnect"), index: Index, worker: Schema.Literals(["here", "a", "b"]) }),
    Schema.Struct({ tag: Schema.Literal("SendMessage"), index: Index })
  ])
)

describe("guild.step", () => {
  it.prop(
    "sessions are where the outputs put them: a relay here is started before it is used and ends when nobody uses it, and none is over its capacity; " +
      "those who live at a worker are with one relay there, wherever they lived before",
    [Commands],
    ([commands]) => {
      const CAPACITY = 3
      let state = State.initial(community, { relayCapacity: CAPACITY })
      const relays: Array<{ readonly worker: string; readonly sessions: Set<SessionId> } | undefined> = []
      const homes = new Map<SessionId, string>()
      const connected = new Set<SessionId>()
      const ids = new Set<string>()

      for (const command of commands) {
        const { index, tag } = command
        const session = sessionId(index)
        const worker = command.tag === "SendMessage" ? "here" : command.worker
        const at = worker === "here" ? undefined : { worker }
        if (tag === "Connect") homes.set(session, worker)
        const [next, outputs, reply] =
          tag === "Connect"
            ? step<string, "Connect">(
                state,
                "Connect",
                {
                  session,
                  user: userId(index),
                  intents: 0,
                  handle: session,
                  ...at
                },
                facts(index)
              )
            : tag === "Disconnect"
              ? step<string, "Disconnect">(
                  state,
                  "Disconnect",
                  { session, user: userId(index), ...at },
                  facts(undefined)
                )
              : step<string, "SendMessage">(
                  state,
                  "SendMessage",
                  { author: userId(index), channel: GENERAL, draft: draft("hi") },
                  facts(index)
                )
        state = next
        assert.isTrue(Result.isSuccess<unknown, unknown>(reply))
        if (tag === "Connect") connected.add(session)
        // From where it lives, and from nowhere else.
        if (tag === "Disconnect" && homes.get(session) === worker) connected.delete(session)

        for (const output of outputs) {
          switch (output._tag) {
            case "StartRelay": {
              const gap = relays.indexOf(undefined)
              assert.strictEqual(output.relay, gap === -1 ? relays.length : gap, "the lowest that is free")
              relays[output.relay] = { worker: "here", sessions: new Set() }
              break
            }
            case "StopRelay":
              assert.strictEqual(relays[output.relay]?.sessions.size, 0)
              relays[output.relay] = undefined
              break
            case "Attach":
              // The first of a worker brings a relay with it.
              if (worker !== "here") relays[output.relay] ??= { worker, sessions: new Set() }
              assert.strictEqual(relays[output.relay]?.worker, worker)
              assert.isFalse(relays[output.relay]?.sessions.has(output.session))
              assert.strictEqual(output.handle, output.session)
              relays[output.relay]?.sessions.add(output.session)
              break
            case "Detach":
              assert.isTrue(relays[output.relay]?.sessions.delete(output.session))
              break
            case "Dispatch":
              if (output.event._tag !== "MessageCreated") break
              assert.isFalse(ids.has(output.event.message.id))
              ids.add(output.event.message.id)
          }
        }
        const live = relays.filter((relay) => relay !== undefined)
        for (const { sessions, worker } of live) {
          if (worker === "here") assert.isTrue(sessions.size > 0 && sessions.size <= CAPACITY)
          for (const session of sessions) assert.strictEqual(homes.get(session), worker)
        }
        for (const worker of ["a", "b"]) {
          assert.isAtMost(live.filter((relay) => relay.worker === worker).length, 1)
        }
        assert.deepStrictEqual(new Set(live.flatMap(({ sessions }) => Array.from(sessions))), connected)
        assert.deepStrictEqual(
          state.relays.map((relay) => relay?.sessions),
          Array.from(relays, (relay) => relay?.sessions.size)
        )
        assert.strictEqual(state.sessions, connected.size)
        assert.strictEqual(
          Array.from(HashMap.keys(state.online)).reduce((count, user) => count + seatsOf(state, user).length, 0),
          connected.size
        )
      }
    },
    { arbitrary: { runs: 500, size: 60 } }
  )

  it.each([
    ["UnknownMember", undefined, GENERAL],
    ["UnknownChannel", 1, ChannelId.make("404")],
    ["MissingAccess", 1, HIDDEN],
    ["MissingPermissions", 1, READ_ONLY]
  ] as const)("refuses a message and changes nothing: %s", (tag, index, channel) => {
    const state = State.initial(community)
    const [next, outputs, reply] = step<never, "SendMessage">(
      state,
      "SendMessage",
      { author: userId(1), channel, draft: draft("hi") },
      facts(index)
    )
    assert.strictEqual(next, state)
    assert.deepStrictEqual(outputs, [])
    assert.strictEqual(Result.isFailure(reply) ? reply.failure._tag : undefined, tag)
  })

  it("embeds and speech take permissions of their own", () => {
    const permissions = Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES
    const terse = Community.make({
      ...community,
      roles: [{ ...community.everyone, permissions }],
      channels: Array.from(community.channels.values())
    })
    const reply = (what: Partial<Draft>) => {
      const command = { author: userId(1), channel: GENERAL, draft: { ...draft("hi"), ...what } }
      const [, , answer] = step<never, "SendMessage">(State.initial(terse), "SendMessage", command, facts(1))
      return Result.isFailure(answer) ? answer.failure._tag : undefined
    }
    assert.deepStrictEqual(
      [reply({}), reply({ embeds: [{ title: "t" }] }), reply({ tts: true })],
      [undefined, "MissingPermissions", "MissingPermissions"]
    )
  })

  it("describes no channel to those who may not see it", () => {
    const channels = (index: number) => {
      const [, , reply] = step<never, "Describe">(
        State.initial(community),
        "Describe",
        { user: userId(index) },
        facts(index)
      )
      return Array.from(Result.getOrThrow(reply).community.channels.keys())
    }
    assert.deepStrictEqual(channels(1), [GENERAL, READ_ONLY])
    assert.deepStrictEqual(channels(9), [GENERAL, READ_ONLY, HIDDEN])
  })
})
