#!/usr/bin/env bash
# effect 4.1.0: RateLimiter, with its store in memory, goes by the wall clock, and keeps every key that it ever heard of.
#
# Behaviour, of a token bucket of 5 a second:
#   a token is taken, the clock is set back by an hour, as an operator does, and the other four are taken. One more, wanted
#   after two seconds, is refused, with a `retryAfter` of 0.2 s; it is refused again half an hour later, with the same
#   `retryAfter`, and so on until the hour is over (the same bucket, the clock left alone, gives it after two seconds)
#   100,000 keys take one token each, and never come again: an hour later, when every bucket has long been full, and after a
#   collection, some 150 bytes of each are still there, and there is no way to have them forgotten
# One would expect an interval to be measured by `monotonicTimeNanos`, as the docs of `Clock` advise, and a bucket that is full to
# cost nothing: a key may be an address, of which strangers have as many as they like.
#
# Output seen (Node.js 20.20.2 and 24.21.0; bytes may differ by some tens):
#   clock left alone: taken after 2 s, taken half an hour later
#   clock set back by an hour: refused after 2 s (try again in 200 ms), refused half an hour later (try again in 200 ms)
#   kept of 100000 keys, an hour later: 15 MB
#
# Fails if that changes. Needs Node.js >= 20.16 and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0
cat >run.mjs <<'JS'
import { Clock, Duration, Effect, Layer } from "effect"
import { RateLimiter } from "effect/persistence"

let [wall, monotonic] = [1_800_000_000_000, 0]
const clock = {
  currentTimeMillisUnsafe: () => wall,
  currentTimeMillis: Effect.sync(() => wall),
  currentTimeNanosUnsafe: () => BigInt(wall) * 1_000_000n,
  currentTimeNanos: Effect.sync(() => BigInt(wall) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => BigInt(monotonic) * 1_000_000n,
  monotonicTimeNanos: Effect.sync(() => BigInt(monotonic) * 1_000_000n),
  sleep: () => Effect.void
}
const passes = (millis) => {
  wall += millis
  monotonic += millis
}

const limiter = RateLimiter.make.pipe(Effect.provide(RateLimiter.layerStoreMemory))
const options = { algorithm: "token-bucket", window: "1 second", limit: 5 }

const after = (name, set) =>
  Effect.gen(function* () {
    const { consume } = yield* limiter
    const take = consume({ ...options, key: "ada" })
    yield* take
    wall += set
    for (let nth = 0; nth < 4; nth++) yield* take
    const answer = Effect.match(take, {
      onSuccess: () => ({ isTaken: true, said: "taken" }),
      onFailure: ({ reason }) => ({
        isTaken: false,
        said: `refused`,
        more: ` (try again in ${Duration.toMillis(reason.retryAfter)} ms)`
      })
    })
    passes(2_000)
    const soon = yield* answer
    passes(1_800_000)
    const later = yield* answer
    const told = ({ more = "", said }, when) => `${said} ${when}${more}`
    console.log(`${name}: ${told(soon, "after 2 s")}, ${told(later, "half an hour later")}`)
    return soon.isTaken && later.isTaken
  })

const KEYS = 100_000
const kept = Effect.gen(function* () {
  const { consume } = yield* limiter
  const inUse = () => {
    for (let time = 0; time < 4; time++) globalThis.gc()
    return process.memoryUsage().heapUsed
  }
  yield* consume({ ...options, key: "first" })
  const before = inUse()
  for (let nth = 0; nth < KEYS; nth++) yield* consume({ ...options, key: `198.51.${nth >> 8}.${nth & 255}` })
  passes(3_600_000)
  yield* consume({ ...options, key: "last" })
  const bytes = inUse() - before
  console.log(`kept of ${KEYS} keys, an hour later: ${Math.round(bytes / 1e6)} MB`)
  yield* consume({ ...options, key: "last" })
  return bytes / KEYS
})

const program = Effect.gen(function* () {
  const alone = yield* after("clock left alone", 0)
  const back = yield* after("clock set back by an hour", -3_600_000)
  return alone && !back && (yield* kept) > 60
})

if (!(await Effect.runPromise(Effect.provideService(program, Clock.Clock, clock)))) {
  console.log("this has changed")
  process.exit(1)
}
JS
node --expose-gc run.mjs
