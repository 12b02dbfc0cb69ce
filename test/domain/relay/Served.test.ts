import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Intents from "../../../src/domain/gateway/Intents.ts"
import * as Payload from "../../../src/domain/gateway/Payload.ts"
import { type ChannelId, MessageId, type SessionId } from "../../../src/domain/Ids.ts"
import * as Mailbox from "../../../src/domain/Mailbox.ts"
import * as Mentions from "../../../src/domain/Mentions.ts"
import { type Delivery, Served } from "../../../src/domain/relay/Served.ts"
import type { SessionHandle, SessionMessage } from "../../../src/domain/session/Session.ts"
import { community, GENERAL, HIDDEN, member, READ_ONLY, sessionId, STAFF, userId } from "../../support/community.ts"

const Who = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 }))
const Where = Schema.Literals([GENERAL, HIDDEN, READ_ONLY])
const Step = Schema.Union([
  Schema.Struct({
    do: Schema.Literal("turn"),
    who: Schema.Union([Who, Schema.Literal("everybody")]),
    isActive: Schema.Boolean
  }),
  Schema.Struct({
    do: Schema.Literal("say"),
    channel: Where,
    calls: Schema.Union([Who, Schema.Literals(["nobody", "all", "staff"])])
  }),
  Schema.Struct({ do: Schema.Literal("move"), who: Who, channel: Schema.NullOr(Where) }),
  Schema.Struct({ do: Schema.Literal("summarise") })
])

const Summary = Schema.fromJsonString(
  Schema.Struct({
    updated_channels: Schema.Array(Schema.Struct({ id: Schema.String, last_message_id: Schema.String })),
    updated_voice_states: Schema.Array(Schema.Struct({ user_id: Schema.String, channel_id: Schema.String })),
    removed_voice_states: Schema.Array(Schema.String)
  })
)
const read = ({ head }: Payload.Payload) =>
  Schema.decodeUnknownSync(Summary)(head.slice(head.indexOf(`"d":`) + 4, head.lastIndexOf(`,"s":`)))

/** Sessions 1 and 2 are staff, and alone see the hidden channel. */
const isStaff = (who: number) => who <= 2
const sees = (who: number, channel: ChannelId) => channel !== HIDDEN || isStaff(who)
const everybody = [1, 2, 3, 4, 5]
const toldIn = (deliveries: Iterable<Delivery | undefined>) => Array.from(deliveries).filter((one) => one !== undefined)
const idsOf = (sessions: ReadonlyArray<SessionHandle>) => sessions.map(({ id }) => id).toSorted()

