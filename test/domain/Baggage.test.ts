import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Baggage from "../../src/domain/Baggage.ts"

const Token = Schema.String.check(Schema.isPattern(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/))
const Entries = Schema.Array(Schema.Tuple([Token, Schema.String.check(Schema.isMaxLength(20))]))
const Limits = Schema.Struct({
  bytes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })),
  entries: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))
})
const ROOM = { bytes: 1e6, entries: 1e6 }

const baggage = (entries: ReadonlyArray<readonly [string, string]>): Baggage.Baggage =>
  new Map(entries.filter(([, value]) => value.isWellFormed()).map(([key, value]) => [key, { value, properties: "" }]))

describe("Baggage", () => {
  it.prop("what is written is read back, whatever the values", [Entries], ([entries]) => {
    const sent = baggage(entries)
    assert.deepStrictEqual(Baggage.parse(Baggage.format(sent, ROOM), ROOM), { baggage: sent, rejections: [] })
  })

  it.prop("never more than the limits, on either side", [Entries, Limits], ([entries, limits]) => {
    const sent = baggage(entries)
    const header = Baggage.format(sent, limits)
    assert.isAtMost(header.length, limits.bytes)
    const received = Baggage.parse(Baggage.format(sent, ROOM), limits)
    assert.isAtMost(received.baggage.size, limits.entries)
    assert.isAtMost(Baggage.format(received.baggage, ROOM).length, limits.bytes)
  })

  it.prop("anything whatever is read without a word but its reasons", [Schema.String], ([text]) => {
    const { baggage } = Baggage.parse(text, Baggage.DEFAULT_LIMITS)
    assert.deepStrictEqual(Baggage.parse(Baggage.format(baggage, ROOM), ROOM).baggage, baggage)
  })

  it("members as the specification writes them", () => {
    const { baggage, rejections } = Baggage.parse(
      ["key1=value1;property1;property2, key2 = value2, key3=a%20b; p = 1", "", "key1=later"],
      Baggage.DEFAULT_LIMITS
    )
    assert.deepStrictEqual(Array.from(baggage), [
      ["key1", { value: "later", properties: "" }],
      ["key2", { value: "value2", properties: "" }],
      ["key3", { value: "a b", properties: "p = 1" }]
    ])
    assert.deepStrictEqual(rejections, [])
  })

  it("bytes that are no UTF-8 are replaced, and what may stand as it is is not made longer", () => {
    const { baggage } = Baggage.parse("a=%FF,b=1,c=%F0%9F,d=x%C3%A4y", Baggage.DEFAULT_LIMITS)
    assert.deepStrictEqual(
      Array.from(baggage.values(), ({ value }) => value),
      ["\ufffd", "1", "\ufffd", "xäy"]
    )
    const header = `a=${"/".repeat(4000)},b=1:2!#$&'()*+-.;p=1`
    assert.strictEqual(Baggage.format(Baggage.parse(header, Baggage.DEFAULT_LIMITS).baggage, ROOM), header)
  })

  it("an entry that is too large goes alone", () => {
    const sent = baggage([
      ["a", "x".repeat(100)],
      ["b", "1"]
    ])
    assert.strictEqual(Baggage.format(sent, { bytes: 50, entries: 64 }), "b=1")
  })

  it("what is malformed or too much goes, the rest stays, and why is told once", () => {
    const entries = { bytes: 8192, entries: 2 }
    assert.deepStrictEqual(Baggage.parse('a=1,=2,b,c=%zz,d="x",e=5,f=6', entries), {
      baggage: baggage([
        ["a", "1"],
        ["e", "5"]
      ]),
      rejections: ["baggage.malformed", "baggage.members"]
    })
    assert.deepStrictEqual(Baggage.parse("a=1,b=2,c=3", { bytes: 8, entries: 64 }), {
      baggage: baggage([
        ["a", "1"],
        ["b", "2"]
      ]),
      rejections: ["baggage.length"]
    })
  })
})
