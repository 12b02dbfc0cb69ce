import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Baggage from "../../src/domain/Baggage.ts"
import { Rejection } from "../../src/domain/Rejection.ts"
import * as TraceCarrier from "../../src/domain/TraceCarrier.ts"
import * as TraceContext from "../../src/domain/TraceContext.ts"
import { TraceContexts } from "../support/arbitraries.ts"
import { below, seeded } from "../support/random.ts"

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
const SPAN = "00f067aa0ba902b7"
const PARENT = `00-${TRACE}-${SPAN}-01`

/** gRPC's `Metadata`, as far as it matters here. */
const metadata = (entries: Readonly<Record<string, ReadonlyArray<string>>>): TraceCarrier.Metadata => ({
  get: (key) => entries[key] ?? []
})

describe("TraceCarrier", () => {
  it.prop("what is encoded decodes to the same", [TraceContexts], ([context]) => {
    assert.deepStrictEqual(TraceCarrier.decode(TraceCarrier.encode(context)), { context, rejections: [] })
  })

  it.prop("the peek agrees with the decoded flags, in text and in bytes", [TraceContexts], ([context]) => {
    const { traceparent } = TraceCarrier.encode(context)
    assert.strictEqual(TraceCarrier.isSampled(traceparent), TraceContext.isSampled(context))
    assert.strictEqual(TraceCarrier.isSampled(new TextEncoder().encode(traceparent)), TraceContext.isSampled(context))
  })

  it("the peek tests the bit, whatever else the flags say", () => {
    for (let flags = 0; flags <= 0xff; flags++) {
      const traceparent = `00-${TRACE}-${SPAN}-${flags.toString(16).padStart(2, "0")}`
      const isSampled = (flags & 1) === 1
      assert.strictEqual(TraceCarrier.isSampled(traceparent), isSampled, traceparent)
      assert.strictEqual(TraceCarrier.isSampled(new TextEncoder().encode(traceparent)), isSampled, traceparent)
      assert.strictEqual(TraceCarrier.isSampledIn({ traceparent }), isSampled, traceparent)
      assert.strictEqual(TraceCarrier.isSampledIn(metadata({ traceparent: [traceparent] })), isSampled, traceparent)
      assert.strictEqual(TraceCarrier.decode({ traceparent }).context?.flags, flags)
    }
  })

  it("of the flags, those that version 00 defines are passed on", () => {
    const { context } = TraceCarrier.decode({ traceparent: `00-${TRACE}-${SPAN}-ff` })
    assert.strictEqual(context && TraceCarrier.encode(context).traceparent, `00-${TRACE}-${SPAN}-03`)
  })

  it("later versions are read by their first four fields, as the specification says, and passed on as version 00", () => {
    for (const traceparent of [`01-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-09-what-the-future-will-be`]) {
      const { context } = TraceCarrier.decode({ traceparent })
      assert.strictEqual(context && TraceCarrier.encode(context).traceparent, PARENT)
    }
  })

  it.each([
    ["empty", "", "traceparent.malformed"],
    ["version 255", `ff-${TRACE}-${SPAN}-01`, "traceparent.version"],
    ["version 00 with more behind it", `${PARENT}-00`, "traceparent.version"],
    ["a later version with more behind it, not set off", `01-${TRACE}-${SPAN}-01.what`, "traceparent.malformed"],
    ["a version of three digits", `000-${TRACE}-${SPAN}-01`, "traceparent.malformed"],
    ["all-zero trace id", `00-${"0".repeat(32)}-${SPAN}-01`, "traceparent.zero"],
    ["all-zero span id", `00-${TRACE}-${"0".repeat(16)}-01`, "traceparent.zero"],
    ["upper case", PARENT.toUpperCase(), "traceparent.malformed"],
    ["too short", PARENT.slice(0, -1), "traceparent.malformed"],
    ["too long", `${PARENT}1`, "traceparent.malformed"],
    ["spaces around", ` ${PARENT} `, "traceparent.malformed"],
    ["a line break", `${PARENT}\n`, "traceparent.malformed"],
    ["two of them", `${PARENT}, ${PARENT}`, "traceparent.repeated"],
    ["two of them, of a later version", `01-${TRACE}-${SPAN}-01-x,${PARENT}`, "traceparent.repeated"]
  ] as const)("absent: %s", (_, traceparent, reason) => {
    assert.deepStrictEqual(TraceCarrier.decode({ traceparent, tracestate: "a=1" }), {
      context: undefined,
      rejections: [reason]
    })
  })

  it("a tracestate that is malformed goes alone", () => {
    const { context, rejections } = TraceCarrier.decode({ traceparent: PARENT, tracestate: "foo=1,FOO=2" })
    assert.strictEqual(context?.traceId, TRACE)
    assert.strictEqual(context?.traceState, "")
    assert.deepStrictEqual(rejections, ["tracestate.malformed"])
  })

  it("headers and metadata: several of one name are combined in their order; without a traceparent there is none", () => {
    const carrier = { traceparent: PARENT, tracestate: "a=1,b=2", baggage: "c=3" }
    assert.deepStrictEqual(TraceCarrier.from({ ...carrier, tracestate: ["a=1", "b=2"], accept: "*" }), carrier)
    assert.deepStrictEqual(
      TraceCarrier.from(metadata({ traceparent: [PARENT], tracestate: ["a=1", "b=2"], baggage: ["c=3"] })),
      carrier
    )
    for (const none of [{}, { tracestate: "a=1" }, metadata({}), metadata({ tracestate: ["a=1"] })]) {
      assert.isUndefined(TraceCarrier.from(none))
      assert.isFalse(TraceCarrier.isSampledIn(none))
      assert.isFalse(TraceCarrier.isPresentIn(none))
    }
    const twice = TraceCarrier.from({ traceparent: [PARENT, PARENT] })
    assert.deepStrictEqual(twice && TraceCarrier.decode(twice).rejections, ["traceparent.repeated"])
    assert.isTrue(TraceCarrier.isPresentIn({ traceparent: "" }))
    assert.isTrue(TraceCarrier.isPresentIn(metadata({ traceparent: [""] })))
  })

  it("a header that happens to be named get is no metadata", () => {
    assert.isTrue(TraceCarrier.isSampledIn({ traceparent: PARENT, get: "x" }))
  })
})

