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
import { Result, Schema } from "effect"
import type { Rejection } from "./Rejection.ts"
import { RANDOM, SAMPLED, type TraceContext } from "./TraceContext.ts"
import * as TraceState from "./TraceState.ts"

/**
 * `traceparent`, `tracestate` and `baggage` are the W3C headers of these names. `sentAt`, Unix milliseconds, is when the
 * message was sent, so that a receiver in another process can tell how long it was under way.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TraceCarrier = Schema.Struct({
  traceparent: Schema.String,
  tracestate: Schema.optionalKey(Schema.String),
  baggage: Schema.optionalKey(Schema.String),
  sentAt: Schema.optionalKey(Schema.Finite)
})
/**
 * @since 0.1.0
 * @category models
 */
export type TraceCarrier = typeof TraceCarrier.Type

/** Where the lower digit of the flags stands, in every version of the header. */
const FLAG = 54

/** "0"–"9" are 0x30–0x39, so their lowest bit is the digit's; "a"–"f" start at 0x61, so theirs is the opposite. */
const isOdd = (digit: number): boolean => (digit >= 0x61 ? (digit & 1) === 0 : (digit & 1) === 1)

/**
 * Whether the sampled bit of a `traceparent` is set, by one character of the text, or one byte of its ASCII: no parsing,
 * no allocation. A header that is malformed in other ways may pass; {@link decode} refuses it.
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
export const isSampled = (traceparent: string | Uint8Array): boolean =>
  isOdd(typeof traceparent === "string" ? traceparent.charCodeAt(FLAG) : (traceparent[FLAG] ?? 0))

/**
 * Headers by lower-case name, as Node and Effect give them: one of several values is an array, or joined by commas.
 *
 * @since 0.1.0
 * @category models
 */
export type Headers = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/**
 * As much of gRPC's `Metadata` as is needed here.
 *
 * @since 0.1.0
 * @category models
 */
export interface Metadata {
  readonly get: (key: string) => ReadonlyArray<string | Uint8Array>
}

const isMetadata = (headers: Headers | Metadata): headers is Metadata => typeof headers.get === "function"

/** The values under a name; one that stands for several, joined by commas, counts as one. */
const values = (headers: Headers | Metadata, name: string): ReadonlyArray<string | Uint8Array> => {
  if (isMetadata(headers)) return headers.get(name)
  const value = headers[name]
  if (value === undefined) return []
  return typeof value === "string" ? [value] : value
}

/**
 * Whether there is a `traceparent` at all.
 *
 * @since 0.1.0
 * @category guards
 */
export const isPresentIn = (headers: Headers | Metadata): boolean =>
  isMetadata(headers) ? headers.get("traceparent").length > 0 : headers.traceparent !== undefined

/**
 * Whether the sampled bit is set in a record of headers, or in gRPC metadata: as cheap as {@link isSampled}.
 *
 * @since 0.1.0
 * @category guards
 */
export const isSampledIn = (headers: Headers | Metadata): boolean => {
  const traceparent = isMetadata(headers) ? headers.get("traceparent") : headers.traceparent
  if (traceparent === undefined) return false
  return typeof traceparent === "string" ? isSampled(traceparent) : traceparent.some(isSampled)
}

const joined = (headers: Headers | Metadata, name: string): string | undefined => {
  const all = values(headers, name)
  // Only metadata whose name ends in "-bin" has bytes for values.
  return all.length === 0 ? undefined : all.map(String).join(",")
}

/**
 * The carrier in a record of headers, or in gRPC metadata; several headers of one name are combined in their order.
 *
 * @since 0.1.0
 * @category decoding
 */
export const from = (headers: Headers | Metadata): TraceCarrier | undefined => {
  const traceparent = joined(headers, "traceparent")
  if (traceparent === undefined) return undefined
  const tracestate = joined(headers, "tracestate")
  const baggage = joined(headers, "baggage")
  return {
    traceparent,
    ...(tracestate === undefined ? undefined : { tracestate }),
    ...(baggage === undefined ? undefined : { baggage })
  }
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s
const ZERO = /^0+$/

const parent = (traceparent: string): Result.Result<TraceContext, Rejection> => {
  // Also a later version, whose end may be anything, is not two of them.
  if (traceparent.includes(",")) return Result.fail("traceparent.repeated")
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(traceparent) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) {
    return Result.fail("traceparent.malformed")
  }
  if (version === "ff" || (version === "00" && rest !== undefined)) return Result.fail("traceparent.version")
  if (ZERO.test(traceId) || ZERO.test(spanId)) return Result.fail("traceparent.zero")
  return Result.succeed({ traceId, spanId, flags: Number.parseInt(flags, 16), traceState: "" })
}

/**
 * What a carrier holds, and why what is missing was not taken.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decoded {
  readonly context: TraceContext | undefined
  readonly rejections: ReadonlyArray<Rejection>
}

/**
 * The trace context that a carrier holds; none when its `traceparent` is malformed in any way. Later versions of the
 * header are read as the specification's rule for forward compatibility says: their first four fields, whatever
 * follows. A `tracestate` that is malformed is dropped, and the rest kept.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = ({ traceparent, tracestate }: TraceCarrier): Decoded => {
  const context = parent(traceparent)
  if (Result.isFailure(context)) return { context: undefined, rejections: [context.failure] }
  if (tracestate === undefined) return { context: context.success, rejections: [] }
  const traceState = TraceState.parse(tracestate)
  return Result.isFailure(traceState)
    ? { context: context.success, rejections: [traceState.failure] }
    : { context: { ...context.success, traceState: traceState.success }, rejections: [] }
}

/**
 * The carrier of a trace context, in version 00 of the header. Flags that this version does not define are not passed
 * on, as the specification asks.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (
  { flags, spanId, traceId, traceState }: TraceContext,
  extra?: { readonly sentAt?: number | undefined; readonly baggage?: string | undefined }
): TraceCarrier => ({
  traceparent: `00-${traceId}-${spanId}-0${flags & (SAMPLED | RANDOM)}`,
  ...(traceState === "" ? undefined : { tracestate: traceState }),
  ...(extra?.baggage === undefined || extra.baggage === "" ? undefined : { baggage: extra.baggage }),
  ...(extra?.sentAt === undefined ? undefined : { sentAt: extra.sentAt })
})
