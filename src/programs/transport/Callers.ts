/**
 * Callers from outside: requests whose trace context is in headers.
 *
 * @since 0.1.0
 */
import { Effect, Tracer } from "effect"
import * as Propagation from "../../domain/Propagation.ts"
import * as TraceCarrier from "../../domain/TraceCarrier.ts"
import * as TraceContext from "../../domain/TraceContext.ts"
import { asked, reject } from "./Current.ts"
import { type Received, received } from "./Incoming.ts"
import type { AnyFiber } from "./Sampling.ts"
import { begun, continued, type Hop, isIsolated, isolated } from "./Trace.ts"

/**
 * What becomes of the trace context that callers from outside bring:
 *
 * - *continue*: theirs goes on, and they decide what is sampled
 * - *link*: a trace that begins here has theirs for a link
 * - *ignore*: it is not looked at
 *
 * @since 0.1.0
 * @category models
 */
export type TraceCallers = "continue" | "link" | "ignore"

/**
 * `callers` is by default *continue*. `start` is the probability, by default 0, with which a request begins a trace of
 * its own: under *continue* one whose caller brought no context, otherwise any.
 *
 * @since 0.1.0
 * @category models
 */
export interface IngressOptions {
  readonly callers?: TraceCallers
  readonly start?: number
}

/** The context that a caller from outside brought, if its sampled bit is set; nothing else is looked at before that. */
const brought = (fiber: AnyFiber, headers: TraceCarrier.Headers | TraceCarrier.Metadata): Received | undefined => {
  if (!TraceCarrier.isSampledIn(headers) && asked(fiber.getRef(Propagation.unsampled), "omit") === "omit")
    return undefined
  const carrier = TraceCarrier.from(headers)
  return carrier && received(fiber, carrier)
}

/** Whether a caller brought a context that says of itself that it is not sampled. What is malformed says nothing. */
const isDecided = (fiber: AnyFiber, headers: TraceCarrier.Headers | TraceCarrier.Metadata): boolean => {
  if (!TraceCarrier.isPresentIn(headers) || TraceCarrier.isSampledIn(headers)) return false
  const carrier = TraceCarrier.from(headers)
  const decoded = carrier && TraceCarrier.decode({ traceparent: carrier.traceparent })
  if (decoded !== undefined && decoded.rejections.length > 0) reject(fiber, decoded.rejections)
  return decoded?.context !== undefined
}

/** In no trace; at no cost where the server's fibers are in none anyway (`layerIsolated`). */
const alone = <A, E, R>(fiber: AnyFiber, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  isIsolated(fiber, "continue") ? effect : isolated(effect, "continue")

/**
 * Handles a request from outside, whose trace context is in its headers, or in gRPC metadata. It and the options alone
 * decide: a request that is in no trace by them is in none, whatever trace the server itself may be in.
 *
 * @since 0.1.0
 * @category receiving
 */
export const ingress = <A, E, R>(
  headers: TraceCarrier.Headers | TraceCarrier.Metadata,
  hop: Hop,
  handler: Effect.Effect<A, E, R>,
  options?: IngressOptions
): Effect.Effect<A, E, R> =>
  Effect.withFiber<A, E, R>((fiber) => {
    const { callers = "continue", start = 0 } = options ?? {}
    if (callers === "continue") {
      const caller = brought(fiber, headers)
      if (caller !== undefined) {
        const effect = continued(caller.context, caller.baggage, { kind: "server", ...hop }, {}, handler)
        return TraceContext.isSampled(caller.context)
          ? Effect.updateContext(effect, Propagation.withoutTrace<R>)
          : isolated(effect, "continue")
      }
      if (start === 0 || isDecided(fiber, headers)) return alone(fiber, handler)
    }
    if (start === 0) return alone(fiber, handler)
    const linked = callers === "link" ? brought(fiber, headers)?.context : undefined
    const links = linked === undefined ? [] : [{ span: Tracer.externalSpan(linked), attributes: {} }]
    return begun(
      { probability: start },
      { kind: "server", ...hop, links: () => [...(hop.links?.() ?? []), ...links] },
      {},
      handler
    )
  })
