/** Who may do what: every route, asked by every kind of caller, also with ids of another guild. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import * as Community from "../../src/domain/Community.ts"
import { ChannelId, GuildId, RoleId } from "../../src/domain/Ids.ts"
import * as Permissions from "../../src/domain/Permissions.ts"
import * as Accounts from "../../src/layers/Accounts.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as webSocket from "../../src/layers/SessionSocket/webSocket.ts"
import * as Guilds from "../../src/programs/Guilds.ts"
import * as Ingress from "../../src/programs/Ingress.ts"
import * as Session from "../../src/programs/Session.ts"
import { member, userId } from "../support/community.ts"
import * as rates from "../support/rates.ts"

const A = { guild: GuildId.make("1"), open: ChannelId.make("10"), closed: ChannelId.make("11") }
const B = { guild: GuildId.make("2"), open: ChannelId.make("30"), role: RoleId.make("40") }
const LOW = RoleId.make("20")
const MODERATOR = RoleId.make("21")
const HIGH = RoleId.make("22")
const EVERYONE = RoleId.make(A.guild)

const OWNER = userId(1)
const VICTIM = userId(6)
const ELSEWHERE = userId(5)

const { NONE, SEND_MESSAGES, VIEW_CHANNEL } = Permissions
const channel = (id: ChannelId, overwrites: Community.Channel["overwrites"] = []) => ({
  id,
  name: "channel",
  topic: "",
  overwrites
})

const a = Community.make({
  id: A.guild,
  name: "A",
  ownerId: OWNER,
  roles: [
    { id: EVERYONE, name: "@everyone", permissions: VIEW_CHANNEL | SEND_MESSAGES },
    { id: LOW, name: "low", permissions: NONE, position: 1 },
    {
      id: MODERATOR,
      name: "moderator",
      permissions: Permissions.MANAGE_ROLES | Permissions.MANAGE_CHANNELS | Permissions.KICK_MEMBERS,
      position: 2
    },
    { id: HIGH, name: "high", permissions: NONE, position: 3 }
  ],
  channels: [channel(A.open), channel(A.closed, [{ kind: "role", id: EVERYONE, allow: NONE, deny: VIEW_CHANNEL }])]
})

const b = Community.make({
  id: B.guild,
  name: "B",
  ownerId: userId(4),
  roles: [
    { id: RoleId.make(B.guild), name: "@everyone", permissions: VIEW_CHANNEL | SEND_MESSAGES },
    { id: B.role, name: "b", permissions: NONE, position: 1 }
  ],
  channels: [channel(B.open)]
})

/** From those who may least to those who may most; an outsider is a member of the other guild. */
const CALLERS = ["nobody", "guesser", "stranger", "outsider", "plain", "moderator", "owner"] as const
type Caller = (typeof CALLERS)[number]

const USERS: Partial<Record<Caller, number>> = { stranger: 999, outsider: 5, plain: 3, moderator: 2, owner: 1 }

const server = HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide([
    Session.layer(),
    rates.unlimited,
    Guilds.layer([
      { community: a, members: [member(1), member(2, [MODERATOR]), member(3), member(6)] },
      { community: b, members: [member(4), member(5)] }
    ]),
    Accounts.fromTokens(
      Object.entries(USERS).map(([caller, index]) => [Redacted.make(caller), member(index).user] as const)
    )
  ]),
  Layer.provide([Sampler.never, MemberStore.heap, Offload.inline])
)

type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE"

const ask = Effect.fnUntraced(function* (method: Method, path: string, body: unknown, caller: Caller) {
  const request = HttpClientRequest.make(method)(`/api/v10${path}`).pipe(
    caller === "nobody" ? (same) => same : HttpClientRequest.setHeader("authorization", `Bot ${caller}`),
    body === undefined ? (same) => same : HttpClientRequest.bodyText(JSON.stringify(body), "application/json")
  )
  const { status, text } = yield* HttpClient.execute(request)
  yield* text
  return status
})

type Statuses = readonly [stranger: number, outsider: number, plain: number, moderator: number, owner: number]

