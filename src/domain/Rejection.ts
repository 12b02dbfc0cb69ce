/**
 * Why trace data from outside was not taken. What is rejected is dropped and counted by its reason; the message that
 * bore it goes on.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `traceparent.repeated`: several of them, so that none can be trusted
 * - `traceparent.malformed`: not the four fields in lower-case hex
 * - `traceparent.version`: version ff, or version 00 with more than four fields
 * - `traceparent.zero`: a trace id or span id of nothing but zeros
 * - `tracestate.malformed`: a member that the grammar does not allow
 * - `tracestate.repeated`: two members of one key
 * - `tracestate.members`, `tracestate.length`: more than 32 members; or longer than anybody has reason to send
 * - `baggage.malformed`: members that the grammar does not allow (only they are dropped)
 * - `baggage.members`, `baggage.length`: more than the limits allow (only what is beyond them is dropped)
 * - `carrier.malformed`: an envelope's carrier that is none
 * - `envelope.version`: an envelope of a newer major version, or of none; it is refused with its message
 *
 * @since 0.1.0
 * @category schemas
 */
export const Rejection = Schema.Literals([
  "traceparent.repeated",
  "traceparent.malformed",
  "traceparent.version",
  "traceparent.zero",
  "tracestate.malformed",
  "tracestate.repeated",
  "tracestate.members",
  "tracestate.length",
  "baggage.malformed",
  "baggage.members",
  "baggage.length",
  "carrier.malformed",
  "envelope.version"
])
/**
 * @since 0.1.0
 * @category models
 */
export type Rejection = typeof Rejection.Type
