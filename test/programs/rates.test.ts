/** How often somebody may do what, whichever way they come: what they are told at the limit, and when they may go on. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import * as Rates from "../../src/domain/gateway/Rates.ts"
import * as Opcode from "../../src/domain/gateway/Opcode.ts"
import * as Metrics from "../../src/domain/Metrics.ts"
import * as grpcSocket from "../../src/layers/SessionSocket/grpc.ts"
import * as webSocket from "../../src/layers/SessionSocket/webSocket.ts"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"
import * as Ingress from "../../src/programs/Ingress.ts"
import { connect, login } from "../support/client.ts"
import { GENERAL, GUILD, READ_ONLY } from "../support/community.ts"
import * as grpc from "../support/grpc.ts"
import * as guilds from "../support/guilds.ts"

/** As by default, each test with its own. */
const limits = (own?: Partial<Rates.Limits>) =>
  Layer.sync(Rates.Reference, () => new Rates.Rates({ ...Rates.DEFAULTS, ...own }))

const server = (own?: Partial<Rates.Limits>) =>
  HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(NodeHttpServer.layerTest),
    Layer.provideMerge(guilds.layer(4, { rates: limits(own) }))
  )

const ask = Effect.fnUntraced(function* (method: "GET" | "POST", path: string, token: string, forwarded?: string) {
  const request = HttpClientRequest.make(method)(`/api/v10${path}`).pipe(
    HttpClientRequest.setHeader("authorization", `Bot ${token}`),
    forwarded === undefined ? (same) => same : HttpClientRequest.setHeader("x-forwarded-for", forwarded),
    method === "GET"
      ? (same) => same
      : HttpClientRequest.bodyText(JSON.stringify({ content: "hello" }), "application/json")
  )
  const { headers, json, status } = yield* HttpClient.execute(request)
  return { status, headers, body: status === 204 ? null : yield* json }
})

const messages = `/channels/${GENERAL}/messages`
const count = (name: Parameters<typeof Metrics.limited>[0]) =>
  Effect.map(Metric.value(Metrics.limited(name)), ({ count }) => Number(count))

const statuses = (all: ReadonlyArray<{ readonly status: number }>) => all.map(({ status }) => status)
const times = (number: number) => Array.from({ length: number }, (_, index) => index)

