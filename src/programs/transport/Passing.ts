/**
 * Receiving in passing: by handlers that are nearly always done when they return. There the effects around a message
 * would cost a hundred times what is done with it: among sessions that take a message in 0.15 µs, one that keeps the
 * trace took 45 (bench `tax`), which is 25 % of a fan-out that one in a thousand keeps.
 *
 * @since 0.1.0
 */
import { Exit } from "effect"
import type * as Envelope from "../../domain/Envelope.ts"
import type { Handled } from "../../domain/mailbox/Consumer.ts"
import type * as Propagation from "../../domain/Propagation.ts"
import type * as TraceCarrier from "../../domain/TraceCarrier.ts"
import * as Incoming from "./Incoming.ts"
import type { AnyFiber } from "./Sampling.ts"
import { continued, type Hop, recorded, spanTime } from "./Trace.ts"

/**
 * Handles a message for a fiber that waits, or in that fiber. What the handler gives, if it is not done when it returns,
 * is to be run in the fiber.
 *
 * @since 0.1.0
 * @category models
 */
export interface Passing {
  <M, E, R>(
    fiber: AnyFiber,
    envelope: Envelope.Envelope<M>,
    hop: Hop,
    handler: (message: M) => Handled<E, R>
  ): Handled<E, R>
}

/**
 * What `receiver` is for handlers that are effects; those who have the policy in common share one. All who keep the trace
 * of a fan-out have one carrier, and it is decoded once.
 *
 * @since 0.1.0
 * @category receiving
 */
export const passing = (policy: Propagation.Policy): Passing => {
  let last:
    { readonly carrier: TraceCarrier.TraceCarrier; readonly received: Incoming.Received | undefined } | undefined

  const received = (fiber: AnyFiber, carrier: TraceCarrier.TraceCarrier): Incoming.Received | undefined => {
    if (last?.carrier !== carrier) last = { carrier, received: Incoming.received(fiber, carrier) }
    return last.received
  }

  return (fiber, envelope, hop, handler) => {
    const { carrier, message } = envelope
    const known = carrier && received(fiber, carrier)
    const wait = Incoming.waited(fiber, hop, envelope, known?.parent !== undefined)
    if (known === undefined || policy === "off") return handler(message)
    const { baggage, context, parent, threshold } = known
    const startTime = parent === undefined ? 0n : spanTime(fiber)
    let effect: ReturnType<typeof handler>
    try {
      effect = handler(message)
    } catch (defect) {
      if (parent !== undefined) {
        recorded(fiber, parent, hop, Incoming.attributes(threshold, wait), startTime, Exit.die(defect))
      }
      throw defect
    }
    // The effect opens the span itself, so none is left open when the fiber ends before it gets to it.
    if (effect !== undefined) {
      return continued(context, baggage, hop, Incoming.attributes(threshold, wait), effect)
    }
    if (parent !== undefined) {
      recorded(fiber, parent, hop, Incoming.attributes(threshold, wait), startTime, Exit.void)
    }
    return undefined
  }
}
