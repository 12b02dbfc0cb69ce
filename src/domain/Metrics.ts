/**
 * What Fanfare measures, by the names under which it is found.
 *
 * @since 0.1.0
 */
import { Metric } from "effect"
import type { LimitName } from "./LimitName.ts"
import type { Rejection } from "./Rejection.ts"

/** From a tenth of a millisecond to the posts' sixteen minutes, in steps of about three. */
const BOUNDARIES = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000]

/**
 * `fanfare.limited`: what was refused, or whose connection was ended, because it was beyond a limit, by the limit's name.
 *
 * @since 0.1.0
 * @category metrics
 */
export const limited = (limit: LimitName): Metric.Counter<number> =>
  Metric.counter("fanfare.limited", {
    description: "Times that somebody was refused or sent away at a limit, by its name",
    attributes: { limit },
    incremental: true
  })

/**
 * `fanfare.mailbox.wait`: milliseconds between sending and the start of handling, by the kind of actor that received.
 * Which messages are measured is `Propagation.waits`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const mailboxWait = (actor: string): Metric.Histogram<number> =>
  Metric.histogram("fanfare.mailbox.wait", {
    description: "Milliseconds that messages lay in a mailbox before they were handled",
    boundaries: BOUNDARIES,
    attributes: { actor, unit: "milliseconds" }
  })

/**
 * `fanfare.frames.unusable`: frames from clients that asked for what cannot be done, and were left out.
 *
 * @since 0.1.0
 * @category metrics
 */
export const framesUnusable: Metric.Counter<number> = Metric.counter("fanfare.frames.unusable", {
  description: "Frames from clients that asked for what cannot be done, and were left out",
  incremental: true
})

/**
 * `fanfare.pings.dropped`: messages to everyone of which a notifier that was too slow was not told.
 *
 * @since 0.1.0
 * @category metrics
 */
export const pingsDropped: Metric.Counter<number> = Metric.counter("fanfare.pings.dropped", {
  description: "Messages to everyone of which the notifier was not told, because it was too slow",
  incremental: true
})

/**
 * `fanfare.rejected`: trace data from outside that was not taken, by reason.
 *
 * @since 0.1.0
 * @category metrics
 */
export const rejected = (reason: Rejection): Metric.Counter<number> =>
  Metric.counter("fanfare.rejected", {
    description: "Trace data from outside that was not taken, by reason",
    attributes: { reason },
    incremental: true
  })

/**
 * `fanfare.unhandled`: messages that an actor accepted and never handled, because it ended, by the kind of actor. Callers
 * among their senders were told; whoever cast them was not.
 *
 * @since 0.1.0
 * @category metrics
 */
export const unhandled = (actor: string): Metric.Counter<number> =>
  Metric.counter("fanfare.unhandled", {
    description: "Messages that an actor accepted and never handled, because it ended",
    attributes: { actor },
    incremental: true
  })

/**
 * `fanfare.tracer.failed`: what the tracer was asked to do and failed to, by operation.
 *
 * @since 0.1.0
 * @category metrics
 */
export const tracerFailed = (operation: string): Metric.Counter<number> =>
  Metric.counter("fanfare.tracer.failed", {
    description: "Times that the tracer failed, by what it was asked to do",
    attributes: { operation },
    incremental: true
  })
