/**
 * The serialised trace context: what a message carries across a boundary. Absent, or whole.
 *
 * Reading is in two steps, because almost nothing is sampled: {@link isSampled} looks at one character, and only if it
 * says yes is {@link decode} worth its price. The posts found 75 % of a gRPC request's time in decoding contexts that
 * nobody wanted.
 *
 * @see https://www.w3.org/TR/trace-context-2/
 * @since 0.1.0
 */
import { Option, Schema } from "effect"
import { RANDOM, SAMPLED, type TraceContext } from "./TraceContext.ts"

/**
 * `traceparent` and `tracestate` are the W3C headers of these names. `sentAt`, Unix milliseconds, is when the message
 * was put into a mailbox, so that the receiver can tell how long it lay there.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TraceCarrier = Schema.Struct({
  traceparent: Schema.String,
  tracestate: Schema.optionalKey(Schema.String),
  sentAt: Schema.optionalKey(Schema.Finite)
})
/**
 * @since 0.1.0
 * @category models
 */
export type TraceCarrier = typeof TraceCarrier.Type

/** Where the lower digit of the flags stands, in every version of the header. */
const FLAG = 54

/**
 * Whether the sampled bit is set, by one character: no parsing, no allocation. A header that is malformed in other
 * ways may pass; {@link decode} refuses it.
 *
 * @example
 * ```ts
 * import { TraceCarrier } from "fanfare"
 *
 * TraceCarrier.isSampled("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") // true
 * TraceCarrier.isSampled("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00") // false
 * ```
 *
 * @since 0.1.0
 * @category guards
 */
export const isSampled = (traceparent: string): boolean => {
  const code = traceparent.charCodeAt(FLAG)
  // "0"–"9" are 0x30–0x39, so their lowest bit is the digit's; "a"–"f" start at 0x61, so theirs is the opposite.
  return code >= 0x61 ? (code & 1) === 0 : (code & 1) === 1
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s
const ZERO = /^0+$/

/**
 * The trace context that a carrier holds; none when it is malformed in any way. Later versions of the header are read
 * as the specification's rule for forward compatibility says: their first four fields, whatever follows.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (carrier: TraceCarrier): Option.Option<TraceContext> => {
  const match = TRACEPARENT.exec(carrier.traceparent)
  if (match === null) return Option.none()
  const [, version, traceId, spanId, flags, rest] = match
  if (traceId === undefined || spanId === undefined || flags === undefined) return Option.none()
  if (version === "ff" || (version === "00" && rest !== undefined)) return Option.none()
  if (ZERO.test(traceId) || ZERO.test(spanId)) return Option.none()
  return Option.some({ traceId, spanId, flags: Number.parseInt(flags, 16), traceState: carrier.tracestate ?? "" })
}

/**
 * The carrier of a trace context, in version 00 of the header. Flags that this version does not define are not passed
 * on, as the specification asks.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (context: TraceContext, sentAt?: number): TraceCarrier => ({
  traceparent: `00-${context.traceId}-${context.spanId}-0${context.flags & (SAMPLED | RANDOM)}`,
  ...(context.traceState === "" ? undefined : { tracestate: context.traceState }),
  ...(sentAt === undefined ? undefined : { sentAt })
})

const decodeUnknown = Schema.decodeUnknownOption(TraceCarrier)

/**
 * The carrier that some untrusted value is; none unless it is whole and well formed.
 *
 * @since 0.1.0
 * @category decoding
 */
export const fromUnknown = (input: unknown): Option.Option<TraceCarrier> =>
  Option.filter(decodeUnknown(input), (carrier) => Option.isSome(decode(carrier)))

/**
 * The carrier in a record of lower-case headers, if its sampled bit is set. Nothing else is looked at before that.
 *
 * @since 0.1.0
 * @category decoding
 */
export const sampledFromHeaders = (headers: Readonly<Record<string, string | undefined>>): TraceCarrier | undefined => {
  const traceparent = headers.traceparent
  if (traceparent === undefined || !isSampled(traceparent)) return undefined
  const tracestate = headers.tracestate
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate }
}