describe("100,000 random and mutated header sets", () => {
  const PIECES = [
    PARENT,
    TRACE,
    SPAN,
    "-",
    "00",
    "ff",
    "01",
    ",",
    "=",
    ";",
    " ",
    "\t",
    "ot=th:8;rv:6e6d1a75832a2f",
    "a=1"
  ]
  const ZERO = PARENT.replace(SPAN, "0".repeat(16))
  const MANY = Array.from({ length: 100 }, (_, index) => `k${index}=1`).join(",")
  const TRACESTATE = "ot=th:c;rv:6e6d1a75832a2f,vendor=opaque,tenant@system=x"
  const BAGGAGE = "user=alice;private,plan=free%20tier"

  it("never throw; what is taken is well formed, and what is not has a reason", () => {
    const random = seeded(20_261_123)
    const pick = <A>(items: readonly [A, ...ReadonlyArray<A>] | ReadonlyArray<A>): A | undefined =>
      items[below(random, items.length)]
    const mutated = (text: string): string => {
      let result = text
      for (let times = below(random, 4); times > 0; times--) {
        const at = below(random, result.length + 1)
        const put =
          random() < 0.5 ? (pick(PIECES) ?? "") : String.fromCharCode(below(random, random() < 0.9 ? 128 : 65_536))
        result = result.slice(0, at) + put + result.slice(at + below(random, 3))
      }
      return random() < 0.01 ? result.repeat(200) : result
    }
    const several = (text: string): string | ReadonlyArray<string> | undefined => {
      const kind = random()
      if (kind < 0.05) return undefined
      return kind < 0.9 ? mutated(text) : Array.from({ length: below(random, 4) }, () => mutated(text))
    }
    const isReason = Schema.is(Rejection)
    const counts = new Map<string, number>()
    let taken = 0
    for (let round = 0; round < 100_000; round++) {
      const isRare = random() < 0.05
      const headers = {
        traceparent: several(isRare ? ZERO : PARENT),
        tracestate: several(isRare ? MANY : TRACESTATE),
        baggage: several(isRare ? MANY : BAGGAGE)
      }
      TraceCarrier.isSampledIn(headers)
      const carrier = TraceCarrier.from(headers)
      if (carrier === undefined) {
        assert.isTrue(headers.traceparent === undefined || headers.traceparent.length === 0)
        continue
      }
      TraceCarrier.isSampled(new TextEncoder().encode(carrier.traceparent))
      const { context, rejections } = TraceCarrier.decode(carrier)
      const baggage = Baggage.parse(carrier.baggage ?? "", Baggage.DEFAULT_LIMITS)
      for (const reason of [...rejections, ...baggage.rejections]) {
        assert.isTrue(isReason(reason))
        counts.set(reason, (counts.get(reason) ?? 0) + 1)
      }
      if (context === undefined) {
        assert.lengthOf(rejections, 1)
        continue
      }
      taken++
      assert.match(context.traceId, /^(?!0+$)[0-9a-f]{32}$/)
      assert.match(context.spanId, /^(?!0+$)[0-9a-f]{16}$/)
      assert.isAtMost(context.traceState.length, 512)
      // What was taken is passed on as it is understood here, and understood the same by the next.
      const flags = context.flags & (TraceContext.SAMPLED | TraceContext.RANDOM)
      assert.deepStrictEqual(TraceCarrier.decode(TraceCarrier.encode(context)), {
        context: { ...context, flags },
        rejections: []
      })
    }
    assert.isAbove(taken, 10_000)
    // Every reason there is has come up, but for those that only envelopes have.
    for (const reason of Rejection.literals) {
      assert.strictEqual(counts.has(reason), /^(traceparent|tracestate|baggage)/.test(reason), reason)
    }
  })
})
