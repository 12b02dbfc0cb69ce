/** The sixteen-minute incident of the posts, on the test's clock. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { incident, MESSAGES, MILLIS_EACH } from "../../examples/support/incident.ts"

/** What a relay's mailbox holds, and the message that it is at. */
const AT_RELAY = 1025 * MILLIS_EACH

it.effect("the trace of a member who connects shows the wait to the millisecond, and where it was", () =>
  Effect.gen(function* () {
    const spans = yield* incident
    const wait = MESSAGES * MILLIS_EACH
    assert.strictEqual(wait, 16 * 60 * 1000)
    const parent = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name
    const start = spans[0]?.startMillis ?? Number.NaN
    const waits = (name: string) => Number(spans.find((span) => span.name === name)?.attributes["mailbox.wait_ms"])
    const atGuild = waits("guild.Connect")
    assert.strictEqual(atGuild + waits("relay.Attach"), wait)
    assert.isTrue(wait - atGuild <= AT_RELAY && wait - atGuild > AT_RELAY - 10 * MILLIS_EACH)
    assert.deepStrictEqual(
      spans.map(({ durationMillis, name, parentSpanId, startMillis }) => [
        `${parent(parentSpanId)} → ${name}`,
        startMillis - start,
        durationMillis
      ]),
      [
        ["undefined → member.connects", 0, atGuild + MILLIS_EACH],
        // For one more fan-out the guild waits for room at the relay.
        ["member.connects → guild.Connect", atGuild, MILLIS_EACH],
        ["guild.Connect → relay.Attach", wait, MILLIS_EACH],
        ["relay.Attach → session.deliver", wait + MILLIS_EACH, 0]
      ]
    )
  })
)