describe("requests", () => {
  it.effect("a channel takes five messages in five seconds of each who writes, and says where that stands", () =>
    Effect.gen(function* () {
      const before = yield* count("messages")
      const sent = yield* Effect.forEach(times(6), () => ask("POST", messages, "token-1"))
      assert.deepStrictEqual(statuses(sent), [200, 200, 200, 200, 200, 429])
      const [first, , , , , last] = sent
      assert.deepInclude(first?.headers, {
        "x-ratelimit-bucket": "messages",
        "x-ratelimit-limit": "5",
        "x-ratelimit-remaining": "4",
        "x-ratelimit-reset-after": "1.000",
        "x-ratelimit-reset": "1.000"
      })
      assert.deepInclude(last?.headers, {
        "retry-after": "1",
        "x-ratelimit-scope": "user",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset-after": "5.000"
      })
      assert.deepStrictEqual(last?.body, {
        message: "You are being rate limited.",
        code: 0,
        retry_after: 1,
        global: false
      })
      assert.strictEqual((yield* count("messages")) - before, 1)
      // Others, and other channels, are not concerned.
      assert.strictEqual((yield* ask("POST", messages, "token-2")).status, 200)
      assert.strictEqual((yield* ask("POST", `/channels/${READ_ONLY}/messages`, "token-1")).status, 403)
      yield* TestClock.adjust("1 second")
      const later = yield* Effect.forEach(times(2), () => ask("POST", messages, "token-1"))
      assert.deepStrictEqual(statuses(later), [200, 429])
    }).pipe(Effect.provide(server()))
  )

  it.effect("a route about one guild takes ten in five seconds, and others of that user go on", () =>
    Effect.gen(function* () {
      const asked = yield* Effect.forEach(times(11), () => ask("GET", `/guilds/${GUILD}/roles`, "token-1"))
      assert.deepStrictEqual(statuses(asked), [...times(10).map(() => 200), 429])
      assert.strictEqual((yield* ask("GET", `/guilds/${GUILD}/channels`, "token-1")).status, 200)
      assert.strictEqual((yield* ask("GET", `/guilds/2/roles`, "token-1")).status, 404)
    }).pipe(Effect.provide(server()))
  )

  it.effect("beyond all that a user may ask for, whatever it is, they are told that it is so everywhere", () =>
    Effect.gen(function* () {
      const asked = yield* Effect.forEach(times(4), (index) => ask("GET", `/guilds/${index + 2}`, "token-1"))
      assert.deepStrictEqual(statuses(asked), [404, 404, 404, 429])
      const last = asked.at(-1)
      assert.deepInclude(last?.headers, { "x-ratelimit-scope": "global", "x-ratelimit-global": "true" })
      assert.deepInclude(last?.body, { global: true })
      assert.isUndefined(last?.headers["x-ratelimit-bucket"])
    }).pipe(Effect.provide(server({ requests: { tokens: 3, millis: 3_000 } })))
  )

  it.live("a message counts the same whichever way it comes", () =>
    Effect.gen(function* () {
      const client = yield* Effect.flatMap(GrpcIngress.GrpcIngress, ({ host, port }) => grpc.connect(`${host}:${port}`))
      const as = { authorization: "Bot token-1" }
      const hello = { channelId: GENERAL, content: "hello" }
      for (const _ of times(2)) yield* client.sendMessage(hello, as)
      assert.strictEqual((yield* ask("POST", messages, "token-1")).status, 200)
      assert.strictEqual((yield* ask("POST", messages, "token-1")).status, 429)
      const { code, details } = yield* Effect.flip(client.sendMessage(hello, as))
      assert.strictEqual(code, 8)
      assert.match(details, /^You are being rate limited\. Try again in \d+(\.\d+)? s\.$/)
      yield* client.sendMessage(hello, { authorization: "Bot token-2" })
      // So do sessions that begin.
      for (const _ of times(2)) yield* login("token-3")
      const unreadable = { channelId: "none", content: "hello" }
      const asked = yield* Effect.forEach(
        times(60),
        () => Effect.flip(client.sendMessage(unreadable, { authorization: "Bot token-4" })),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(new Set(asked.map(({ code }) => code)), new Set([3, 8]))
      const stream = yield* client.subscribe({ intents: 0, guildId: "" }, { authorization: "Bot token-3" })
      const end = yield* Effect.flip(stream.next)
      assert.deepInclude(end, { code: 8 })
    }).pipe(
      Effect.provide(
        GrpcIngress.layer({ host: "127.0.0.1", port: 0, grace: "250 millis", socket: grpcSocket.layer }).pipe(
          Layer.provideMerge(
            server({ messages: { tokens: 3, millis: 3_600_000 }, identifies: { tokens: 2, millis: 3_600_000 } })
          )
        )
      ),
      Effect.scoped
    )
  )
})

describe("tokens that are nobody's", () => {
  it.effect("an address that has tried many waits, and who was known there goes on", () =>
    Effect.gen(function* () {
      const there = (token: string) => ask("GET", "/users/@me", token, "198.51.100.1")
      assert.strictEqual((yield* there("token-1")).status, 200)
      const tried = yield* Effect.forEach(times(5), (index) => there(`wrong-${index}`))
      assert.deepStrictEqual(statuses(tried), [401, 401, 401, 429, 429])
      assert.deepInclude(tried.at(-1)?.headers, { "retry-after": "20", "x-ratelimit-scope": "global" })
      // Right or wrong, what is new there is not looked at.
      assert.strictEqual((yield* there("token-2")).status, 429)
      assert.strictEqual((yield* there("token-1")).status, 200)
      assert.strictEqual((yield* ask("GET", "/users/@me", "token-2", "198.51.100.2")).status, 200)
      const client = yield* connect({ query: { address: "198.51.100.1" } })
      yield* client.next
      yield* client.say(Opcode.IDENTIFY, { token: "token-3", intents: 1 })
      assert.deepStrictEqual((yield* Effect.flip(client.next)).code, 4008)
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* there("token-2")).status, 200)
    }).pipe(Effect.provide(server({ wrongTokens: { tokens: 3, millis: 60_000 } })), Effect.scoped)
  )
})

