import { NodeHttpServer } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient, HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import * as Health from "../../../src/programs/ingress/health.ts"
import { Guilds } from "../../../src/programs/Guilds.ts"
import * as guilds from "../../support/guilds.ts"

it.effect("guilds are asked once a second, however many want to know", () => {
  let asked = 0
  const counted = Layer.effect(
    Guilds,
    Effect.map(Guilds, (all) => ({
      ...all,
      get all() {
        asked++
        return all.all
      }
    }))
  ).pipe(Layer.provide(guilds.layer(1)))
  const server = HttpRouter.serve(Health.route, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(NodeHttpServer.layerTest),
    Layer.provide(counted)
  )
  return Effect.gen(function* () {
    const health = Effect.map(HttpClient.get("/healthz"), ({ status }) => status)
    const many = Effect.all(
      Array.from({ length: 50 }, () => health),
      { concurrency: "unbounded" }
    )
    asked = 0
    assert.deepStrictEqual(new Set(yield* many), new Set([200]))
    assert.strictEqual(asked, 1)
    yield* TestClock.adjust("1 second")
    yield* many
    yield* many
    assert.strictEqual(asked, 2)
    yield* TestClock.adjust("1 second")
    yield* health
    assert.strictEqual(asked, 3)
  }).pipe(Effect.provide(server))
})
