/** Where sixteen minutes went: the trace of a member who connects to a guild that cannot keep up. */
import { Console, Effect } from "effect"
import { TestClock } from "effect/testing"
import { incident, MESSAGES, MILLIS_EACH } from "./support/incident.ts"

const clock = (millis: number) =>
  [millis / 60_000, (millis / 1000) % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":") +
  `.${String(Math.round(millis % 1000)).padStart(3, "0")}`

const program = Effect.gen(function* () {
  const spans = yield* incident
  const start = Math.min(...spans.map(({ startMillis }) => startMillis))
  yield* Console.log(`${MESSAGES} messages before hers, ${MILLIS_EACH} ms each. Her trace, in minutes:seconds:`)
  yield* Console.table(
    spans.map(({ attributes, durationMillis, name, startMillis }) => ({
      span: name,
      "begins at": clock(startMillis - start),
      takes: clock(durationMillis),
      "waited in the mailbox (ms)": attributes["mailbox.wait_ms"] ?? ""
    }))
  )
})

Effect.runPromise(Effect.provide(program, TestClock.layer()))
