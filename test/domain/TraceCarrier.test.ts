import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import * as TraceCarrier from "../../src/domain/TraceCarrier.ts"
import * as TraceContext from "../../src/domain/TraceContext.ts"
import { TraceContexts } from "../support/arbitraries.ts"

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
const SPAN = "00f067aa0ba902b7"
const PARENT = `00-${TRACE}-${SPAN}-01`

describe("TraceCarrier", () => {
  it.prop("what is encoded decodes to the same", [TraceContexts], ([context]) => {
    assert.deepStrictEqual(TraceCarrier.decode(TraceCarrier.encode(context)), Option.some(context))
  })

  it.prop("the peek agrees with the decoded flags", [TraceContexts], ([context]) => {
    assert.strictEqual(
      TraceCarrier.isSampled(TraceCarrier.encode(context).traceparent),
      TraceContext.isSampled(context)
    )
  })

  it("the peek tests the bit, whatever else the flags say", () => {
    for (let flags = 0; flags <= 0xff; flags++) {
      const traceparent = `00-${TRACE}-${SPAN}-${flags.toString(16).padStart(2, "0")}`
      assert.strictEqual(TraceCarrier.isSampled(traceparent), (flags & 1) === 1, traceparent)
      const decoded = Option.getOrThrow(TraceCarrier.decode({ traceparent }))
      assert.strictEqual(decoded.flags, flags)
    }
  })

  it("later versions are read by their first four fields, as the specification says", () => {
    assert.isTrue(Option.isSome(TraceCarrier.decode({ traceparent: `01-${TRACE}-${SPAN}-01` })))
    assert.isTrue(Option.isSome(TraceCarrier.decode({ traceparent: `cc-${TRACE}-${SPAN}-01-what-the-future-will-be` })))
  })

  it.each([
    ["empty", ""],
    ["version 255", `ff-${TRACE}-${SPAN}-01`],
    ["version 00 with more behind it", `${PARENT}-00`],
    ["a later version with more behind it, not set off", `01-${TRACE}-${SPAN}-01.what`],
    ["all-zero trace id", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["all-zero span id", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["upper case", PARENT.toUpperCase()],
    ["too short", PARENT.slice(0, -1)],
    ["spaces around", ` ${PARENT} `],
    ["a line break", `${PARENT}\n`]
  ])("absent: %s", (_, traceparent) => {
    assert.isTrue(Option.isNone(TraceCarrier.decode({ traceparent })))
  })

  const Mutations = Schema.Array(
    Schema.Struct({ at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 })), text: Schema.String })
  )
  it.prop(
    "a mutated carrier never throws, and decodes to ids that are well formed or to nothing",
    [Mutations],
    ([mutations]) => {
      const traceparent = mutations.reduce(
        (text, { at, text: put }) => text.slice(0, at) + put + text.slice(at + 1),
        PARENT
      )
      TraceCarrier.isSampled(traceparent)
      const decoded = TraceCarrier.decode({ traceparent })
      if (Option.isNone(decoded)) return
      assert.match(decoded.value.traceId, /^(?!0+$)[0-9a-f]{32}$/)
      assert.match(decoded.value.spanId, /^(?!0+$)[0-9a-f]{16}$/)
    },
    { arbitrary: { runs: 2000 } }
  )

  it.prop("any value whatever is a whole carrier or none", [Schema.Unknown], ([input]) => {
    const carrier = TraceCarrier.fromUnknown(input)
    assert.isTrue(Option.isNone(carrier) || Option.isSome(TraceCarrier.decode(carrier.value)))
  })

  it("headers that are not sampled are not a carrier", () => {
    assert.isUndefined(TraceCarrier.sampledFromHeaders({}))
    assert.isUndefined(TraceCarrier.sampledFromHeaders({ tracestate: "a=b" }))
    assert.isUndefined(TraceCarrier.sampledFromHeaders({ traceparent: `00-${TRACE}-${SPAN}-00` }))
    assert.deepStrictEqual(TraceCarrier.sampledFromHeaders({ traceparent: PARENT, tracestate: "a=b" }), {
      traceparent: PARENT,
      tracestate: "a=b"
    })
  })
})
