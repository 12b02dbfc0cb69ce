/**
 * What it costs to count a request, or a frame from a client: by itself beside what those cost, and from two servers in turn,
 * one of which counts nothing.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { community, general, member } from "../../examples/support/salon.ts"
import * as Opcode from "../../src/domain/gateway/Opcode.ts"
import * as Address from "../../src/domain/Address.ts"
import {
  Accounts,
  Guilds,
  Ids,
  Ingress,
  MemberStore,
  Offload,
  Rates,
  Sampler,
  Session,
  SessionSocket,
  TokenBuckets
} from "../../src/index.ts"
import { login } from "../../test/support/client.ts"
import * as often from "../../test/support/rates.ts"
import { median, quick } from "./report.ts"

const ROUNDS = quick ? 2 : 30
const CALLS = quick ? 1_000 : 200_000
const REQUESTS = quick ? 20 : 300
const USERS = 1_000

const author = member(0)

/** Buckets that are never looked at. */
class Uncounted<Key> extends TokenBuckets.TokenBuckets<Key> {
  override take() {
    return { isTaken: true, remaining: 1, resetAfter: 0, retryAfter: 0 }
  }
}

/** Limits that nobody counts for. */
class Off extends Rates.Rates {
  override readonly updates = new Uncounted<Ids.UserId>(Rates.DEFAULTS.updates)
  override request() {
    return UNCOUNTED
  }
  override routed() {
    return UNCOUNTED
  }
  override message() {
    return UNCOUNTED
  }
  override identify() {
    return UNCOUNTED
  }
  override wait() {
    return 0
  }
  override looked() {}
}

const UNCOUNTED: Rates.Counted = {
  limit: "requests",
  most: 1,
  isTaken: true,
  remaining: 1,
  resetAfter: 0,
  retryAfter: 0
}

const off = Layer.sync(Rates.Reference, () => new Off())

const surroundings = (rates: Layer.Layer<never>) =>
  Layer.mergeAll(
    Session.layer(),
    rates,
    Accounts.fromTokens([[Redacted.make("bench"), author.user]]),
    Guilds.layer([{ community, members: [author] }]).pipe(
      Layer.provide([Sampler.never, MemberStore.heap, Offload.inline])
    )
  )

const server = (rates: Layer.Layer<never>) =>
  HttpRouter.serve(Ingress.layer(SessionSocket.webSocket.layer()), {
    disableLogger: true,
    disableListenLog: true
  }).pipe(Layer.provideMerge(Layer.fresh(NodeHttpServer.layerTest)), Layer.provide(surroundings(rates)))

const RATES = { on: often.unlimited, off }
type Counting = keyof typeof RATES

/** Medians of rounds in turn, each in microseconds. */
const inTurn = <E, R>(round: (counting: Counting) => Effect.Effect<number, E, R>) =>
  Effect.gen(function* () {
    const took: Record<Counting, Array<number>> = { on: [], off: [] }
    for (let nth = -1; nth < ROUNDS; nth++) {
      for (const counting of nth % 2 === 0 ? (["on", "off"] as const) : (["off", "on"] as const)) {
        const micros = yield* round(counting)
        if (nth >= 0) took[counting].push(micros)
      }
    }
    return { on: median(took.on), off: median(took.off) }
  })

const post = HttpClientRequest.post(`/api/v10/channels/${general.id}/messages`).pipe(
  HttpClientRequest.setHeader("authorization", "Bot bench"),
  HttpClientRequest.bodyText(JSON.stringify({ content: "hello" }), "application/json")
)

/** A POST, by a client in this process. */
const posts = Effect.gen(function* () {
  const servers = { on: yield* Layer.build(server(RATES.on)), off: yield* Layer.build(server(RATES.off)) }
  return yield* inTurn((counting) =>
    Effect.gen(function* () {
      const start = performance.now()
      for (let nth = 0; nth < REQUESTS; nth++) yield* Effect.flatMap(HttpClient.execute(post), ({ text }) => text)
      return ((performance.now() - start) * 1_000) / REQUESTS
    }).pipe(Effect.provideContext(servers[counting]))
  )
})

/** All that is counted of a message: where it comes from, its token, its user, and its channel. */
const counted = (rates: Rates.Rates, users: ReadonlyArray<Ids.UserId>, nth: number): void => {
  const now = performance.now()
  const user = users[nth % users.length] ?? author.user.id
  const address = Address.client("203.0.113.7")
  rates.wait(address, "bench", now)
  rates.looked(address, "bench", true, now)
  rates.request(user, now)
  rates.message(user, general.id, now)
}

const timed = (calls: number, call: (nth: number) => void): number => {
  const took: Array<number> = []
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now()
    for (let nth = 0; nth < calls; nth++) call(nth)
    if (round >= 0) took.push(((performance.now() - start) * 1_000) / calls)
  }
  return median(took)
}

/** Microseconds to count a message, and a frame, of many users. */
const counting = () => {
  const often = { tokens: 1e6, millis: 1 }
  const rates = new Rates.Rates({ ...Rates.DEFAULTS, requests: often, messages: often, updates: often })
  const users = Array.from({ length: USERS }, (_, nth) => Ids.UserId.make(String(nth)))
  return {
    message: timed(CALLS, (nth) => counted(rates, users, nth)),
    frame: timed(CALLS, (nth) => void rates.updates.take(users[nth % USERS] ?? author.user.id, performance.now()))
  }
}

/** A connection may send no more in a minute. */
const FRAMES = 100
const CONNECTIONS = quick ? 2 : 50

const PRESENCES = ["idle", "dnd"].map((status) => ({ since: null, activities: [], status, afk: false }))

/** A frame that says a client's presence, by clients in memory. */
const frames = Effect.gen(function* () {
  const servers = { on: yield* Layer.build(surroundings(RATES.on)), off: yield* Layer.build(surroundings(RATES.off)) }
  return yield* inTurn((counting) =>
    Effect.gen(function* () {
      const clients = yield* Effect.forEach(Array.from({ length: CONNECTIONS }), () => login("bench"))
      const start = performance.now()
      for (const { say } of clients) {
        for (let nth = 0; nth < FRAMES; nth++) yield* say(Opcode.PRESENCE_UPDATE, PRESENCES[nth % 2])
        yield* say(Opcode.HEARTBEAT, null)
      }
      for (const { next } of clients) while ((yield* next).op !== Opcode.HEARTBEAT_ACK);
      return ((performance.now() - start) * 1_000) / (CONNECTIONS * FRAMES)
    }).pipe(Effect.scoped, Effect.provideContext(servers[counting]))
  )
})

export const limits = Effect.gen(function* () {
  const posted = yield* posts
  const framed = yield* frames
  const { frame, message } = counting()
  return {
    post_us: posted.on,
    frame_us: framed.on,
    limits_us: message,
    frame_limits_us: frame,
    limits_tax: posted.on / posted.off,
    frame_limits_tax: framed.on / framed.off,
    limits_tax_alone: 1 + message / posted.on,
    frame_limits_tax_alone: 1 + frame / framed.on
  }
})
