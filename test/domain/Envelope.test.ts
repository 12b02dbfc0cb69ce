import { assert, describe, it } from "@effect/vitest"
import { Option, Result, Schema } from "effect"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as TraceCarrier from "../../src/domain/TraceCarrier.ts"
import { TraceContexts } from "../support/arbitraries.ts"

/** Any message that JSON can hold, among them ones that look like an envelope, or like a part of one. */
const AnyMessage = Schema.Union([
  Schema.Json,
  Schema.Struct({ [Envelope.MARK]: Schema.Json, message: Schema.Json }),
  Schema.Struct({ [Envelope.MARK]: Schema.Literal(Envelope.VERSION), message: Schema.Json, carrier: Schema.Json }),
  Schema.Struct({ message: Schema.Json, carrier: Schema.optionalKey(Schema.Json) })
])
const AnyEnvelope = Envelope.schema(Schema.Json)

const encode = Schema.encodeSync(AnyEnvelope)
const decode = Schema.decodeUnknownSync(AnyEnvelope)
const overTheWire = (input: unknown): unknown => JSON.parse(JSON.stringify(input))

describe("Envelope", () => {
  it.prop("any message comes back with its carrier", [AnyMessage, TraceContexts], ([message, context]) => {
    const carrier = TraceCarrier.encode(context, { sentAt: 1_700_000_000_000.25, baggage: "a=1" })
    const back = decode(overTheWire(encode(Envelope.make(message, carrier))))
    assert.deepStrictEqual(back.message, overTheWire(message))
    assert.deepStrictEqual(back.carrier, carrier)
    assert.isTrue(Envelope.isEnvelope(back))
  })

  it.prop("any message comes back without one, even one that looks like an envelope", [AnyMessage], ([message]) => {
    const back = decode(overTheWire(encode(Envelope.make(message))))
    assert.deepStrictEqual(back.message, overTheWire(message))
    assert.isUndefined(back.carrier)
  })

  it.prop("bare and enveloped decode to the same message", [Schema.String, TraceContexts], ([text, context]) => {
    const Chat = Schema.Struct({ text: Schema.String, at: Schema.DateTimeUtcFromMillis })
    const Enveloped = Envelope.schema(Chat)
    const bare = { text, at: 1_700_000_000_000 }
    const enveloped = { [Envelope.MARK]: Envelope.VERSION, message: bare, carrier: TraceCarrier.encode(context) }
    const decodeChat = Schema.decodeUnknownSync(Enveloped)
    assert.deepStrictEqual(decodeChat(bare).message, decodeChat(enveloped).message)
  })

  it.prop("without a carrier nothing is added on the wire", [Schema.String], ([text]) => {
    assert.deepStrictEqual(encode(Envelope.make({ text })), { text })
  })

  it.prop("a malformed carrier is absent, and its message unharmed", [Schema.Json], ([carrier]) => {
    const wellFormed = Schema.is(TraceCarrier.TraceCarrier)(carrier)
    const input = { [Envelope.MARK]: Envelope.VERSION, message: "hello", carrier }
    const back = decode(input)
    assert.strictEqual(back.message, "hello")
    assert.strictEqual(back.carrier !== undefined, wellFormed)
    const { rejections } = Result.getOrThrow(Envelope.read(input))
    assert.deepStrictEqual(rejections, wellFormed ? [] : ["carrier.malformed"])
  })

  const Minor = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999_999_999 }))
  it.prop(
    "a newer minor version is read, and what it adds ignored",
    [AnyMessage, TraceContexts, Minor, Schema.Json],
    ([message, context, minor, more]) => {
      const carrier = TraceCarrier.encode(context)
      const input = { [Envelope.MARK]: `1.${minor}`, message, carrier: { ...carrier, more }, more }
      const back = decode(overTheWire(input))
      assert.deepStrictEqual(back.message, overTheWire(message))
      assert.deepStrictEqual(back.carrier, carrier)
    }
  )

  it("a newer major version is an error that names both", () => {
    const input = { [Envelope.MARK]: "2.0", message: "hello" }
    const error = Result.getOrThrow(Result.flip(Envelope.read(input)))
    assert.deepInclude(error, { _tag: "UnsupportedVersion", received: "2.0", supported: "1.0" })
    assert.match(error.message, /2\.0.*1\.0/)
    assert.throws(() => decode(input), /2\.0.*1\.0/)
  })

  it.prop("what is no version is an error too, and a short one", [Schema.Json], ([version]) => {
    const known = typeof version === "string" && /^1\.\d{1,9}$/.test(version)
    const result = Envelope.read({ [Envelope.MARK]: version, message: "hello" })
    assert.strictEqual(Result.isSuccess(result), known)
    if (Result.isFailure(result)) assert.isBelow(result.failure.message.length, 250)
  })

  it("when a message was sent, and no more, stays in the process", () => {
    assert.strictEqual(encode(Envelope.make("hello", undefined, 1)), "hello")
  })

  it("a message that its schema refuses is an error, enveloped or not", () => {
    const Number = Schema.decodeUnknownOption(Envelope.schema(Schema.Finite))
    assert.isTrue(Option.isNone(Number("one")))
    assert.isTrue(Option.isNone(Number({ [Envelope.MARK]: Envelope.VERSION, message: "one" })))
  })

  it("an envelope is told from messages that have its fields, and holds nothing else", () => {
    const envelope = Envelope.make("hello")
    assert.isTrue(Envelope.isEnvelope<string>(envelope))
    assert.deepStrictEqual(Object.keys(envelope), ["message", "carrier"])
    const marked = { [Envelope.MARK]: Envelope.VERSION, message: "smuggled", carrier: {} }
    for (const message of [marked, { message: "hello", carrier: undefined }, null, undefined, "hello", 1]) {
      assert.isFalse(Envelope.isEnvelope<unknown>(message))
    }
  })
})
