/**
 * What an incoming message brings besides itself, as those who receive it need it.
 *
 * @since 0.1.0
 */
import { Tracer } from "effect"
import * as Baggage from "../../domain/Baggage.ts"
import type { Envelope } from "../../domain/Envelope.ts"
import * as Propagation from "../../domain/Propagation.ts"
import * as Threshold from "../../domain/Threshold.ts"
import * as TraceCarrier from "../../domain/TraceCarrier.ts"
import * as TraceContext from "../../domain/TraceContext.ts"
import { asked, monotonicNow, reject, wallNow } from "./Current.ts"
import type { AnyFiber } from "./Sampling.ts"
import type { Hop } from "./Trace.ts"

/**
 * What was decoded of a carrier; of one that is sampled also the span that it names, and the threshold it was kept with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Received {
  readonly context: TraceContext.TraceContext
  readonly baggage: Baggage.Baggage | undefined
  readonly parent?: Tracer.ExternalSpan
  readonly threshold?: string | undefined
}

/**
 * The trace context in a carrier, when it is one to continue. The sampled bit is looked at first: without it nothing is
 * decoded, unless the operator wants unsampled contexts to travel.
 *
 * @since 0.1.0
 * @category receiving
 */
export const received = (fiber: AnyFiber, carrier: TraceCarrier.TraceCarrier): Received | undefined => {
  if (!TraceCarrier.isSampled(carrier.traceparent) && asked(fiber.getRef(Propagation.unsampled), "omit") === "omit")
    return undefined
  const { context, rejections } = TraceCarrier.decode(carrier)
  if (rejections.length > 0) reject(fiber, rejections)
  if (context === undefined) return undefined
  return { context, baggage: baggage(fiber, carrier), ...(TraceContext.isSampled(context) ? kept(context) : undefined) }
}

const kept = ({ spanId, traceId, traceState }: TraceContext.TraceContext) => ({
  parent: Tracer.externalSpan({ traceId, spanId, sampled: true }),
  threshold: Threshold.get(traceState)
})

const baggage = (fiber: AnyFiber, carrier: TraceCarrier.TraceCarrier): Baggage.Baggage | undefined => {
  if (carrier.baggage === undefined) return undefined
  const limits = asked(fiber.getRef(Propagation.baggage), undefined)
  if (limits === undefined) return undefined
  const { baggage, rejections } = Baggage.parse(carrier.baggage, limits)
  if (rejections.length > 0) reject(fiber, rejections)
  return baggage
}

/**
 * How long ago a message was put into a mailbox of this process, or sent by another one: that is by the wall clocks of both,
 * which may differ by more than it was under way. Never less than nothing.
 */
const age = (fiber: AnyFiber, { carrier, queuedAt }: Envelope<unknown>): number | undefined => {
  if (queuedAt !== undefined) return monotonicNow(fiber) - queuedAt
  return carrier?.sentAt === undefined ? undefined : Math.max(0, wallNow(fiber) - carrier.sentAt)
}

/**
 * Records how long a message lay in a mailbox, and gives it in milliseconds; nothing where that is not known.
 *
 * @since 0.1.0
 * @category receiving
 */
export const waited = (
  fiber: AnyFiber,
  { wait }: Hop,
  envelope: Envelope<unknown>,
  sampled: boolean
): number | undefined => {
  const millis = age(fiber, envelope)
  if (millis === undefined) return undefined
  if (wait !== undefined) {
    const which = asked(fiber.getRef(Propagation.waits), "none")
    if (which === "all" || (which === "sampled" && sampled)) wait.updateUnsafe(millis, fiber.context)
  }
  return millis
}

/**
 * For a message whose description dies: it is handled all the same.
 *
 * @since 0.1.0
 * @category models
 */
export const UNKNOWN: Hop = { name: "message" }

/**
 * The attributes of a span in which a message is handled, which lay in a mailbox for `waitMillis`.
 *
 * @since 0.1.0
 * @category receiving
 */
export const attributes = (
  threshold: string | undefined,
  waitMillis: number | undefined
): Readonly<Record<string, unknown>> => ({
  "messaging.operation.type": "process",
  // Exporters leave `tracestate` out, so what a kept span stands for is said in an attribute.
  ...(threshold === undefined ? undefined : { "sampling.threshold": threshold }),
  ...(waitMillis === undefined ? undefined : { "mailbox.wait_ms": waitMillis })
})
