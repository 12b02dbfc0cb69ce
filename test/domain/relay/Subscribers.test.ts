import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Access from "../../../src/domain/Access.ts"
import * as Community from "../../../src/domain/Community.ts"
import * as Intents from "../../../src/domain/gateway/Intents.ts"
import { ChannelId, RoleId, type SessionId } from "../../../src/domain/Ids.ts"
import * as Mailbox from "../../../src/domain/Mailbox.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { Alteration } from "../../../src/domain/relay/Alteration.ts"
import { type Shift, type Subscriber, Subscribers } from "../../../src/domain/relay/Subscribers.ts"
import type { SessionHandle, SessionMessage } from "../../../src/domain/session/Session.ts"
import { GUILD, member, sessionId, userId } from "../../support/community.ts"

const View = Schema.Literals([0n, Permissions.VIEW_CHANNEL, Permissions.ADMINISTRATOR])
const RoleName = Schema.Literals(["1", "2", "3"])
const ChannelName = Schema.Literals(["10", "11", "12"])
const Which = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 }))
const Who = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))
const Roles = Schema.Array(RoleName)

const Overwrites = Schema.Array(
  Schema.Union([
    Schema.Struct({ kind: Schema.Literal("role"), id: RoleName, allow: View, deny: View }),
    Schema.Struct({ kind: Schema.Literal("member"), who: Who, allow: View, deny: View })
  ])
)

const Step = Schema.Union([
  Schema.Struct({ do: Schema.Literal("add"), session: Which, who: Who, wants: Schema.Boolean }),
  Schema.Struct({ do: Schema.Literal("remove"), session: Which }),
  Schema.Struct({ do: Schema.Literal("ask"), channel: ChannelName }),
  Schema.Struct({ do: Schema.Literal("roles"), who: Who, roles: Roles }),
  Schema.Struct({ do: Schema.Literal("role"), id: RoleName, permissions: View }),
  Schema.Struct({ do: Schema.Literal("channel"), id: ChannelName, overwrites: Overwrites }),
  Schema.Struct({ do: Schema.Literal("remove channel"), id: ChannelName }),
  Schema.Struct({ do: Schema.Literal("remove role"), id: Schema.Literals(["2", "3"]) })
])

const changeOf = (
  step: Extract<typeof Step.Type, { do: "role" | "channel" | `remove ${string}` }>
): Community.Change => {
  switch (step.do) {
    case "role": {
      const { id, permissions } = step
      return { _tag: "RolePut", role: Community.role({ id: RoleId.make(id), name: id, permissions }) }
    }
    case "remove role":
      return { _tag: "RoleRemoved", role: RoleId.make(step.id) }
    case "remove channel":
      return { _tag: "ChannelRemoved", channel: ChannelId.make(step.id) }
    case "channel": {
      const overwrites = step.overwrites.map((one): Community.Overwrite =>
        one.kind === "role"
          ? { kind: "role", id: RoleId.make(one.id), allow: one.allow, deny: one.deny }
          : { kind: "member", id: userId(one.who), allow: one.allow, deny: one.deny }
      )
      return {
        _tag: "ChannelPut",
        channel: Community.channel({ id: ChannelId.make(step.id), name: step.id, overwrites })
      }
    }
  }
}

/** Takes over all of a change at once, and says what it means to the sessions. */
const shiftsOf = (subscribers: Subscribers, alteration: Alteration): ReadonlyArray<Shift> => {
  subscribers.turnTo(alteration.after)
  return alteration.channels.flatMap((altered) => {
    const pieces = subscribers.shift(altered)
    let next = pieces.next()
    while (next.done !== true) next = pieces.next()
    return next.value ?? []
  })
}

/** The order of roles says nothing. */
const sorted = (one: Subscriber | undefined) => one && { ...one, roles: one.roles.toSorted() }
const ids = (sessions: ReadonlyArray<SessionHandle>) => sessions.map(({ id }) => id).toSorted()