/** A client that knows what to say next. */
const greeted = Effect.gen(function* () {
  const client = yield* connect()
  yield* client.next
  return { ...client, identify: client.say(Opcode.IDENTIFY, { token: "token-1", intents: 1 }) }
})

const Bot = Schema.Struct({ session_start_limit: Schema.Record(Schema.String, Schema.Int) })

describe("the gateway", () => {
  it.effect("who begins too many sessions at once is told to identify again, and may in a while", () =>
    Effect.gen(function* () {
      for (const _ of times(2)) yield* login("token-1")
      const client = yield* greeted
      yield* client.identify
      assert.deepInclude(yield* client.next, { op: Opcode.INVALID_SESSION, d: false })
      yield* TestClock.adjust("2500 millis")
      yield* client.identify
      yield* client.until("READY")
      yield* login("token-2")
      const { body } = yield* ask("GET", "/gateway/bot", "token-1")
      assert.deepStrictEqual(Schema.decodeUnknownSync(Bot)(body).session_start_limit, {
        total: 1_000,
        remaining: 997,
        reset_after: 3 * 86_400 - 2_500,
        max_concurrency: 2
      })
    }).pipe(Effect.provide(server({ identifies: { tokens: 2, millis: 5_000 } })), Effect.scoped)
  )

  it.effect("who is told to identify again has ten seconds each time, and a minute in all", () =>
    Effect.gen(function* () {
      yield* login("token-1")
      const client = yield* greeted
      for (const _ of times(7)) {
        yield* client.identify
        assert.deepInclude(yield* client.next, { op: Opcode.INVALID_SESSION })
        yield* TestClock.adjust("8 seconds")
      }
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual((yield* Effect.flip(client.next)).code, 4009)
    }).pipe(Effect.provide(server({ identifies: { tokens: 1, millis: 3_600_000 } })), Effect.scoped)
  )

  it.effect("who has no sessions left to begin is not told to try again in a moment", () =>
    Effect.gen(function* () {
      yield* login("token-1")
      const client = yield* greeted
      yield* client.identify
      assert.strictEqual((yield* Effect.flip(client.next)).code, 4008)
    }).pipe(Effect.provide(server({ sessionStarts: { tokens: 1, millis: 3_600_000 } })), Effect.scoped)
  )

  it.effect("what bots are told of how fast they may begin is what they may", () =>
    Effect.gen(function* () {
      const { body } = yield* ask("GET", "/gateway/bot", "token-1")
      assert.strictEqual(Schema.decodeUnknownSync(Bot)(body).session_start_limit.max_concurrency, 5)
    }).pipe(Effect.provide(server({ identifies: { tokens: 60, millis: 60_000 } })))
  )

  it.effect("over several connections nobody says more of themselves than over one", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* login("token-1"), yield* login("token-1")]
      const say = (client: typeof one) =>
        client.say(Opcode.VOICE_STATE_UPDATE, { guild_id: GUILD, channel_id: null, self_mute: false, self_deaf: false })
      for (const client of [one, other, one]) yield* say(client)
      yield* say(other)
      assert.strictEqual((yield* Effect.flip(other.until("nothing"))).code, 4008)
      const another = yield* login("token-2")
      yield* say(another)
      yield* another.say(Opcode.HEARTBEAT, null)
      assert.deepInclude(yield* another.next, { op: Opcode.HEARTBEAT_ACK })
    }).pipe(Effect.provide(server({ updates: { tokens: 3, millis: 60_000 } })), Effect.scoped)
  )
})
