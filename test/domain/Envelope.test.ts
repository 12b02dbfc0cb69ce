import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
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
    const carrier = TraceCarrier.encode(context, 1_700_000_000_000.25)
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
    const wellFormed = Option.isSome(TraceCarrier.fromUnknown(carrier))
    const back = decode({ [Envelope.MARK]: Envelope.VERSION, message: "hello", carrier })
    assert.strictEqual(back.message, "hello")
    assert.strictEqual(back.carrier !== undefined, wellFormed)
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
