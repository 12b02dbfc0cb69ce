/** The sixteen-minute incident of the posts, on the test's clock. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { incident, MESSAGES, MILLIS_EACH } from "../../examples/support/incident.ts"

it.effect("the trace of a member who connects shows the wait to the millisecond, and what it held up", () =>
  Effect.gen(function* () {
    const spans = yield* incident
    const wait = MESSAGES * MILLIS_EACH
    assert.strictEqual(wait, 16 * 60 * 1000)
    const parent = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name
    assert.deepStrictEqual(
      spans.map(({ attributes, durationMillis, name, parentSpanId, startMillis }) => [
        `${parent(parentSpanId)} → ${name}`,
        startMillis,
        durationMillis,
        attributes["mailbox.wait_ms"]
      ]),
      [
        ["undefined → member.connects", 0, wait + MILLIS_EACH, undefined],
        ["member.connects → guild.Connect", wait, MILLIS_EACH, wait],
        ["guild.Connect → relay.Attach", wait + MILLIS_EACH, 0, 0],
        ["relay.Attach → session.deliver", wait + MILLIS_EACH, 0, 0]
      ]
    )
  })
)
