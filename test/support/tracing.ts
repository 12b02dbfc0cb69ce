/** A tracer that remembers every span it was asked to open. */
import { Effect, Layer, Option, Tracer } from "effect"
import * as TraceCarrier from "../../src/domain/TraceCarrier.ts"

export interface Recorder {
  readonly opened: Array<Tracer.Span>
  readonly layer: Layer.Layer<never>
}

export const recorder = (): Recorder => {
  const opened: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      opened.push(span)
      return span
    }
  })
  return { opened, layer: Layer.succeed(Tracer.Tracer, tracer) }
}

export const parentId = (span: Tracer.Span): string | undefined =>
  Option.getOrUndefined(Option.map(span.parent, ({ spanId }) => spanId))

export const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
export const PARENT_ID = "00f067aa0ba902b7"

export const sampledCarrier: TraceCarrier.TraceCarrier = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` }
export const unsampledCarrier: TraceCarrier.TraceCarrier = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` }

/** A trace that somebody else began. */
export const callerSpan = Tracer.externalSpan({ traceId: TRACE_ID, spanId: PARENT_ID, sampled: true })

/** Runs an effect as if its fiber had been called from within a sampled trace. */
export const traced = Effect.withParentSpan(callerSpan)
