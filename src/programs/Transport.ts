/**
 * The transport: every way in which a message travels. The only place where envelopes and tracing meet.
 *
 * What is not sampled is not there: it leaves bare, arrives bare, opens no span and changes no context. What is sampled
 * leaves in an envelope with the sender's trace context and the time of sending; whoever receives it handles it within
 * a span, and leaves nothing behind.
 *
 * @since 0.1.0
 */
import {
  Clock,
  Context,
  Deferred,
  Duration,
  Effect,
  type Fiber,
  Option,
  Queue,
  Random,
  References,
  Tracer
} from "effect"
import {
  type ActorError,
  ActorStopped,
  type Address,
  CallTimedOut,
  type Protocol,
  type Reply,
  request,
  type Tag
} from "../domain/Actor.ts"
import * as Envelope from "../domain/Envelope.ts"
import * as FanOut from "../domain/FanOut.ts"
import type { Mailbox } from "../domain/Mailbox.ts"
import type { Recipient, Sender } from "../domain/Offload.ts"
import { Sampler } from "../domain/Sampler.ts"
import * as TraceCarrier from "../domain/TraceCarrier.ts"
import * as TraceContext from "../domain/TraceContext.ts"
import * as TraceState from "../domain/TraceState.ts"

/**
 * The span in which a message is handled.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hop {
  readonly name: string
  readonly kind?: Tracer.SpanKind
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly links?: ReadonlyArray<Tracer.SpanLink>
}

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Unix time in milliseconds, with what the clock has of finer digits. */
const now = (fiber: AnyFiber): number => Number(fiber.getRef(Clock.Clock).currentTimeNanosUnsafe()) / 1e6

/**
 * The trace context with which a message leaves this fiber; absent when nothing is sampled. The ids are those of the
 * innermost span, whoever opened it.
 */
const outgoing = (fiber: AnyFiber): TraceContext.TraceContext | undefined => {
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  const received = fiber.getRef(TraceContext.Current)
  if (span === undefined) return received
  if (!span.sampled) return undefined
  const { spanId, traceId } = span
  return received?.traceId === traceId
    ? { ...received, spanId }
    : { traceId, spanId, flags: TraceContext.SAMPLED, traceState: "" }
}

/** A message as it leaves this fiber: bare, or with the trace it belongs to. */
const wrap = <M>(fiber: AnyFiber, message: M): M | Envelope.Envelope<M> => {
  const context = outgoing(fiber)
  return context === undefined ? message : Envelope.make(message, TraceCarrier.encode(context, now(fiber)))
}

/**
 * Puts a message into a mailbox (any `Queue` is one). Answers `false` when the mailbox has ended, or drops what it
 * cannot hold; waits when it is full and suspends.
 *
 * @since 0.1.0
 * @category sending
 */
export const send = <M>(mailbox: Mailbox<M>, message: M): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) => Queue.offer(mailbox, wrap(fiber, message)))

/**
 * Sends a request to an actor and does not wait for it to be handled.
 *
 * @since 0.1.0
 * @category sending
 */
export const cast = <P extends Protocol<P>, T extends Tag<P>>(
  address: Address<P>,
  tag: T,
  payload: P[T]["payload"]
): Effect.Effect<void, ActorStopped> =>
  Effect.flatMap(send(address.mailbox, request<P, T>(tag, payload)), (accepted) =>
    accepted ? Effect.void : new ActorStopped({ kind: address.kind, request: tag, handled: "no" })
  )

/**
 * Sends a request to an actor and waits for the answer, by default for 5 seconds (as a GenServer does).
 *
 * @since 0.1.0
 * @category sending
 */
export const call = <P extends Protocol<P>, T extends Tag<P>>(
  address: Address<P>,
  tag: T,
  payload: P[T]["payload"],
  options?: { readonly timeout?: Duration.Input }
): Effect.Effect<P[T]["success"], P[T]["error"] | ActorError> => {
  const timeout = options?.timeout ?? "5 seconds"
  return Effect.suspend(() => {
    const reply: Reply<P, T> = Deferred.makeUnsafe()
    return Effect.flatMap(send(address.mailbox, request<P, T>(tag, payload, reply)), (accepted) =>
      accepted ? Deferred.await(reply) : new ActorStopped({ kind: address.kind, request: tag, handled: "no" })
    )
  }).pipe(
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () =>
        new CallTimedOut({
          kind: address.kind,
          request: tag,
          timeoutMillis: Duration.toMillis(Duration.fromInputUnsafe(timeout))
        })
    })
  )
}

/**
 * The context for a fiber that outlives its creator: everything but the trace that the creator was in, and what it had
 * its spans and logs annotated with. Otherwise all that the fiber ever does would belong to that.
 *
 * @since 0.1.0
 * @category contexts
 */
export const withoutTrace = <R>(context: Context.Context<R>): Context.Context<R> =>
  // No service is lost that `R` may name: a span, should a handler ask for one, is given to it by `receive`.
  Context.makeUnsafe<R>(
    Context.omit(
      Tracer.ParentSpan,
      TraceContext.Current,
      References.TracerSpanAnnotations,
      References.TracerSpanLinks,
      References.CurrentLogAnnotations,
      References.CurrentLogSpans
    )(context).mapUnsafe
  )

/**
 * Runs an effect in no trace, whatever trace the fiber is in.
 *
 * @since 0.1.0
 * @category contexts
 */
export const untraced = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Context.getOrUndefined(context, Tracer.ParentSpan) === undefined &&
    Context.get(context, TraceContext.Current) === undefined
      ? effect
      : Effect.setContext(effect, withoutTrace(context))
  )

