/**
 * The contract of a trace store: finished spans that can be looked at right here, without a telemetry backend.
 *
 * @since 0.1.0
 */
import { Context, type Effect, Schema } from "effect"

/**
 * A finished span. `startMillis` is Unix time; a span without `parentSpanId` began the trace. `parentSpanId` may name a
 * span of another program, which is not in the store.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FinishedSpan = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optionalKey(Schema.String),
  name: Schema.String,
  kind: Schema.Literals(["internal", "server", "client", "producer", "consumer"]),
  startMillis: Schema.Finite,
  durationMillis: Schema.Finite,
  status: Schema.Literals(["ok", "error", "interrupted"]),
  attributes: Schema.Record(Schema.String, Schema.Json),
  links: Schema.optionalKey(Schema.Array(Schema.Struct({ traceId: Schema.String, spanId: Schema.String })))
})
/**
 * @since 0.1.0
 * @category models
 */
export type FinishedSpan = typeof FinishedSpan.Type

/**
 * @since 0.1.0
 * @category contracts
 */
export class TraceStore extends Context.Service<
  TraceStore,
  {
    /** The spans of a trace that have ended so far, by start; none when the trace is not known, or no longer. */
    readonly spans: (traceId: string) => Effect.Effect<ReadonlyArray<FinishedSpan>>
    /** The traces in the store, the newest last. */
    readonly traceIds: Effect.Effect<ReadonlyArray<string>>
  }
>()("fanfare/domain/TraceStore") {}
