/**
 * Sending one message to many.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as Choice from "../../domain/Choice.ts"
import * as FanOut from "../../domain/FanOut.ts"
import * as SafeTracer from "../../domain/SafeTracer.ts"
import { Sampler } from "../../domain/Sampler.ts"
import { inline, type Recipient, type Sender } from "../../domain/Sender.ts"
import * as Threshold from "../../domain/Threshold.ts"
import * as TraceContext from "../../domain/TraceContext.ts"
import { current, wrapped } from "./Current.ts"
import { type AnyFiber, decision, randomness } from "./Sampling.ts"

/**
 * How a fan-out is done. All may be left out.
 *
 * - `sender`: who pushes; the caller itself by default. A caller takes one from `Offload` and keeps to it, for order
 * - `refused`: is told of every recipient that could not take the message (see `Sender`); nobody is by default
 * - `size`: how many the message reaches in all, where these recipients are only a part of them
 * - `source`: what the fan-out belongs to, for samplers that share out between sources; see `Sampler`
 * - `salt`: keeps those apart who fan out the same message to different parts, and must not choose alike; see `Choice`
 *
 * @since 0.1.0
 * @category models
 */
export interface FanOutOptions<R> {
  readonly sender?: Sender
  readonly refused?: (recipient: R) => Effect.Effect<void>
  readonly size?: number
  readonly source?: string
  readonly salt?: number
}

const nobody = () => Effect.void

/** Sets attributes on the span around. A caller may have opened it with a tracer that is not safe. */
const annotate = (fiber: AnyFiber, attributes: Readonly<Record<string, unknown>>): void => {
  const { span } = fiber.cache
  if (span?._tag !== "Span") return
  try {
    for (const key in attributes) span.attribute(key, attributes[key])
  } catch (error) {
    SafeTracer.failed(fiber.context, "attribute", error)
  }
}

/**
 * Sends one message to many, of whom the `Sampler` says which share keeps the trace. Who does is drawn from the trace's
 * own randomness, where it has any; see `Choice`.
 *
 * The span around says how many there were (`fanout.recipients`), how many keep the trace (`fanout.sampled`), and the
 * threshold that stands for the share (`fanout.threshold`); those who keep it have the threshold in their `tracestate`.
 *
 * @example
 * ```ts
 * import { Effect, Queue } from "effect"
 * import { Envelope, Sampler, Transport } from "fanfare"
 *
 * const program = Effect.gen(function* () {
 *   const mailbox = yield* Queue.unbounded<string | Envelope.Envelope<string>>()
 *   yield* Transport.fanout([{ mailbox }], "hello")
 * }).pipe(Effect.provide(Sampler.byFanOutSize()))
 * ```
 *
 * @since 0.1.0
 * @category sending
 */
export const fanout = <M, R extends Recipient<M>>(
  recipients: ReadonlyArray<R>,
  message: M,
  options?: FanOutOptions<R>
): Effect.Effect<void, never, Sampler> =>
  Effect.withFiber<void, never, Sampler>((fiber) => {
    const { refused = nobody, salt, sender = inline, source = "" } = options ?? {}
    // No part is larger than the whole, whoever estimated that.
    const size = Math.max(recipients.length, options?.size || 0)
    const context = current(fiber)
    if (context === undefined || !TraceContext.isSampled(context)) {
      return sender.push(FanOut.uniform(recipients, wrapped(fiber, context, message)), refused)
    }
    return Effect.flatMap(Sampler, (sampler) => {
      const { count, probability } = decision(sampler, { size, recipients: recipients.length, source })
      const seed = Choice.seed(randomness(fiber, context), salt, Threshold.get(context.traceState))
      const kept =
        count === undefined
          ? Choice.each(recipients.length, probability, seed)
          : Choice.exactly(recipients.length, count, seed)
      const traceState = Threshold.keptWith(context.traceState, probability)
      const flags = context.flags & ~TraceContext.SAMPLED
      annotate(fiber, {
        "messaging.batch.message_count": recipients.length,
        "fanout.recipients": recipients.length,
        "fanout.sampled": kept.length,
        ...(probability > 0 ? { "fanout.threshold": Threshold.fromProbability(probability) } : undefined)
      })
      const plan = {
        recipients,
        message: wrapped(fiber, { ...context, flags }, message),
        kept,
        keptMessage: wrapped(fiber, { ...context, traceState }, message)
      }
      return sender.push(plan, refused)
    })
  })

/**
 * Sends one message to the few who pass it on. All of them keep the trace: thinning it out is left to them.
 *
 * @since 0.1.0
 * @category sending
 */
export const broadcast = <M, R extends Recipient<M>>(
  recipients: ReadonlyArray<R>,
  message: M,
  options?: Pick<FanOutOptions<R>, "sender" | "refused">
): Effect.Effect<void> =>
  Effect.withFiber((fiber) =>
    (options?.sender ?? inline).push(
      FanOut.uniform(recipients, wrapped(fiber, current(fiber), message)),
      options?.refused ?? nobody
    )
  )
