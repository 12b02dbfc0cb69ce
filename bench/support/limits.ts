/** What it costs to count a request, beside what a request costs. */
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { community, general, member } from "../../examples/support/salon.ts"
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
import * as often from "../../test/support/rates.ts"
import { median, quick } from "./report.ts"

const ROUNDS = 7
const CALLS = quick ? 1_000 : 200_000
const REQUESTS = quick ? 20 : 1_000
const USERS = 1_000

const author = member(0)

const server = HttpRouter.serve(Ingress.layer(SessionSocket.webSocket.layer()), {
  disableLogger: true,
  disableListenLog: true
}).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide([
    Session.layer(),
    often.unlimited,
    Accounts.fromTokens([[Redacted.make("bench"), author.user]]),
    Guilds.layer([{ community, members: [author] }]).pipe(
      Layer.provide([Sampler.never, MemberStore.heap, Offload.inline])
    )
  ])
)

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

/** Microseconds to count a message, of many users. */
const counting = (): number => {
  const rates = new Rates.Rates({
    ...Rates.DEFAULTS,
    requests: { tokens: 1e6, millis: 1 },
    messages: { tokens: 1e6, millis: 1 }
  })
  const users = Array.from({ length: USERS }, (_, nth) => Ids.UserId.make(String(nth)))
  const took: Array<number> = []
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now()
    for (let nth = 0; nth < CALLS; nth++) counted(rates, users, nth)
    if (round >= 0) took.push(((performance.now() - start) * 1_000) / CALLS)
  }
  return median(took)
}

export const limits = Effect.map(posts, (post_us) => {
  const limits_us = counting()
  return { post_us, limits_us, limits_tax: 1 + limits_us / post_us }
})
