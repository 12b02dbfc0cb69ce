import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as TraceStore from "../../src/layers/TraceStore.ts"
import { callerSpan, TRACE_ID } from "../support/tracing.ts"

describe("TraceStore", () => {
  it.effect("shows a trace, whatever its spans have for attributes", () =>
    Effect.gen(function* () {
      const attributes = { text: "text", count: 1, nothing: undefined, bare: Object.create(null), list: [1, 2] }
      yield* Effect.withSpan(Effect.void, "span", { parent: callerSpan, attributes })
      const spans = yield* (yield* TraceStore.TraceStore).spans(TRACE_ID)
      assert.deepStrictEqual(
        spans.map((span) => span.attributes),
        [{ text: "text", count: 1, nothing: "undefined", bare: "(not printable)", list: "1,2" }]
      )
    }).pipe(Effect.provide(TraceStore.ring()))
  )
})