describe("Served", () => {
  it.effect.prop(
    "who looks at the guild gets what happens there, who does not what calls them, and a summary of just what they missed",
    [Schema.Array(Step)],
    ([steps]) =>
      Effect.gen(function* () {
        const mailbox: Mailbox.Outbox<SessionMessage> = yield* Mailbox.make()
        const served = new Served(community)
        const active = new Set<number>()
        for (const who of everybody) {
          served.attach(
            {
              session: { id: sessionId(who), mailbox, end: () => Effect.void },
              user: userId(who),
              roles: isStaff(who) ? [STAFF] : [],
              intents: Intents.GUILD_MESSAGES | Intents.GUILD_VOICE_STATES
            },
            who % 2 === 0
          )
          if (who % 2 === 0) active.add(who)
        }
        const passive = () => everybody.filter((who) => !active.has(who))
        const sessions = (all: ReadonlyArray<number>) => all.map(sessionId).toSorted()
        /** What a summary has to say, as long as somebody is there to be told. */
        const lastMessages = new Map<ChannelId, string>()
        const moved = new Map<number, { readonly were: ReadonlyArray<ChannelId>; readonly now: ChannelId | null }>()
        const inVoice = new Map<number, ChannelId>()
        const latest = new Map<string, string>()
        const whereabouts = new Map<string, ChannelId>()
        let sequence = 0

        for (const step of steps) {
          switch (step.do) {
            case "turn": {
              for (const who of step.who === "everybody" ? everybody : [step.who]) {
                const subscriber = served.get(sessionId(who))
                if (subscriber !== undefined && step.isActive) served.attach(subscriber, true)
                else Array.from(served.lookAway(sessionId(who)))
                if (step.isActive) active.add(who)
                else active.delete(who)
              }
              if (passive().length === 0) {
                lastMessages.clear()
                moved.clear()
              }
              break
            }
            case "say": {
              const { calls, channel } = step
              const id = MessageId.make(String(++sequence))
              latest.set(channel, id)
              const event = {
                payload: Payload.make("MESSAGE_CREATE", {}),
                intent: Intents.GUILD_MESSAGES,
                channel,
                sessions: active.size,
                message: {
                  id,
                  calls: {
                    ...Mentions.none,
                    users: typeof calls === "number" ? [userId(calls)] : [],
                    roles: calls === "staff" ? [STAFF] : [],
                    everyone: calls === "all" ? ("all" as const) : ("nobody" as const)
                  }
                }
              }
              const called = passive().filter(
                (who) => calls === "all" || calls === who || (calls === "staff" && isStaff(who))
              )
              assert.deepStrictEqual(
                idsOf(served.dispatch(event)),
                sessions(Array.from(active).filter((who) => sees(who, channel)))
              )
              const heard = served.isCalling(event) ? toldIn(served.called(event)) : []
              assert.deepStrictEqual(
                idsOf(heard.flatMap(({ recipients }) => recipients)),
                sessions(called.filter((who) => sees(who, channel)))
              )
              if (passive().length > 0) lastMessages.set(channel, id)
              break
            }
            case "move": {
              const { channel, who } = step
              const before = inVoice.get(who) ?? null
              const state = { member: member(who), session: sessionId(who), selfMute: false, selfDeaf: false }
              const deliveries = toldIn(served.speak({ before, channel, state }))
              const heard = new Map<SessionId, string>()
              for (const { payload, recipients } of deliveries) {
                for (const { id } of recipients) heard.set(id, /"channel_id":("?\w+"?)/.exec(payload.head)?.[1] ?? "")
              }
              for (const listener of everybody) {
                const expected = !active.has(listener)
                  ? undefined
                  : channel !== null && sees(listener, channel)
                    ? `"${channel}"`
                    : before !== null && before !== channel && sees(listener, before)
                      ? "null"
                      : undefined
                assert.strictEqual(heard.get(sessionId(listener)), expected)
              }
              if (channel === null) {
                inVoice.delete(who)
                whereabouts.delete(userId(who))
              } else {
                inVoice.set(who, channel)
                whereabouts.set(userId(who), channel)
              }
              if (passive().length > 0) {
                const were = [...(moved.get(who)?.were ?? []), ...(before === null ? [] : [before])]
                moved.set(who, { were, now: channel })
              }
              break
            }
            case "summarise": {
              const got = new Map<SessionId, ReturnType<typeof read>>()
              const deliveries = [...toldIn(served.summaries()), ...toldIn(served.all())]
              for (const { payload, recipients } of deliveries) {
                for (const { id } of recipients) {
                  assert.isFalse(got.has(id), "one summary")
                  got.set(id, read(payload))
                }
              }
              assert.isTrue(Array.from(active).every((who) => !got.has(sessionId(who))))
              for (const who of passive()) {
                const summary = got.get(sessionId(who))
                const seen = Array.from(lastMessages).filter(([channel]) => sees(who, channel))
                const moves = Array.from(moved)
                const isThere = (channel: ChannelId | null) => channel !== null && sees(who, channel)
                assert.deepStrictEqual(
                  new Map(summary?.updated_channels.map((one) => [one.id, one.last_message_id])),
                  new Map(seen)
                )
                assert.deepStrictEqual(
                  new Map(summary?.updated_voice_states.map((one) => [one.user_id, one.channel_id])),
                  new Map(moves.flatMap(([mover, { now }]) => (isThere(now) ? [[userId(mover), String(now)]] : [])))
                )
                assert.deepStrictEqual(
                  summary?.removed_voice_states.toSorted() ?? [],
                  moves
                    .filter(([, { now, were }]) => !isThere(now) && were.some(isThere))
                    .map(([mover]) => userId(mover))
                    .toSorted()
                )
              }
              // However it came about: a summary is how things are.
              for (const { removed_voice_states, updated_channels, updated_voice_states } of got.values()) {
                for (const one of updated_channels) assert.strictEqual(one.last_message_id, latest.get(one.id))
                for (const one of updated_voice_states) assert.strictEqual(one.channel_id, whereabouts.get(one.user_id))
                for (const user of removed_voice_states) {
                  const where = whereabouts.get(user)
                  assert.isTrue(where === undefined || where === HIDDEN)
                }
              }
              // Nobody who is passive now, or will be, has missed it from now on.
              lastMessages.clear()
              moved.clear()
            }
          }
        }
      }),
    { arbitrary: { runs: 500, size: 40 } }
  )

  it.effect("who is shut out of a channel hears of it as they knew it, whatever it is called from then on", () =>
    Effect.gen(function* () {
      const mailbox: Mailbox.Outbox<SessionMessage> = yield* Mailbox.make()
      const served = new Served(community)
      const session = { id: sessionId(1), mailbox, end: () => Effect.void }
      served.attach({ session, user: userId(1), roles: [], intents: Intents.GUILDS }, true)
      const before = community.channels.get(GENERAL)
      const hidden = community.channels.get(HIDDEN)
      assert.isDefined(before)
      assert.isDefined(hidden)
      const channel = { ...before, name: "secret plans", topic: "closing soon", overwrites: hidden.overwrites }
      const told = Array.from(served.restructure({ changes: [{ _tag: "ChannelPut", channel }], voice: [] }))
      const heads = told.flatMap((delivery) => (delivery === undefined ? [] : delivery.payload.head))
      assert.lengthOf(heads, 1)
      assert.include(heads[0], "CHANNEL_DELETE")
      assert.notInclude(heads[0], "secret plans")
    })
  )

  it.effect(
    "what is told of a member list is for those who look at it, as far as they see the channel when it comes",
    () =>
      Effect.gen(function* () {
        const mailbox: Mailbox.Outbox<SessionMessage> = yield* Mailbox.make()
        const served = new Served(community)
        const subscriber = {
          session: { id: sessionId(1), mailbox, end: () => Effect.void },
          user: userId(1),
          intents: 0
        }
        served.attach({ ...subscriber, roles: [STAFF] }, true)
        const payload = Payload.make("GUILD_MEMBER_LIST_UPDATE", {})
        const told = (key: string) => idsOf(served.told({ channel: HIDDEN, key, payload }))
        const watch = (key: string) => served.watch({ session: sessionId(1), channel: HIDDEN, key })
        assert.isTrue(watch("top"))
        assert.deepStrictEqual([told("top"), told("bottom")], [[sessionId(1)], []])
        assert.isTrue(watch("bottom"))
        assert.deepStrictEqual([told("top"), told("bottom")], [[], [sessionId(1)]])
        const without = { member: member(1), became: "updated" as const, payload, voice: [] }
        Array.from(served.enrol(without))
        assert.deepStrictEqual(told("bottom"), [])
        assert.isFalse(watch("bottom"))
        Array.from(served.enrol({ ...without, member: member(1, [STAFF]) }))
        assert.isTrue(watch("bottom"))
        served.attach({ ...subscriber, roles: [STAFF] }, false)
        assert.deepStrictEqual(told("bottom"), [], "who looks elsewhere looks at no list")
      })
  )

  it.effect("who missed something of a member list is told no more of it, until they look anew", () =>
    Effect.gen(function* () {
      const mailbox: Mailbox.Outbox<SessionMessage> = yield* Mailbox.make()
      const served = new Served(community)
      const payload = Payload.make("GUILD_MEMBER_LIST_UPDATE", {})
      const told = () => idsOf(served.told({ channel: HIDDEN, key: "top", payload }))
      const watch = (who: number) => served.watch({ session: sessionId(who), channel: HIDDEN, key: "top" })
      for (const who of [1, 2]) {
        const session = { id: sessionId(who), mailbox, end: () => Effect.void }
        served.attach({ session, user: userId(who), roles: [STAFF], intents: 0 }, true)
        assert.isTrue(watch(who))
      }
      const become = (roles: ReadonlyArray<typeof STAFF>) =>
        Array.from(served.enrol({ member: member(1, roles), became: "updated", payload, voice: [] }))
      become([])
      become([STAFF])
      assert.deepStrictEqual(told(), [sessionId(1), sessionId(2)], "nothing was missed")
      become([])
      assert.deepStrictEqual(told(), [sessionId(2)])
      become([STAFF])
      assert.deepStrictEqual(told(), [sessionId(2)], "its rows are not what these are told of")
      assert.isTrue(watch(1))
      assert.deepStrictEqual(told(), [sessionId(2), sessionId(1)].toSorted())
    })
  )
})
