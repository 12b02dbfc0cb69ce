/** The routes that moderate, by plain HTTP: what discord.js does not send, and what it does not show. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import * as Community from "../../src/domain/Community.ts"
import * as Accounts from "../../src/layers/Accounts.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as webSocket from "../../src/layers/SessionSocket/webSocket.ts"
import * as Guilds from "../../src/programs/Guilds.ts"
import * as Ingress from "../../src/programs/Ingress.ts"
import * as Session from "../../src/programs/Session.ts"
import * as rates from "../support/rates.ts"
import { community, GENERAL, GUILD, member, STAFF, userId } from "../support/community.ts"

const members = [5, 3, 1, 4, 2].map((index) => member(index))
const owned = Community.make({
  ...community,
  ownerId: userId(1),
  roles: Array.from(community.roles.values()),
  channels: Array.from(community.channels.values())
})

const server = HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide([
    Session.layer(),
    rates.unlimited,
    Guilds.layer([{ community: owned, members }]),
    Accounts.fromTokens([
      [Redacted.make("owner"), member(1).user],
      [Redacted.make("stranger"), member(999).user]
    ])
  ]),
  Layer.provide([Sampler.never, MemberStore.heap, Offload.inline])
)

const request = Effect.fnUntraced(function* (
  method: "GET" | "PATCH",
  path: string,
  { body, token = "owner" }: { readonly body?: unknown; readonly token?: string } = {}
) {
  const response = yield* HttpClient.execute(
    HttpClientRequest.make(method)(`/api/v10${path}`).pipe(
      HttpClientRequest.setHeader("authorization", `Bot ${token}`),
      body === undefined ? (same) => same : HttpClientRequest.bodyText(JSON.stringify(body), "application/json")
    )
  )
  return { status: response.status, body: yield* response.json }
})

const Refusal = Schema.Struct({
  code: Schema.Int,
  errors: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
})
/** What is said to be wrong, and where. */
const problem = (body: unknown) => {
  const { code, errors = {} } = Schema.decodeUnknownSync(Refusal)(body)
  return [code, ...Object.keys(errors)]
}
const Users = Schema.Array(Schema.Struct({ user: Schema.Struct({ id: Schema.String }) }))

it.layer(server)("Rest", (it) => {
  it.effect.each([
    ["/members/search?query=user&limit=abc", "limit"],
    ["/members/search?query=user&limit=1.5", "limit"],
    ["/members/search?query=user&limit=1001", "limit"],
    ["/members/search?limit=1", "query"],
    ["/members?limit=0", "limit"],
    ["/members?after=me", "after"]
  ] as const)("says which part of a query is wrong: %s", ([path, field]) =>
    Effect.gen(function* () {
      const { body, status } = yield* request("GET", `/guilds/${GUILD}${path}`)
      assert.strictEqual(status, 400)
      assert.deepStrictEqual(problem(body), [50035, field])
    })
  )

  it.effect("a body with very many items is not looked at any further", () =>
    Effect.gen(function* () {
      const nested = { name: "x", inner: Array.from({ length: 60 }, () => Array.from({ length: 100 }, () => ({}))) }
      for (const body of [Array.from({ length: 5_000 }, () => ({})), { roles: new Array(5_000).fill("1") }, nested]) {
        const { body: refused, status } = yield* request("PATCH", `/guilds/${GUILD}/members/${userId(2)}`, { body })
        assert.deepStrictEqual([status, problem(refused)[0]], [400, 50035])
      }
    })
  )

  it.effect("members are listed page by page, by their ids, to members", () =>
    Effect.gen(function* () {
      const page = (query: string) =>
        Effect.map(request("GET", `/guilds/${GUILD}/members${query}`), ({ body }) =>
          Schema.decodeUnknownSync(Users)(body).map(({ user }) => user.id)
        )
      assert.deepStrictEqual(yield* page(""), [userId(1)])
      assert.deepStrictEqual(yield* page("?limit=3"), [userId(1), userId(2), userId(3)])
      assert.deepStrictEqual(yield* page(`?limit=3&after=${userId(3)}`), [userId(4), userId(5)])
      assert.deepStrictEqual(yield* page(`?limit=3&after=${userId(5)}`), [])
      assert.strictEqual((yield* request("GET", `/guilds/${GUILD}/members`, { token: "stranger" })).status, 403)
    })
  )

  it.effect("one role is shown to members", () =>
    Effect.gen(function* () {
      const path = `/guilds/${GUILD}/roles/${STAFF}`
      const { body } = yield* request("GET", path)
      assert.deepInclude(Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(body), { name: "Staff" })
      assert.strictEqual((yield* request("GET", `/guilds/${GUILD}/roles/404`)).status, 404)
      assert.strictEqual((yield* request("GET", path, { token: "stranger" })).status, 403)
    })
  )

  it.effect("no role is put below the lowest, and none that is not there has an overwrite", () =>
    Effect.gen(function* () {
      const order = yield* request("PATCH", `/guilds/${GUILD}/roles`, { body: [{ id: STAFF, position: -5 }] })
      assert.strictEqual(order.status, 400)
      const permission_overwrites = [{ id: "404", type: 0, allow: "1024" }]
      const overwrite = yield* request("PATCH", `/channels/${GENERAL}`, { body: { permission_overwrites } })
      assert.deepStrictEqual([overwrite.status, ...problem(overwrite.body)], [404, 10011])
    })
  )
})
