/**
 * A message with, perhaps, a carrier. A bare message is valid everywhere an envelope is.
 *
 * Discord's post wraps messages between processes, where nothing like a header exists. So does this; but what is not
 * sampled travels bare, so that it costs nothing. (`effect/cluster` has an `Envelope` of its own: the address and
 * payload of a request to an entity. The two share no more than the name.)
 *
 * @since 0.1.0
 */
import { Effect, Option, Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import type { Rejection } from "./Rejection.ts"
import * as TraceCarrier from "./TraceCarrier.ts"

/** A symbol, since no message that comes from outside can bear one. */
const TypeId: unique symbol = Symbol.for("~fanfare/Envelope")

/**
 * A message and its trace. `queuedAt` is when it was put into a mailbox of this process, in milliseconds of `Monotonic`,
 * where that is known; it never leaves the process. (What the carrier says of it, for other processes, is by the wall clock.)
 *
 * @since 0.1.0
 * @category models
 */
export interface Envelope<out M> {
  readonly message: M
  readonly carrier: TraceCarrier.TraceCarrier | undefined
  readonly queuedAt?: number
}

/** The mark sits on the prototype: an envelope itself has its fields and no more. */
class EnvelopeImpl<out M> implements Envelope<M> {
  readonly message: M
  readonly carrier: Envelope<M>["carrier"]
  constructor(message: M, carrier: Envelope<M>["carrier"]) {
    this.message = message
    this.carrier = carrier
  }
  get [TypeId](): typeof TypeId {
    return TypeId
  }
}

class QueuedEnvelope<out M> extends EnvelopeImpl<M> {
  readonly queuedAt: number
  constructor(message: M, carrier: Envelope<M>["carrier"], queuedAt: number) {
    super(message, carrier)
    this.queuedAt = queuedAt
  }
}

/**
 * An envelope around a message: with the trace that it is in, if any, and when it was put into a mailbox, if that is to be
 * measured.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <M>(message: M, carrier?: Envelope<M>["carrier"], queuedAt?: number): Envelope<M> =>
  queuedAt === undefined ? new EnvelopeImpl(message, carrier) : new QueuedEnvelope(message, carrier, queuedAt)

/**
 * Tells an envelope from a bare message where either may come. A message is never itself an envelope.
 *
 * @since 0.1.0
 * @category guards
 */
export const isEnvelope = <M>(input: M | Envelope<M>): input is Envelope<M> =>
  // Asked of every message. Effect's guard, which has seen every shape there is, made a delivery cost 2 ns more (bench `tax`).
  typeof input === "object" && input !== null && TypeId in input

/**
 * The key by which an enveloped message is known on the wire; its value is the {@link VERSION}.
 *
 * @since 0.1.0
 * @category wire format
 */
export const MARK = "~fanfare/Envelope"

/**
 * What is written. A newer minor version may add fields, which are ignored here; a newer major one may mean anything,
 * and is refused.
 *
 * @since 0.1.0
 * @category wire format
 */
export const VERSION = "1.0"

/**
 * Somebody sent an envelope that this program is too old to read.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnsupportedVersion extends Schema.TaggedError<UnsupportedVersion>()("UnsupportedVersion", {
  received: Schema.String,
  supported: Schema.String
}) {
  override get message() {
    return (
      `an envelope of version ${this.received} cannot be read here, where ${this.supported} is known: update this ` +
      `program before its peers write the new version`
    )
  }
}

/**
 * What is on the wire, taken apart: the message not yet decoded, the carrier whole or absent.
 *
 * @since 0.1.0
 * @category wire format
 */
export interface Parts {
  readonly message: unknown
  readonly carrier: TraceCarrier.TraceCarrier | undefined
  readonly rejections: ReadonlyArray<Rejection>
}

type Marked = { readonly [MARK]: unknown; readonly message?: unknown; readonly carrier?: unknown }

const isMarked = (input: unknown): input is Marked =>
  typeof input === "object" && input !== null && Object.hasOwn(input, MARK)

const MAJOR = /^(\d{1,9})\.\d{1,9}$/
const majorOf = (version: unknown): string | undefined =>
  typeof version === "string" ? MAJOR.exec(version)?.[1] : undefined

const carrierOf = Schema.decodeUnknownOption(TraceCarrier.TraceCarrier)

/**
 * Takes apart what came over a wire. A carrier that is none counts as absent: whether one is worth decoding is seen when
 * its message is handled.
 *
 * @since 0.1.0
 * @category wire format
 */
export const read = (input: unknown): Result.Result<Parts, UnsupportedVersion> => {
  if (!isMarked(input)) return Result.succeed({ message: input, carrier: undefined, rejections: [] })
  const { carrier, [MARK]: version, message } = input
  if (majorOf(version) !== majorOf(VERSION)) {
    const received = typeof version === "string" ? version.slice(0, 32) : typeof version
    return Result.fail(new UnsupportedVersion({ received, supported: VERSION }))
  }
  if (carrier === undefined) return Result.succeed({ message, carrier, rejections: [] })
  const known = Option.getOrUndefined(carrierOf(carrier))
  return Result.succeed({ message, carrier: known, rejections: known === undefined ? ["carrier.malformed"] : [] })
}

/**
 * What goes over a wire: the bare message when there is no carrier, unless it bears the mark itself and would be
 * misread.
 *
 * @since 0.1.0
 * @category wire format
 */
export const write = (message: unknown, carrier: TraceCarrier.TraceCarrier | undefined): unknown => {
  if (carrier !== undefined) return { [MARK]: VERSION, message, carrier }
  return isMarked(message) ? { [MARK]: VERSION, message } : message
}

const Wire = Schema.Unknown.pipe(
  Schema.decodeTo(
    Schema.Struct({ message: Schema.Unknown, carrier: Schema.UndefinedOr(TraceCarrier.TraceCarrier) }),
    SchemaTransformation.transformEffect({
      decode: (input: unknown) =>
        Effect.mapError(
          Effect.map(Effect.fromResult(read(input)), ({ carrier, message }) => ({ message, carrier })),
          ({ message }) => new SchemaIssue.InvalidValue({ message }, input)
        ),
      encode: ({ carrier, message }) => Effect.succeed(write(message, carrier))
    })
  )
)

/**
 * The wire form of an envelope whose message has the given schema.
 *
 * Decoding accepts a bare message, and `{ "~fanfare/Envelope": "1.0", "message": …, "carrier"?: … }`, of this version or
 * a newer minor one; a newer major one is an error that names both (`Transport.decode` gives it as
 * {@link UnsupportedVersion}). A carrier that is malformed counts as absent. Encoding leaves the carrier out when there
 * is none, and then the mark too: what travels is the bare message.
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
        encode: ({ carrier, message }: Envelope<M>) => ({ message, carrier })
      })
    )
  )
