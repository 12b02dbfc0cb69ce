/** How many searches of members are under way, whoever asks, in whichever guild. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import * as Offload from "../../../src/layers/Offload.ts"
import * as Sampler from "../../../src/layers/Sampler.ts"
import * as Guild from "../../../src/programs/Guild.ts"
import { communityOf, guildId, member, userId } from "../../support/community.ts"
import { over } from "../../support/slowStore.ts"

const settle = Effect.repeat(Effect.yieldNow, { times: 200 })

it.effect("each user has one search at a time, and there are no more than sixteen", () => {
  let now = 0
  const endless = Effect.acquireUseRelease(
    Effect.sync(() => void now++),
    () => Effect.never,
    () => Effect.sync(() => void now--)
  )
  const store = over(() => ({ ids: () => endless, scan: () => Stream.fromEffect(endless) }))
  return Effect.gen(function* () {
    const make = (index: number) => Guild.make({ community: communityOf(guildId(index)), members: [member(1)] })
    const guilds = [yield* make(0), yield* make(1)]
    const search = (by: number) =>
      Effect.forEach(guilds, ({ members }) =>
        Effect.forEach([undefined, 1], (limit) =>
          Effect.forkChild(Effect.ignore(members.find("a", { by: userId(by), limit })))
        )
      )
    const first = (yield* search(1)).flat()
    yield* settle
    assert.strictEqual(now, 1)
    const others = yield* Effect.forEach(Array.from({ length: 30 }), (_, index) => search(2 + index))
    yield* settle
    assert.strictEqual(now, 16)
    // What is not searched takes no place.
    const [guild] = guilds
    assert.strictEqual((yield* guild?.members.page(userId(0), 5) ?? Effect.succeed([])).length, 1)
    yield* Fiber.interruptAll(others.flat(2))
    yield* settle
    assert.strictEqual(now, 1)
    yield* Fiber.interruptAll(first)
    yield* settle
    assert.strictEqual(now, 0)
  }).pipe(Effect.scoped, Effect.provide([store, Sampler.never, Offload.inline]))
})
