import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Access from "../../../src/domain/Access.ts"
import * as Community from "../../../src/domain/Community.ts"
import * as Intents from "../../../src/domain/gateway/Intents.ts"
import { RoleId, type SessionId } from "../../../src/domain/Ids.ts"
import * as Mailbox from "../../../src/domain/Mailbox.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { type Subscriber, Subscribers } from "../../../src/domain/relay/Subscribers.ts"
import type { SessionHandle, SessionMessage } from "../../../src/domain/session/Session.ts"
import { community, GENERAL, member, sessionId, userId } from "../../support/community.ts"

const View = Schema.Literals([0n, Permissions.VIEW_CHANNEL, Permissions.ADMINISTRATOR])
const Roles = Schema.Literals(["1", "2", "3"])
const Which = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 }))
const Who = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))

const World = Schema.Struct({
  roles: Schema.Array(Schema.Struct({ id: Roles, permissions: View })),
  overwrites: Schema.Array(
    Schema.Union([
      Schema.Struct({ kind: Schema.Literal("role"), id: Roles, allow: View, deny: View }),
      Schema.Struct({ kind: Schema.Literal("member"), who: Who, allow: View, deny: View })
    ])
  ),
  changes: Schema.Array(
    Schema.Union([
      Schema.Struct({
        do: Schema.Literal("add"),
        session: Which,
        who: Who,
        roles: Schema.Array(Roles),
        wants: Schema.Boolean
      }),
      Schema.Struct({ do: Schema.Literal("remove"), session: Which }),
      Schema.Struct({ do: Schema.Literal("ask") })
    ])
  )
})

describe("Subscribers", () => {
  it.effect.prop(
    "an event is for those who want it and may see the channel, asked one by one, whatever came before",
    [World],
    ([world]) =>
      Effect.gen(function* () {
        const mailbox: Mailbox.Outbox<SessionMessage> = yield* Mailbox.make()
        const channel = Community.channel({
          id: GENERAL,
          name: "general",
          overwrites: world.overwrites.map((one): Community.Overwrite =>
            one.kind === "role"
              ? { kind: "role", id: RoleId.make(one.id), allow: one.allow, deny: one.deny }
              : { kind: "member", id: userId(one.who), allow: one.allow, deny: one.deny }
          )
        })
        const built = Community.make({
          ...community,
          roles: world.roles.map(({ id, permissions }) => ({ id: RoleId.make(id), name: id, permissions })),
          channels: [channel]
        })
        const subscribers = new Subscribers(built)
        const model = new Map<SessionId, Subscriber>()
        const kept: Array<readonly [list: ReadonlyArray<SessionHandle>, then: ReadonlyArray<SessionId>]> = []
        const ids = (sessions: ReadonlyArray<SessionHandle>) => sessions.map(({ id }) => id)
        const ask = () => {
          const list = subscribers.recipients({ channel: GENERAL, intent: Intents.GUILD_MESSAGES })
          kept.push([list, ids(list)])
          const expected = Array.from(model.values()).filter(
            ({ intents, member }) =>
              Intents.wants(intents, Intents.GUILD_MESSAGES) &&
              Permissions.has(Access.inChannel(built, channel, member), Permissions.VIEW_CHANNEL)
          )
          assert.deepStrictEqual(ids(list).toSorted(), expected.map(({ session }) => session.id).toSorted())
          assert.strictEqual(subscribers.size, model.size)
        }
        for (const change of world.changes) {
          switch (change.do) {
            case "add": {
              const { roles, session, wants, who } = change
              const subscriber: Subscriber = {
                session: { id: sessionId(session), mailbox, end: () => Effect.void },
                member: member(
                  who,
                  roles.map((id) => RoleId.make(id))
                ),
                intents: wants ? Intents.GUILD_MESSAGES : Intents.GUILDS
              }
              subscribers.add(subscriber)
              model.set(subscriber.session.id, subscriber)
              break
            }
            case "remove":
              subscribers.remove(sessionId(change.session))
              model.delete(sessionId(change.session))
              break
            case "ask":
              ask()
          }
        }
        ask()
        for (const [list, then] of kept) assert.deepStrictEqual(ids(list), then, "a list that was given changed")
      }),
    { arbitrary: { runs: 500 } }
  )
})
