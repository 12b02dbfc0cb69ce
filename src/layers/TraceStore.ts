/**
 * Trace stores: finished spans kept where they arose.
 *
 * @since 0.1.0
 */
import { Cause, Context, Effect, Exit, Layer, Option, Tracer } from "effect"
import { type FinishedSpan, TraceStore } from "../domain/TraceStore.ts"

export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  TraceStore
} from "../domain/TraceStore.ts"

/**
 * Keeps nothing: for programs whose spans go elsewhere.
 *
 * @since 0.1.0
 * @category layers
 */
export const none: Layer.Layer<TraceStore> = Layer.succeed(TraceStore, {
  spans: () => Effect.succeed([]),
  traceIds: Effect.succeed([])
})

const millis = (nanos: bigint): number => Number(nanos) / 1e6

const json = (value: unknown): string | number | boolean =>
  typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))
    ? value
    : String(value)

const finished = ({ attributes, kind, links, name, parent, spanId, status, traceId }: Tracer.Span): FinishedSpan => {
  // Only what has ended is stored.
  const [end, exit] = status._tag === "Ended" ? [status.endTime, status.exit] : [status.startTime, Exit.void]
  return {
    traceId,
    spanId,
    ...(Option.isSome(parent) ? { parentSpanId: parent.value.spanId } : undefined),
    name,
    kind,
    startMillis: millis(status.startTime),
    durationMillis: millis(end - status.startTime),
    status: Exit.isSuccess(exit) ? "ok" : Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "error",
    attributes: Object.fromEntries(Array.from(attributes, ([key, value]) => [key, json(value)])),
    ...(links.length === 0 ? undefined : { links: links.map(({ span: { spanId, traceId } }) => ({ traceId, spanId })) })
  }
}

class StoredSpan extends Tracer.NativeSpan {
  readonly store: (span: Tracer.Span) => void
  constructor(options: ConstructorParameters<typeof Tracer.NativeSpan>[0], store: (span: Tracer.Span) => void) {
    super(options)
    this.store = store
  }
  override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.status._tag === "Ended") return
    super.end(endTime, exit)
    if (this.sampled) this.store(this)
  }
}

/**
 * A tracer that keeps the last traces in memory, and the store to read them from. The oldest trace makes room for a new
 * one; of one trace, the first spans to end are kept.
 *
 * @since 0.1.0
 * @category layers
 */
export const ring = (options?: {
  readonly traces?: number
  readonly spansPerTrace?: number
}): Layer.Layer<TraceStore> => {
  const maxTraces = options?.traces ?? 128
  const maxSpans = options?.spansPerTrace ?? 1024
  return Layer.effectContext(
    Effect.sync(() => {
      // A Map keeps the order of insertion, so its first key is the oldest trace.
      const traces = new Map<string, Array<Tracer.Span>>()
      // Kept as they are, and made fit to be shown when they are asked for: most never are.
      const store = (span: Tracer.Span): void => {
        const known = traces.get(span.traceId)
        if (known !== undefined) {
          if (known.length < maxSpans) known.push(span)
          return
        }
        for (const oldest of traces.keys()) {
          if (traces.size < maxTraces) break
          traces.delete(oldest)
        }
        traces.set(span.traceId, [span])
      }
      return Context.make(TraceStore, {
        spans: (traceId) =>
          Effect.sync(() =>
            (traces.get(traceId) ?? []).map(finished).toSorted((a, b) => a.startMillis - b.startMillis)
          ),
        traceIds: Effect.sync(() => Array.from(traces.keys()))
      }).pipe(Context.add(Tracer.Tracer, Tracer.make({ span: (options) => new StoredSpan(options, store) })))
    })
  )
}