/** Runs an effect as the continuation of a trace. Both the span and the context are gone when it ends, however it does. */
const continued = <A, E, R>(
  context: TraceContext.TraceContext,
  hop: Hop,
  attributes: Readonly<Record<string, unknown>>,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  effect.pipe(
    Effect.provideService(TraceContext.Current, context),
    Effect.withSpan(
      hop.name,
      {
        parent: Tracer.externalSpan({ traceId: context.traceId, spanId: context.spanId, sampled: true }),
        kind: hop.kind ?? "consumer",
        attributes: { ...hop.attributes, ...attributes },
        links: hop.links
      },
      { captureStackTrace: false }
    )
  )

/** The trace context in a carrier, when it is sampled and well formed. The sampled bit is looked at first. */
const sampled = (carrier: TraceCarrier.TraceCarrier): TraceContext.TraceContext | undefined =>
  TraceCarrier.isSampled(carrier.traceparent)
    ? Option.getOrUndefined(Option.filter(TraceCarrier.decode(carrier), TraceContext.isSampled))
    : undefined

/**
 * Handles what came out of a mailbox. A bare message goes straight to the handler; a sampled one is handled within the
 * span that `hop` describes, which says how long the message lay in the mailbox (`mailbox.wait_ms`) and, where the
 * trace was thinned, with which threshold it was kept (`sampling.threshold`).
 *
 * @since 0.1.0
 * @category receiving
 */
export const receive = <M, A, E, R>(
  incoming: M | Envelope.Envelope<M>,
  hop: (message: M) => Hop,
  handler: (message: M) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  if (!Envelope.isEnvelope(incoming)) return handler(incoming)
  const { carrier, message } = incoming
  const context = carrier && sampled(carrier)
  if (context === undefined) return handler(message)
  const threshold = TraceState.threshold(context.traceState)
  return Effect.withFiber((fiber) =>
    continued(
      context,
      hop(message),
      {
        "messaging.operation.type": "process",
        // Exporters leave `tracestate` out, so what a kept span stands for is said in an attribute.
        ...(threshold === undefined ? undefined : { "sampling.threshold": threshold }),
        ...(carrier?.sentAt === undefined ? undefined : { "mailbox.wait_ms": Math.max(0, now(fiber) - carrier.sentAt) })
      },
      // What the handler does before it gives its effect belongs to the span too.
      Effect.suspend(() => handler(message))
    )
  )
}

/**
 * Handles a request from outside, whose trace context is in its headers (a record of lower-case names). They alone
 * decide: one that is not sampled is in no trace, whatever trace the server itself may be in.
 *
 * @since 0.1.0
 * @category receiving
 */
export const ingress = <A, E, R>(
  headers: Readonly<Record<string, string | undefined>>,
  hop: Hop,
  handler: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const carrier = TraceCarrier.sampledFromHeaders(headers)
  const context = carrier && sampled(carrier)
  return context === undefined ? untraced(handler) : continued(context, { kind: "server", ...hop }, {}, handler)
}

/**
 * A fan-out. `refused` is told of every recipient that could not take the message; see `Sender`.
 *
 * @since 0.1.0
 * @category models
 */
export interface FanOutOptions<M, R extends Recipient<M>> {
  readonly sender: Sender
  readonly recipients: ReadonlyArray<R>
  readonly message: M
  readonly refused: (recipient: R) => Effect.Effect<void>
}

/** Tracing never costs a delivery: a sampler that gives no probability, or dies, keeps nothing. */
const probabilityOf = (sampler: Sampler["Service"], size: number): number => {
  try {
    const probability = sampler.probability(size)
    return probability > 0 ? Math.min(probability, 1) : 0
  } catch {
    return 0
  }
}

/**
 * Sends one message to many, of whom the `Sampler` says which share keeps the trace. `size` is how many the message
 * reaches in all, where these recipients are only a part of them.
 *
 * The span around says how many there were (`fanout.recipients`), how many keep the trace (`fanout.sampled`), and the
 * threshold that stands for the share (`fanout.threshold`); those who keep it have the threshold in their `tracestate`.
 *
 * @since 0.1.0
 * @category sending
 */
export const fanOut = <M, R extends Recipient<M>>(
  options: FanOutOptions<M, R> & { readonly size?: number }
): Effect.Effect<void, never, Sampler> =>
  Effect.flatMap(Sampler, (sampler) =>
    Effect.withFiber((fiber) => {
      const { message, recipients, refused, sender } = options
      const context = outgoing(fiber)
      if (context === undefined) return sender.push(FanOut.uniform(recipients, message), refused)
      const probability = probabilityOf(sampler, options.size ?? recipients.length)
      const random = fiber.getRef(Random.Random)
      const traceState = TraceState.keptWith(context.traceState, probability)
      const plan = FanOut.thinned(
        recipients,
        message,
        Envelope.make(message, TraceCarrier.encode({ ...context, traceState }, now(fiber))),
        FanOut.keep(recipients.length, probability, () => random.nextDoubleUnsafe())
      )
      const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
      if (span?._tag === "Span") {
        span.attribute("messaging.batch.message_count", recipients.length)
        span.attribute("fanout.recipients", recipients.length)
        span.attribute("fanout.sampled", plan.kept.length)
        if (probability > 0) span.attribute("fanout.threshold", TraceState.thresholdOf(probability))
      }
      return sender.push(plan, refused)
    })
  )

/**
 * Sends one message to the few who pass it on. All of them keep the trace: thinning it out is left to them.
 *
 * @since 0.1.0
 * @category sending
 */
export const broadcast = <M, R extends Recipient<M>>({
  message,
  recipients,
  refused,
  sender
}: FanOutOptions<M, R>): Effect.Effect<void> =>
  Effect.withFiber((fiber) => sender.push(FanOut.uniform(recipients, wrap(fiber, message)), refused))
