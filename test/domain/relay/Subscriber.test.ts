import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue, Schema } from "effect"
import * as Access from "../../../src/domain/Access.ts"
import * as Community from "../../../src/domain/Community.ts"
import * as Intents from "../../../src/domain/gateway/Intents.ts"
import { RoleId } from "../../../src/domain/Ids.ts"
import type { Outbox } from "../../../src/domain/Mailbox.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { recipients, type Subscriber } from "../../../src/domain/relay/Subscriber.ts"
import type { SessionMessage } from "../../../src/domain/session/Session.ts"
import { community, GENERAL, member, sessionId, userId } from "../../support/community.ts"

const View = Schema.Literals([0n, Permissions.VIEW_CHANNEL, Permissions.ADMINISTRATOR])
const Roles = Schema.Literals(["1", "2", "3"])
const Who = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))

const World = Schema.Struct({
  roles: Schema.Array(Schema.Struct({ id: Roles, permissions: View })),
  overwrites: Schema.Array(
    Schema.Union([
      Schema.Struct({ kind: Schema.Literal("role"), id: Roles, allow: View, deny: View }),
      Schema.Struct({ kind: Schema.Literal("member"), who: Who, allow: View, deny: View })
    ])
  ),
  subscribers: Schema.Array(Schema.Struct({ who: Who, roles: Schema.Array(Roles), wants: Schema.Boolean }))
})

describe("recipients", () => {
  it.effect.prop(
    "are those who want it and may see the channel, asked one by one, in the order in which they are served",
    [World],
    ([world]) =>
      Effect.gen(function* () {
        const mailbox: Outbox<SessionMessage> = yield* Queue.unbounded()
        const channel: Community.Channel = {
          id: GENERAL,
          name: "general",
          topic: "",
          overwrites: world.overwrites.map((one): Community.Overwrite =>
            one.kind === "role"
              ? { kind: "role", id: RoleId.make(one.id), allow: one.allow, deny: one.deny }
              : { kind: "member", id: userId(one.who), allow: one.allow, deny: one.deny }
          )
        }
        const built = Community.make({
          ...community,
          roles: world.roles.map(({ id, permissions }) => ({ id: RoleId.make(id), name: id, permissions })),
          channels: [channel]
        })
        const subscribers = world.subscribers.map(({ roles, wants, who }, index): Subscriber => ({
          session: { id: sessionId(index), mailbox, end: () => Effect.void },
          member: member(
            who,
            roles.map((id) => RoleId.make(id))
          ),
          intents: wants ? Intents.GUILD_MESSAGES : Intents.GUILDS
        }))
        const expected = subscribers.filter(
          ({ intents, member }) =>
            Intents.wants(intents, Intents.GUILD_MESSAGES) &&
            Permissions.has(Access.inChannel(built, channel, member), Permissions.VIEW_CHANNEL)
        )
        assert.deepStrictEqual(
          recipients(subscribers, built, { channel: GENERAL, intent: Intents.GUILD_MESSAGES }).map(({ id }) => id),
          expected.map(({ session }) => session.id)
        )
      }),
    { arbitrary: { runs: 500 } }
  )
})
