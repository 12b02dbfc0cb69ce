/** What it costs to count a request, or a frame from a client, beside what that costs. */
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
  SessionSocket
} from "../../src/index.ts"
import { login } from "../../test/support/client.ts"
import * as often from "../../test/support/rates.ts"
import { median, quick } from "./report.ts"

const ROUNDS = 7
const CALLS = quick ? 1_000 : 200_000
const REQUESTS = quick ? 20 : 1_000
const USERS = 1_000

const author = member(0)

const surroundings = Layer.mergeAll(
  Session.layer(),
  often.unlimited,
  Accounts.fromTokens([[Redacted.make("bench"), author.user]]),
  Guilds.layer([{ community, members: [author] }]).pipe(
    Layer.provide([Sampler.never, MemberStore.heap, Offload.inline])
  )
)

const server = HttpRouter.serve(Ingress.layer(SessionSocket.webSocket.layer()), {
  disableLogger: true,
  disableListenLog: true
}).pipe(Layer.provideMerge(NodeHttpServer.layerTest), Layer.provide(surroundings))

const post = HttpClientRequest.post(`/api/v10/channels/${general.id}/messages`).pipe(
  HttpClientRequest.setHeader("authorization", "Bot bench"),
  HttpClientRequest.bodyText(JSON.stringify({ content: "hello" }), "application/json")
)

/** Microseconds of a POST, by a client in this process. */
const posts = Effect.gen(function* () {
  const took: Array<number> = []
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now()
    for (let nth = 0; nth < REQUESTS; nth++) yield* Effect.flatMap(HttpClient.execute(post), ({ text }) => text)
    if (round >= 0) took.push(((performance.now() - start) * 1_000) / REQUESTS)
  }
  return median(took)
}).pipe(Effect.provide(server))

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

/** Microseconds of a frame that says a client's presence, by clients in memory. */
const frames = Effect.gen(function* () {
  const took: Array<number> = []
  for (let round = -1; round < ROUNDS; round++) {
    const micros = yield* Effect.scoped(
      Effect.gen(function* () {
        const clients = yield* Effect.forEach(Array.from({ length: CONNECTIONS }), () => login("bench"))
        const start = performance.now()
        for (const { say } of clients) {
          for (let nth = 0; nth < FRAMES; nth++) yield* say(Opcode.PRESENCE_UPDATE, PRESENCES[nth % 2])
          yield* say(Opcode.HEARTBEAT, null)
        }
        for (const { next } of clients) while ((yield* next).op !== Opcode.HEARTBEAT_ACK);
        return ((performance.now() - start) * 1_000) / (CONNECTIONS * FRAMES)
      })
    )
    if (round >= 0) took.push(micros)
  }
  return median(took)
}).pipe(Effect.provide(surroundings))

export const limits = Effect.gen(function* () {
  const post_us = yield* posts
  const frame_us = yield* frames
  const { frame, message } = counting()
  return {
    post_us,
    frame_us,
    limits_us: message,
    frame_limits_us: frame,
    limits_tax: 1 + message / post_us,
    frame_limits_tax: 1 + frame / frame_us
  }
})
