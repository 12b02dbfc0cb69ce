#!/usr/bin/env bash
# effect 4.1.0: a Schedule that is bounded in time goes by the wall clock, though Effect's Clock has a monotonic one.
#
# Behaviour: `Schedule.upTo({ duration: "1 second" })` is repeated every 100 ms, and after a quarter of a second the wall
# clock is set by an hour, as NTP or an operator does; the monotonic clock goes on as ever.
#   not set        ends after 1 s, having run 11 times
#   set forward    ends at the next step, after 0.3 s, having run 4 times
#   set back       has not ended after 1.5 s (it would after an hour), having run 15 times
# One would expect a duration to be measured by `monotonicTimeNanos`, as the docs of `Clock` advise.
#
# Output seen (Node.js 20.20.2 and 24.21.0; counts may be off by one):
#   not set: ended true, ran 11 times
#   set forward by an hour: ended true, ran 4 times
#   set back by an hour: ended false, ran 15 times
#
# Fails if that changes. Needs Node.js >= 20.16 and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0
cat >run.mjs <<'JS'
import { Clock, Context, Effect, Option, Schedule } from "effect"

const live = Context.get(Context.empty(), Clock.Clock)
let step = 0
const millis = () => live.currentTimeMillisUnsafe() + step
const nanos = () => live.currentTimeNanosUnsafe() + BigInt(step) * 1_000_000n
const clock = {
  currentTimeMillisUnsafe: millis,
  currentTimeMillis: Effect.sync(millis),
  currentTimeNanosUnsafe: nanos,
  currentTimeNanos: Effect.sync(nanos),
  monotonicTimeNanosUnsafe: () => live.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: live.monotonicTimeNanos,
  sleep: (duration) => live.sleep(duration)
}

const repeated = async (name, by) => {
  step = 0
  let times = 0
  setTimeout(() => (step = by), 250)
  const policy = Schedule.upTo(Schedule.spaced("100 millis"), { duration: "1 second" })
  const program = Effect.repeat(Effect.sync(() => times++), policy).pipe(
    Effect.timeoutOption("1500 millis"),
    Effect.provideService(Clock.Clock, clock)
  )
  const ended = Option.isSome(await Effect.runPromise(program))
  console.log(`${name}: ended ${ended}, ran ${times} times`)
  return { ended, times }
}

const HOUR = 3_600_000
const usual = await repeated("not set", 0)
const forward = await repeated("set forward by an hour", HOUR)
const back = await repeated("set back by an hour", -HOUR)
const isSo = usual.ended && usual.times > 7 && forward.ended && forward.times <= 5 && !back.ended && back.times > usual.times
if (!isSo) {
  console.log("this has changed")
  process.exit(1)
}
JS
node run.mjs
