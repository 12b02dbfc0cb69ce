import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Recent } from "../../src/domain/Recent.ts"
import { TokenBuckets } from "../../src/domain/TokenBuckets.ts"
import { below, seeded } from "../support/random.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))

describe("TokenBuckets", () => {
  it.effect.prop(
    "whenever they come: no more than there are, one for each interval after that, and as many left as is said",
    [Seed],
    ([seed]) =>
      Effect.sync(() => {
        const random = seeded(seed)
        const tokens = 1 + below(random, 8)
        // Whole intervals: the model counts exactly.
        const interval = 1 + below(random, 50)
        const buckets = new TokenBuckets<string>({ tokens, millis: tokens * interval })
        const model = new Map<string, { left: number; since: number }>()
        let now = below(random, 1_000)
        for (let step = 0; step < 300; step++) {
          now += below(random, 3) === 0 ? below(random, 3 * interval) : 0
          const key = `key ${below(random, 3)}`
          const bucket = model.get(key) ?? { left: tokens, since: now }
          const back = Math.floor((now - bucket.since) / interval)
          bucket.left = Math.min(tokens, bucket.left + back)
          bucket.since = bucket.left === tokens ? now : bucket.since + back * interval
          const isTaken = bucket.left > 0
          if (isTaken) bucket.left--
          model.set(key, bucket)
          const passed = now - bucket.since
          assert.deepStrictEqual(rounded(buckets.take(key, now)), {
            isTaken,
            remaining: bucket.left,
            resetAfter: (tokens - bucket.left) * interval - passed,
            retryAfter: bucket.left > 0 ? 0 : interval - passed
          })
        }
      }),
    { arbitrary: { runs: 100 } }
  )

  it("whoever comes no more is forgotten, however many there were", () => {
    const buckets = new TokenBuckets<number>({ tokens: 2, millis: 1_000 })
    for (let key = 0; key < 10_000; key++) buckets.take(key, key)
    assert.isAtMost(buckets.size, 2_001)
  })

  it("in a flood of others at once, memory has a bound", () => {
    const buckets = new TokenBuckets<number>({ tokens: 2, millis: 1_000 }, 100)
    for (let key = 0; key < 10_000; key++) buckets.take(key, 0)
    assert.isAtMost(buckets.size, 200)
  })

  it("to look takes nothing", () => {
    const buckets = new TokenBuckets<string>({ tokens: 1, millis: 1_000 })
    for (let time = 0; time < 3; time++) assert.strictEqual(buckets.look("ada", 0).remaining, 1)
    assert.isTrue(buckets.take("ada", 0).isTaken)
    assert.strictEqual(buckets.look("ada", 0).remaining, 0)
    assert.strictEqual(buckets.look("ada", 1_000).remaining, 1)
  })
})

const rounded = <A extends { readonly resetAfter: number; readonly retryAfter: number }>(all: A) => ({
  ...all,
  resetAfter: Math.round(all.resetAfter),
  retryAfter: Math.round(all.retryAfter)
})

describe("Recent", () => {
  it("keeps what was noted since the turn before the last", () => {
    const recent = new Recent<string, number>(10)
    recent.set("a", 1)
    recent.turn()
    recent.set("b", 2)
    assert.deepStrictEqual([recent.get("a"), recent.get("b")], [1, 2])
    recent.turn()
    assert.deepStrictEqual([recent.get("a"), recent.get("b")], [undefined, 2])
  })
})
