/**
 * A message with, perhaps, a carrier. A bare message is valid everywhere an envelope is.
 *
 * Discord's post wraps messages between processes, where nothing like a header exists. So does this; but what is not
 * sampled travels bare, so that it costs nothing. (`effect/cluster` has an `Envelope` of its own: the address and
 * payload of a request to an entity. The two share no more than the name.)
 *
 * @since 0.1.0
 */
import { Option, Predicate, Schema, SchemaTransformation } from "effect"
import * as TraceCarrier from "./TraceCarrier.ts"

/** A symbol, since no message that comes from outside can bear one. */
const TypeId: unique symbol = Symbol.for("~fanfare/Envelope")

/**
 * @since 0.1.0
 * @category models
 */
export interface Envelope<out M> {
  readonly message: M
  readonly carrier: TraceCarrier.TraceCarrier | undefined
}

/** The mark sits on the prototype: an envelope itself has its two fields and no more. */
class EnvelopeImpl<out M> implements Envelope<M> {
  readonly message: M
  readonly carrier: TraceCarrier.TraceCarrier | undefined
  constructor(message: M, carrier: TraceCarrier.TraceCarrier | undefined) {
    this.message = message
    this.carrier = carrier
  }
  get [TypeId](): typeof TypeId {
    return TypeId
  }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = <M>(message: M, carrier?: TraceCarrier.TraceCarrier): Envelope<M> =>
  new EnvelopeImpl(message, carrier)

/**
 * Tells an envelope from a bare message where either may come. A message is never itself an envelope.
 *
 * @since 0.1.0
 * @category guards
 */
export const isEnvelope = <M>(input: M | Envelope<M>): input is Envelope<M> => Predicate.hasProperty(input, TypeId)

/**
 * The key by which an enveloped message is known on the wire; its value is the {@link VERSION}.
 *
 * @since 0.1.0
 * @category wire format
 */
export const MARK = "~fanfare/Envelope"

/**
 * @since 0.1.0
 * @category wire format
 */
export const VERSION = "1.0"

type Marked = { readonly [MARK]: unknown; readonly message?: unknown; readonly carrier?: unknown }

const isMarked = (input: unknown): input is Marked =>
  typeof input === "object" && input !== null && Object.hasOwn(input, MARK)

/** What is on the wire, taken apart: the message not yet decoded, the carrier whole or absent. */
const Parts = Schema.Struct({ message: Schema.Unknown, carrier: Schema.UndefinedOr(TraceCarrier.TraceCarrier) })

const Wire = Schema.Unknown.pipe(
  Schema.decodeTo(
    Parts,
    SchemaTransformation.transform<typeof Parts.Type, unknown>({
      decode: (input) =>
        isMarked(input)
          ? { message: input.message, carrier: Option.getOrUndefined(TraceCarrier.fromUnknown(input.carrier)) }
          : { message: input, carrier: undefined },
      encode: ({ carrier, message }) => {
        if (carrier !== undefined) return { [MARK]: VERSION, message, carrier }
        return isMarked(message) ? { [MARK]: VERSION, message } : message
      }
    })
  )
)

/**
 * The wire form of an envelope whose message has the given schema.
 *
 * Decoding accepts a bare message, and `{ "~fanfare/Envelope": "1.0", "message": …, "carrier"?: … }`. A carrier that is
 * malformed counts as absent. Encoding leaves the carrier out when there is none, and then the mark too: what travels
 * is the bare message, unless it bears the mark itself and would be misread.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { Envelope } from "fanfare"
 *
 * const Greeting = Envelope.schema(Schema.Struct({ text: Schema.String }))
 * Schema.decodeUnknownSync(Greeting)({ text: "hello" }).message.text // "hello"
 * ```
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = <M, I, RD, RE>(message: Schema.Codec<M, I, RD, RE>): Schema.Codec<Envelope<M>, unknown, RD, RE> =>
  Wire.pipe(
    Schema.decodeTo(Schema.Struct({ message, carrier: Schema.UndefinedOr(TraceCarrier.TraceCarrier) })),
    Schema.decodeTo(
      Schema.declare((input): input is Envelope<M> => isEnvelope(input), { identifier: "Envelope" }),
      SchemaTransformation.transform({
        decode: (parts: { readonly message: M; readonly carrier: TraceCarrier.TraceCarrier | undefined }) =>
          make(parts.message, parts.carrier),
        encode: (envelope: Envelope<M>) => ({ message: envelope.message, carrier: envelope.carrier })
      })
    )
  )
