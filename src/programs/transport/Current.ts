/**
 * The trace that a fiber is in, as it is read when a message leaves; and what is asked and counted on the way.
 *
 * @since 0.1.0
 */
import { Clock, Context, Option, Tracer } from "effect"
import * as Baggage from "../../domain/Baggage.ts"
import * as Envelope from "../../domain/Envelope.ts"
import * as Metrics from "../../domain/Metrics.ts"
import * as Monotonic from "../../domain/Monotonic.ts"
import * as Propagation from "../../domain/Propagation.ts"
import * as SafeTracer from "../../domain/SafeTracer.ts"
import type { Rejection } from "../../domain/Rejection.ts"
import * as TraceCarrier from "../../domain/TraceCarrier.ts"
import * as TraceContext from "../../domain/TraceContext.ts"
import type { AnyFiber } from "./Sampling.ts"

/**
 * Unix time in milliseconds, with what the clock has of finer digits: for what other processes are told.
 *
 * @since 0.1.0
 * @category reading
 */
export const wallNow = (fiber: AnyFiber): number => Number(fiber.getRef(Clock.Clock).currentTimeNanosUnsafe()) / 1e6

/**
 * Monotonic time in milliseconds: for what is measured within the process.
 *
 * @since 0.1.0
 * @category reading
 */
export const monotonicNow = (fiber: AnyFiber): number => Monotonic.nowUnsafe(fiber.getRef(Clock.Clock))

const propagated = (span: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined => {
  if (span === undefined || !Context.get(span.annotations, Tracer.DisablePropagation)) return span
  return span._tag === "Span" ? propagated(Option.getOrUndefined(span.parent)) : undefined
}

/**
 * What a setting says. Tracing never costs a delivery: one that throws says what is safe.
 *
 * @since 0.1.0
 * @category reading
 */
export const asked = <A>(setting: Propagation.Setting<A>, safe: A): A => {
  try {
    return setting()
  } catch {
    return safe
  }
}

const contextOf = (
  span: Tracer.AnySpan,
  received: TraceContext.TraceContext | undefined
): TraceContext.TraceContext => {
  const { sampled, spanId, traceId } = span
  const same = received?.traceId === traceId ? received : undefined
  const flags = ((same?.flags ?? 0) & ~TraceContext.SAMPLED) | (sampled ? TraceContext.SAMPLED : 0)
  return { traceId, spanId, flags, traceState: same?.traceState ?? "" }
}

/**
 * The trace context of a fiber; absent when it is in no trace. The ids are those of the innermost span that is
 * propagated, whoever opened it. A span that does not tell its ids is passed over.
 *
 * @since 0.1.0
 * @category reading
 */
export const current = (fiber: AnyFiber): TraceContext.TraceContext | undefined => {
  const received = fiber.getRef(TraceContext.Current)
  if (fiber.cache.span === undefined) return received
  try {
    const span = propagated(fiber.cache.span)
    return span === undefined ? received : contextOf(span, received)
  } catch (error) {
    SafeTracer.failed(fiber.context, "read", error)
    return received
  }
}

/**
 * The carrier with which a message leaves a fiber that is in the given trace context; absent when nothing is to travel.
 *
 * @since 0.1.0
 * @category reading
 */
export const carrier = (
  fiber: AnyFiber,
  context: TraceContext.TraceContext | undefined
): TraceCarrier.TraceCarrier | undefined => {
  if (context === undefined) return undefined
  const sampled = TraceContext.isSampled(context)
  const mode = sampled ? "full" : asked(fiber.getRef(Propagation.unsampled), "omit")
  if (mode === "omit") return undefined
  const sentAt = wallNow(fiber)
  if (mode === "ids") return TraceCarrier.encode({ ...context, traceState: "" }, { sentAt })
  const limits = asked(fiber.getRef(Propagation.baggage), undefined)
  const baggage = limits && Baggage.format(fiber.getRef(Baggage.Current), limits)
  return TraceCarrier.encode(context, { sentAt, baggage })
}

/**
 * A message as it leaves a fiber that is in the given trace context: bare, or with what is to travel.
 *
 * @since 0.1.0
 * @category reading
 */
export const wrapped = <M>(
  fiber: AnyFiber,
  context: TraceContext.TraceContext | undefined,
  message: M
): M | Envelope.Envelope<M> => {
  const carried = context && carrier(fiber, context)
  if (carried !== undefined) return Envelope.make(message, carried, monotonicNow(fiber))
  return asked(fiber.getRef(Propagation.waits), "none") === "all"
    ? Envelope.make(message, undefined, monotonicNow(fiber))
    : message
}

/**
 * Counts what was not taken.
 *
 * @since 0.1.0
 * @category reading
 */
export const reject = (fiber: AnyFiber, reasons: ReadonlyArray<Rejection>): void => {
  for (const reason of reasons) Metrics.rejected(reason).updateUnsafe(1, fiber.context)
}