const members: Statuses = [403, 403, 200, 200, 200]
const managers: Statuses = [403, 403, 403, 200, 200]
const managersSilently: Statuses = [403, 403, 403, 204, 204]
const owners: Statuses = [403, 403, 403, 403, 200]
const ownersSilently: Statuses = [403, 403, 403, 403, 204]
/** Who may change such things is told that there is none. */
const unknown: Statuses = [403, 403, 403, 404, 404]
/** And so is every member, who could look for it as well. */
const unknownToMembers: Statuses = [403, 403, 404, 404, 404]

const named = { name: "renamed" }
const overwrite = { type: 0, allow: "0", deny: "0" }
const text = { content: "hello" }

const TABLE: ReadonlyArray<readonly [Method, string, unknown, Statuses]> = [
  ["GET", "/gateway/bot", undefined, [200, 200, 200, 200, 200]],
  ["GET", "/users/@me", undefined, [200, 200, 200, 200, 200]],
  // Users are known to those who are in a guild with them.
  ["GET", `/users/${VICTIM}`, undefined, [404, 404, 200, 200, 200]],
  ["GET", `/users/${ELSEWHERE}`, undefined, [404, 200, 404, 404, 404]],
  ["GET", "/users/@me/guilds?with_counts=true", undefined, [200, 200, 200, 200, 200]],
  ["GET", `/users/@me/guilds/${A.guild}/member`, undefined, members],
  ["GET", "/applications/@me", undefined, [200, 200, 200, 200, 200]],
  ["GET", "/oauth2/applications/@me", undefined, [200, 200, 200, 200, 200]],
  ["DELETE", `/users/@me/guilds/${A.guild}`, undefined, [403, 403, 204, 204, 400]],
  ["GET", `/guilds/${A.guild}`, undefined, members],
  ["GET", `/guilds/3`, undefined, [404, 404, 404, 404, 404]],

  ["GET", `/guilds/${A.guild}/roles`, undefined, members],
  ["GET", `/guilds/${A.guild}/roles/${LOW}`, undefined, members],
  ["GET", `/guilds/${A.guild}/roles/${B.role}`, undefined, [403, 403, 404, 404, 404]],
  ["POST", `/guilds/${A.guild}/roles`, named, managers],
  ["PATCH", `/guilds/${A.guild}/roles`, [{ id: LOW, position: 1 }], managers],
  ["PATCH", `/guilds/${A.guild}/roles`, [{ id: HIGH, position: 1 }], owners],
  ["PATCH", `/guilds/${A.guild}/roles`, [{ id: B.role, position: 1 }], unknown],
  ["PATCH", `/guilds/${A.guild}/roles/${LOW}`, named, managers],
  ["PATCH", `/guilds/${A.guild}/roles/${HIGH}`, named, owners],
  ["PATCH", `/guilds/${A.guild}/roles/${MODERATOR}`, named, owners],
  ["PATCH", `/guilds/${A.guild}/roles/${EVERYONE}`, { permissions: "1024" }, managers],
  ["PATCH", `/guilds/${A.guild}/roles/${B.role}`, named, unknown],
  ["DELETE", `/guilds/${A.guild}/roles/${LOW}`, undefined, managersSilently],
  ["DELETE", `/guilds/${A.guild}/roles/${HIGH}`, undefined, ownersSilently],
  ["DELETE", `/guilds/${A.guild}/roles/${B.role}`, undefined, unknown],

  ["GET", `/guilds/${A.guild}/channels`, undefined, members],
  ["POST", `/guilds/${A.guild}/channels`, named, [403, 403, 403, 201, 201]],
  ["PATCH", `/guilds/${A.guild}/channels`, [{ id: A.open, position: 1 }], managersSilently],
  ["PATCH", `/guilds/${A.guild}/channels`, [{ id: B.open, position: 1 }], unknownToMembers],
  ["GET", `/channels/${A.open}`, undefined, members],
  ["GET", `/channels/${A.closed}`, undefined, owners],
  ["GET", `/channels/${B.open}`, undefined, [403, 200, 403, 403, 403]],
  ["GET", `/channels/99`, undefined, [404, 404, 404, 404, 404]],
  ["PATCH", `/channels/${A.open}`, named, managers],
  ["PATCH", `/channels/${A.closed}`, named, owners],
  ["PATCH", `/channels/${B.open}`, named, [403, 403, 403, 403, 403]],
  ["DELETE", `/channels/${A.open}`, undefined, managers],
  ["DELETE", `/channels/${A.closed}`, undefined, owners],
  ["DELETE", `/channels/${B.open}`, undefined, [403, 403, 403, 403, 403]],
  ["PUT", `/channels/${A.open}/permissions/${LOW}`, overwrite, managersSilently],
  ["PUT", `/channels/${A.open}/permissions/${B.role}`, overwrite, unknown],
  ["PUT", `/channels/${A.closed}/permissions/${LOW}`, overwrite, ownersSilently],
  ["PUT", `/channels/${B.open}/permissions/${LOW}`, overwrite, [403, 403, 403, 403, 403]],
  ["DELETE", `/channels/${A.open}/permissions/${LOW}`, undefined, unknown],
  ["DELETE", `/channels/${A.closed}/permissions/${EVERYONE}`, undefined, ownersSilently],
  ["DELETE", `/channels/${B.open}/permissions/${B.role}`, undefined, [403, 403, 403, 403, 403]],

  ["POST", `/channels/${A.open}/messages`, text, members],
  ["POST", `/channels/${A.closed}/messages`, text, owners],
  ["POST", `/channels/${B.open}/messages`, text, [403, 200, 403, 403, 403]],
  ["POST", `/channels/${A.open}/typing`, undefined, [403, 403, 204, 204, 204]],
  ["POST", `/channels/${A.closed}/typing`, undefined, ownersSilently],
  ["POST", `/channels/${B.open}/typing`, undefined, [403, 204, 403, 403, 403]],

  ["GET", `/guilds/${A.guild}/members?limit=10`, undefined, members],
  ["GET", `/guilds/${A.guild}/members/search?query=user`, undefined, members],
  ["GET", `/guilds/${A.guild}/members/${VICTIM}`, undefined, members],
  ["GET", `/guilds/${A.guild}/members/${ELSEWHERE}`, undefined, [403, 403, 404, 404, 404]],
  ["PATCH", `/guilds/${A.guild}/members/${VICTIM}`, { roles: [LOW] }, managers],
  ["PATCH", `/guilds/${A.guild}/members/${VICTIM}`, { roles: [HIGH] }, owners],
  ["PATCH", `/guilds/${A.guild}/members/${VICTIM}`, { roles: [B.role] }, unknown],
  ["PATCH", `/guilds/${A.guild}/members/${ELSEWHERE}`, { roles: [LOW] }, unknownToMembers],
  ["PUT", `/guilds/${A.guild}/members/${VICTIM}/roles/${LOW}`, undefined, managersSilently],
  ["PUT", `/guilds/${A.guild}/members/${VICTIM}/roles/${HIGH}`, undefined, ownersSilently],
  ["PUT", `/guilds/${A.guild}/members/${VICTIM}/roles/${B.role}`, undefined, unknown],
  ["DELETE", `/guilds/${A.guild}/members/${VICTIM}/roles/${LOW}`, undefined, managersSilently],
  ["DELETE", `/guilds/${A.guild}/members/${VICTIM}`, undefined, managersSilently],
  ["DELETE", `/guilds/${A.guild}/members/${OWNER}`, undefined, [403, 403, 403, 403, 403]],
  ["DELETE", `/guilds/${A.guild}/members/${ELSEWHERE}`, undefined, unknown],
  ["DELETE", `/guilds/${B.guild}/members/${ELSEWHERE}`, undefined, [403, 403, 403, 403, 403]]
]

describe("who may do what", () => {
  it.effect.each(TABLE)("%s %s", ([method, path, body, statuses]) =>
    Effect.gen(function* () {
      const expected = [401, 401, ...statuses]
      // Whoever may do it changes what others find: each has a server of their own.
      const found = yield* Effect.forEach(CALLERS, (caller) =>
        Effect.provide(ask(method, path, body, caller), Layer.fresh(server))
      )
      assert.deepStrictEqual(
        CALLERS.map((caller, nth) => `${caller} ${found[nth]}`),
        CALLERS.map((caller, nth) => `${caller} ${expected[nth]}`)
      )
    })
  )
})
