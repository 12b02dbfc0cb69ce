/**
 * Where a fiber stands in a trace: the decoded form of a carrier.
 *
 * @see https://www.w3.org/TR/trace-context-2/
 * @since 0.1.0
 */
import { Context } from "effect"

/**
 * A decoded trace context.
 *
 * `traceId` is 32, `spanId` 16 lower-case hex characters, neither all zero. `flags` is one byte: bit 0 says *sampled*,
 * bit 1 that the trace id is random. `traceState` is the vendors' list as it was received, "" when there was none.
 *
 * @since 0.1.0
 * @category models
 */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
  readonly traceState: string
}

/**
 * @since 0.1.0
 * @category flags
 */
export const SAMPLED = 0x01

/**
 * @since 0.1.0
 * @category flags
 */
export const RANDOM = 0x02

/**
 * @since 0.1.0
 * @category guards
 */
export const isSampled = (context: TraceContext): boolean => (context.flags & SAMPLED) !== 0

/**
 * The trace context of the running fiber: fiber-local, absent unless a sampled message is being handled.
 *
 * The ids that a message leaves with are those of the innermost open span; what a span cannot hold (`traceState`, the
 * flags) is read from here. Only `Transport` writes it.
 *
 * @since 0.1.0
 * @category references
 */
export const Current: Context.Reference<TraceContext | undefined> = Context.Reference<TraceContext | undefined>(
  "fanfare/TraceContext",
  { defaultValue: () => undefined }
)
