/**
 * Trace stores: finished spans kept where they arose.
 *
 * @since 0.1.0
 */
import { Cause, Context, Effect, Exit, Layer, Option, Schema, Tracer } from "effect"
import { outside } from "../domain/AsyncContext.ts"
import { FinishedSpan, TraceStore } from "../domain/TraceStore.ts"

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

/** Not everything has a text: an object without a prototype has none. */
const text = (value: unknown): string => {
  try {
    return String(value)
  } catch {
    return "(not printable)"
  }
}

const json = (value: unknown): string | number | boolean =>
  typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))
    ? value
    : text(value)

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
    // The wall clock may have been set back while it was open.
    durationMillis: Math.max(0, millis(end - status.startTime)),
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

/** What is kept of a trace: one's own spans as they are, and made fit to be shown when they are asked for: most never are. */
type Kept = Tracer.Span | FinishedSpan

const shown = (kept: Kept): FinishedSpan => ("startMillis" in kept ? kept : finished(kept))

/** Who made the request that a span is of, if it is of one. */
const userOf = (kept: Kept): unknown =>
  "startMillis" in kept ? kept.attributes["user.id"] : kept.attributes.get("user.id")

/** A trace, and who began it, once that is known. */
interface Trace {
  readonly spans: Array<Kept>
  user: unknown
}

/** The oldest trace of whoever has most of them: one who begins very many takes nobody else's place. */
const toForget = (traces: ReadonlyMap<string, Trace>): string | undefined => {
  const counts = new Map<unknown, number>()
  for (const { user } of traces.values()) counts.set(user, (counts.get(user) ?? 0) + 1)
  const most = Math.max(...counts.values())
  for (const [id, { user }] of traces) if (counts.get(user) === most) return id
  return undefined
}

const decoded = Schema.decodeUnknownOption(FinishedSpan)

/** Tells other threads of the spans that have ended here, and hears of theirs. */
const shared = Effect.fnUntraced(function* (name: string, hear: (span: FinishedSpan) => void) {
  let isOpen = true
  const channel = yield* Effect.acquireRelease(
    Effect.sync(() => outside(() => new BroadcastChannel(name))),
    (channel) =>
      Effect.sync(() => {
        isOpen = false
        channel.close()
      })
  )
  channel.onmessage = ({ data }) => Option.map(decoded(data), hear)
  return (span: Tracer.Span): void => {
    // A span may end after the store: nobody is told of it then.
    if (isOpen) channel.postMessage(finished(span))
  }
})

/**
 * A tracer that keeps the last traces in memory, and the store to read them from. The oldest trace of whoever has most
 * makes room for a new one; of one trace, the first spans to end are kept. Threads that name the same `channel` have their
 * spans in common.
 *
 * @since 0.1.0
 * @category layers
 */
export const ring = (options?: {
  readonly traces?: number
  readonly spansPerTrace?: number
  readonly channel?: string
}): Layer.Layer<TraceStore> => {
  const maxTraces = options?.traces ?? 128
  const maxSpans = options?.spansPerTrace ?? 1024
  return Layer.effectContext(
    Effect.gen(function* () {
      // A Map keeps the order of insertion, so its first key is the oldest trace.
      const traces = new Map<string, Trace>()
      const keep = (span: Kept): void => {
        const known = traces.get(span.traceId)
        if (known !== undefined) {
          known.user ??= userOf(span)
          if (known.spans.length < maxSpans) known.spans.push(span)
          return
        }
        const forgotten = traces.size < maxTraces ? undefined : toForget(traces)
        if (forgotten !== undefined) traces.delete(forgotten)
        traces.set(span.traceId, { spans: [span], user: userOf(span) })
      }
      const tell = options?.channel === undefined ? () => {} : yield* shared(`${options.channel}/spans`, keep)
      const store = (span: Tracer.Span): void => {
        keep(span)
        tell(span)
      }
      return Context.make(TraceStore, {
        spans: (traceId) =>
          Effect.sync(() =>
            (traces.get(traceId)?.spans ?? []).map(shown).toSorted((a, b) => a.startMillis - b.startMillis)
          ),
        traceIds: Effect.sync(() => Array.from(traces.keys()))
      }).pipe(Context.add(Tracer.Tracer, Tracer.make({ span: (options) => new StoredSpan(options, store) })))
    })
  )
}