describe("Subscribers", () => {
  it.effect.prop(
    "whatever came before: an event is for those who want it and may see the channel, asked one by one; and a change says " +
      "exactly who sees more or less than before",
    [Schema.Array(Step)],
    ([steps]) =>
      Effect.gen(function* () {
        const mailbox: Mailbox.Outbox<SessionMessage> = yield* Mailbox.make()
        let community = Community.make({ id: GUILD, name: "c", ownerId: userId(0), roles: [], channels: [] })
        const subscribers = new Subscribers(community)
        const model = new Map<SessionId, Subscriber>()
        const rolesOf = new Map<number, ReadonlyArray<RoleId>>()
        const lent: Array<readonly [list: ReadonlyArray<SessionHandle>, then: ReadonlyArray<SessionId>]> = []

        const sees = (one: Subscriber, id: string) => {
          const channel = community.channels.get(ChannelId.make(id))
          const index = [0, 1, 2, 3, 4].find((index) => userId(index) === one.user) ?? -1
          return (
            channel !== undefined &&
            Permissions.has(Access.inChannel(community, channel, member(index, one.roles), 0), Permissions.VIEW_CHANNEL)
          )
        }
        const wanting = (intent: number) =>
          Array.from(model.values()).filter(({ intents }) => Intents.wants(intents, intent))
        const expected = (id: string, intent: number) =>
          wanting(intent)
            .filter((one) => sees(one, id))
            .map(({ session }) => session.id)
            .toSorted()
        const ask = (id: string) => {
          const topic = { channel: ChannelId.make(id), intent: Intents.GUILD_MESSAGES }
          const list = subscribers.recipients(topic)
          lent.push([list, list.map(({ id }) => id)])
          assert.deepStrictEqual(ids(list), expected(id, Intents.GUILD_MESSAGES))
          for (const session of model.keys()) {
            assert.strictEqual(subscribers.reaches(session, topic), ids(list).includes(session))
          }
          assert.strictEqual(subscribers.size, model.size)
        }
        /** What is seen of each channel, before and after, by those who want to hear of channels. */
        const watched = <A>(act: () => Iterable<Shift>, touched: (id: string) => boolean) => {
          const before = new Map(ChannelName.literals.map((id) => [id, expected(id, Intents.GUILDS)] as const))
          const shifts = new Map(Array.from(act(), (shift) => [String(shift.channel.id), shift]))
          for (const [id, saw] of before) {
            const now = expected(id, Intents.GUILDS)
            const shift = shifts.get(id)
            const [gained, lost] = [now.filter((one) => !saw.includes(one)), saw.filter((one) => !now.includes(one))]
            assert.deepStrictEqual(ids(shift?.gained ?? []), gained, `gained ${id}`)
            assert.deepStrictEqual(ids(shift?.lost ?? []), lost, `lost ${id}`)
            assert.deepStrictEqual(
              ids(shift?.kept ?? []),
              touched(id) ? now.filter((one) => saw.includes(one)) : [],
              `kept ${id}`
            )
          }
        }

        for (const step of steps) {
          switch (step.do) {
            case "add": {
              const subscriber: Subscriber = {
                session: { id: sessionId(step.session), mailbox, end: () => Effect.void },
                user: userId(step.who),
                roles: rolesOf.get(step.who) ?? [],
                intents: step.wants ? Intents.GUILD_MESSAGES | Intents.GUILDS : Intents.GUILDS
              }
              subscribers.add(subscriber)
              model.set(subscriber.session.id, subscriber)
              break
            }
            case "remove":
              assert.deepStrictEqual(
                sorted(subscribers.remove(sessionId(step.session))),
                sorted(model.get(sessionId(step.session)))
              )
              model.delete(sessionId(step.session))
              break
            case "ask":
              ask(step.channel)
              break
            case "roles": {
              const roles = step.roles.map((id) => RoleId.make(id))
              const { who } = step
              rolesOf.set(who, roles)
              const own = Array.from(model.values()).filter(({ user }) => user === userId(who))
              assert.deepStrictEqual(
                ids(subscribers.of(userId(who)).map(({ session }) => session)),
                ids(own.map(({ session }) => session))
              )
              watched(
                function* () {
                  const shifts = Array.from(subscribers.member(userId(who), roles))
                  for (const one of own) model.set(one.session.id, { ...one, roles })
                  yield* shifts
                },
                () => false
              )
              break
            }
            default: {
              const change = changeOf(step)
              const before = community
              const after = Community.changed(community, [change])
              watched(
                function* () {
                  const shifts = shiftsOf(subscribers, new Alteration(community, [change], [], after))
                  community = after
                  yield* shifts
                },
                (id) => before.channels.get(ChannelId.make(id)) !== after.channels.get(ChannelId.make(id))
              )
            }
          }
        }
        for (const id of ChannelName.literals) ask(id)
        assert.deepStrictEqual(
          ids(subscribers.recipients({ intent: Intents.GUILD_MESSAGES })),
          wanting(Intents.GUILD_MESSAGES)
            .map(({ session }) => session.id)
            .toSorted()
        )
        for (const [list, then] of lent) {
          assert.deepStrictEqual(
            list.map(({ id }) => id),
            then,
            "a list that was given changed"
          )
        }
      }),
    { arbitrary: { runs: 1000, size: 40 } }
  )
})
