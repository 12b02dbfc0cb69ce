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

  it.effect("whoever begins very many traces takes the places of their own", () =>
    Effect.gen(function* () {
      const begin = (name: string, user: string) =>
        Effect.withSpan(Effect.withSpan(Effect.void, "inner"), name, { root: true, attributes: { "user.id": user } })
      yield* begin("owner's", "1")
      for (let nth = 0; nth < 20; nth++) yield* begin(`flood ${nth}`, "2")
      yield* begin("another's", "3")
      const { spans, traceIds } = yield* TraceStore.TraceStore
      const kept = yield* Effect.forEach(yield* traceIds, (id) =>
        Effect.map(spans(id), (all) => all.find(({ parentSpanId }) => parentSpanId === undefined)?.name)
      )
      assert.deepStrictEqual(kept, ["owner's", "flood 18", "flood 19", "another's"])
    }).pipe(Effect.provide(TraceStore.ring({ traces: 4 })))
  )
})
