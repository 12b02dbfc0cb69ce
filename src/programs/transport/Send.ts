/**
 * Sending: to a mailbox, a queue or a topic; to an actor; to many.
 *
 * @since 0.1.0
 */
import { Deferred, Duration, Effect, PubSub, Queue } from "effect"
import {
  type ActorDied,
  type ActorError,
  type ActorNotStarted,
  ActorStopped,
  type Address,
  type CallOf,
  CallTimedOut,
  type CastTag,
  type Protocol,
  request,
  type Tag
} from "../../domain/Actor.ts"
import * as Choice from "../../domain/Choice.ts"
import * as Envelope from "../../domain/Envelope.ts"
import * as FanOut from "../../domain/FanOut.ts"
import type { Mailbox, Topic } from "../../domain/Mailbox.ts"
import * as Propagation from "../../domain/Propagation.ts"
import { Sampler } from "../../domain/Sampler.ts"
import { inline, type Recipient, type Sender } from "../../domain/Sender.ts"
import * as Threshold from "../../domain/Threshold.ts"
import * as TraceContext from "../../domain/TraceContext.ts"
import { type AnyFiber, asked, carrier, current, decision, now, randomness } from "./Trace.ts"

/** A message as it leaves a fiber that is in the given trace context: bare, or with what is to travel. */
const wrapped = <M>(
  fiber: AnyFiber,
  context: TraceContext.TraceContext | undefined,
  message: M
): M | Envelope.Envelope<M> => {
  const carried = context && carrier(fiber, context)
  if (carried !== undefined) return Envelope.make(message, carried)
  return asked(fiber.getRef(Propagation.waits), "none") === "all"
    ? Envelope.make(message, { sentAt: now(fiber) })
    : message
}

const isTopic = <M>(to: Mailbox<M> | Topic<M>): to is Topic<M> => PubSub.isPubSub(to)

/**
 * Puts a message into a mailbox (any `Queue` is one), or publishes it to a topic (any `PubSub` is one). Answers `false`
 * when that has ended, or drops what it cannot hold; waits when it is full and suspends.
 *
 * @since 0.1.0
 * @category sending
 */
export const send = <M>(to: Mailbox<M> | Topic<M>, message: M): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) => {
    const outgoing = wrapped(fiber, current(fiber), message)
    return isTopic(to) ? PubSub.publish(to, outgoing) : Queue.offer(to, outgoing)
  })

type Refusal = ActorNotStarted | ActorStopped | ActorDied

/** Why a mailbox did not take a request. */
const refuse = <P extends Protocol<P>, I>(
  { kind, refusal }: Address<P, I>,
  tag: string
): Effect.Effect<never, Refusal> => Effect.fail(refusal(tag) ?? new ActorStopped({ kind, request: tag, handled: "no" }))

/**
 * Sends a request to an actor and does not wait for it to be handled.
 *
 * @since 0.1.0
 * @category sending
 */
export const cast = <P extends Protocol<P>, T extends CastTag<P>, I = never>(
  address: Address<P, I>,
  tag: T,
  payload: P[T]["payload"]
): Effect.Effect<void, Refusal> =>
  Effect.suspend((): Effect.Effect<void, Refusal> =>
    address.refusal(tag) === undefined
      ? Effect.flatMap(send(address.mailbox, request<P, T>(tag, payload)), (accepted) =>
          accepted ? Effect.void : refuse(address, tag)
        )
      : refuse(address, tag)
  )

/**
 * Sends a request to an actor and waits for the answer, by default for 5 seconds (as a GenServer does). When that is
 * over, or the caller is interrupted, a request that still lies in the mailbox is withdrawn; the error says so.
 *
 * @since 0.1.0
 * @category sending
 */
export const call = <P extends Protocol<P>, T extends Tag<P>, I = never>(
  address: Address<P, I>,
  tag: T,
  payload: P[T]["payload"],
  options?: { readonly timeout?: Duration.Input }
): Effect.Effect<P[T]["success"], P[T]["error"] | ActorError> => {
  const timeout = options?.timeout ?? "5 seconds"
  return Effect.suspend(() => {
    if (address.refusal(tag) !== undefined) return refuse(address, tag)
    const call: CallOf<P, T> = { reply: Deferred.makeUnsafe(), phase: "waiting" }
    return Effect.flatMap(send(address.mailbox, request<P, T>(tag, payload, call)), (accepted) =>
      accepted ? Deferred.await(call.reply) : refuse(address, tag)
    ).pipe(
      // Whoever gives up, for whichever reason, takes back what nobody has begun with.
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          if (call.phase === "waiting") call.phase = "withdrawn"
        })
      ),
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () => {
          const handled = call.phase === "handling" ? "maybe" : "no"
          const timeoutMillis = Duration.toMillis(Duration.fromInputUnsafe(timeout))
          return new CallTimedOut({ kind: address.kind, request: tag, timeoutMillis, handled })
        }
      })
    )
  })
}

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
      const span = fiber.cache.span
      if (span?._tag === "Span") {
        span.attribute("messaging.batch.message_count", recipients.length)
        span.attribute("fanout.recipients", recipients.length)
        span.attribute("fanout.sampled", kept.length)
        if (probability > 0) span.attribute("fanout.threshold", Threshold.fromProbability(probability))
      }
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
