/**
 * Traces entered, as a message is handled, and left behind, by fibers that outlive them.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, type Exit, Layer, LogLevel, Option, References, Tracer } from "effect"
import * as Baggage from "../../domain/Baggage.ts"
import type * as Metrics from "../../domain/Metrics.ts"
import * as Propagation from "../../domain/Propagation.ts"
import * as SafeTracer from "../../domain/SafeTracer.ts"
import type { Decision } from "../../domain/Sampler.ts"
import * as Threshold from "../../domain/Threshold.ts"
import * as TraceContext from "../../domain/TraceContext.ts"
import { asked, current } from "./Current.ts"
import { type AnyFiber, drawn } from "./Sampling.ts"

/**
 * The span in which a message is handled, and the metric in which its wait in the mailbox is recorded. `links` are asked
 * for when a span is opened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hop {
  readonly name: string
  readonly kind?: Tracer.SpanKind
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly links?: () => ReadonlyArray<Tracer.SpanLink>
  readonly wait?: ReturnType<typeof Metrics.mailboxWait>
}

/**
 * Whether the program has its tracer enabled; absent where {@link isolated} has not disabled it.
 */
const TracerEnabled: Context.Reference<boolean | undefined> = Context.Reference<boolean | undefined>(
  "fanfare/programs/transport/TracerEnabled",
  { defaultValue: () => undefined }
)

/**
 * Runs an effect in no trace, whatever trace the fiber is in.
 *
 * @since 0.1.0
 * @category contexts
 */
export const untraced = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber<A, E, R>((fiber) =>
    fiber.cache.span === undefined &&
    fiber.getRef(TraceContext.Current) === undefined &&
    fiber.getRef(Baggage.Current) === Baggage.empty
      ? effect
      : Effect.updateContext(effect, Propagation.withoutTrace)
  )

const isolate =
  (policy: Propagation.Policy) =>
  <R>(context: Context.Context<R>): Context.Context<R> => {
    const bare = Propagation.withoutTrace(context)
    // What brings no trace opens no span, whatever is done about it: the tracer itself is off, until one is brought.
    return policy === "start"
      ? bare
      : bare.pipe(
          Context.add(
            TracerEnabled,
            Context.get(context, TracerEnabled) ?? Context.get(context, References.TracerEnabled)
          ),
          Context.add(References.TracerEnabled, false)
        )
  }

/**
 * Runs an effect in no trace, and as the policy asks: unless that is *start*, no span is opened in it but by
 * {@link continued}. For the loops of fibers that receive, which thereby pay for this once and not for each message.
 *
 * @since 0.1.0
 * @category contexts
 */
export const isolated = <A, E, R>(effect: Effect.Effect<A, E, R>, policy: Propagation.Policy): Effect.Effect<A, E, R> =>
  Effect.updateContext(effect, isolate(policy))

/**
 * What {@link isolated} does for one effect, for all that is built upon this Layer: a server, say, whose requests are
 * then in no trace until one brings it, at no cost for each.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerIsolated: Layer.Layer<never> = Layer.effectContext(
  Effect.map(Effect.context<never>(), isolate("continue"))
)

/**
 * Whether a fiber is already as {@link isolated} would have it.
 *
 * @since 0.1.0
 * @category contexts
 */
export const isIsolated = (fiber: AnyFiber, policy: Propagation.Policy): boolean =>
  fiber.cache.span === undefined &&
  fiber.getRef(TraceContext.Current) === undefined &&
  fiber.getRef(Baggage.Current) === Baggage.empty &&
  (policy === "start" || !fiber.cache.tracerEnabled)

/**
 * What is logged within tells the span of the message, under the names that OpenTelemetry gives to ids in logs. (Loggers
 * that know of spans say the innermost one themselves.)
 */
const logged = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  { spanId, traceId }: { readonly traceId: string; readonly spanId: string }
): Effect.Effect<A, E, R> => Effect.annotateLogs(effect, { trace_id: traceId, span_id: spanId })

/** What a message is handled in must not keep it from being handled: links that cannot be had are left out. */
const linksOf = ({ links }: Hop): Array<Tracer.SpanLink> =>
  links === undefined ? [] : asked(() => Array.from(links()), [])

const options = (hop: Hop, attributes: Readonly<Record<string, unknown>>) => ({
  kind: hop.kind ?? "consumer",
  attributes: { ...hop.attributes, ...attributes },
  links: linksOf(hop)
})

const SILENT = { captureStackTrace: false } as const

/**
 * When a span begins or ends.
 *
 * @since 0.1.0
 * @category spans
 */
export const spanTime = (fiber: AnyFiber): bigint =>
  fiber.getRef(References.TracerTimingEnabled) ? fiber.getRef(Clock.Clock).currentTimeNanosUnsafe() : 0n

/** What a handler finds in its context of the trace that it continues, besides the span: the tracer, if it is sampled. */
const receivedContext = (
  fiber: AnyFiber,
  context: TraceContext.TraceContext,
  baggage: Baggage.Baggage | undefined
): Context.Context<never> => {
  const isSampled = TraceContext.isSampled(context)
  const enabled = isSampled ? fiber.getRef(TracerEnabled) : undefined
  const tracer = isSampled ? SafeTracer.of(fiber) : undefined
  return Context.make(TraceContext.Current, context).pipe(
    baggage === undefined ? (same) => same : Context.add(Baggage.Current, baggage),
    enabled === undefined ? (same) => same : Context.add(References.TracerEnabled, enabled),
    tracer === undefined || tracer === fiber.cache.tracer ? (same) => same : Context.add(Tracer.Tracer, tracer)
  )
}

/**
 * Runs an effect as the continuation of a trace: within a span when it is sampled, and with its ids on all that is
 * logged. Nothing of it is left when the effect ends, however it does.
 *
 * @since 0.1.0
 * @category contexts
 */
export const continued = <A, E, R>(
  context: TraceContext.TraceContext,
  baggage: Baggage.Baggage | undefined,
  hop: Hop,
  attributes: Readonly<Record<string, unknown>>,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber<A, E, R>((fiber) => {
    const received = receivedContext(fiber, context, baggage)
    if (!TraceContext.isSampled(context)) return Effect.provideContext(logged(effect, context), received)
    const parent = Tracer.externalSpan({ traceId: context.traceId, spanId: context.spanId, sampled: true })
    return Effect.withFiber<A, E, R>((inner) => logged(effect, current(inner) ?? context)).pipe(
      Effect.withSpan(hop.name, { ...options(hop, attributes), parent }, SILENT),
      Effect.provideContext(received)
    )
  })

/**
 * Records the span of a message that has been handled already: the span that {@link continued} would have opened. It is
 * started and ended in one step, so an interruption cannot leave it open.
 *
 * @since 0.1.0
 * @category spans
 */
export const recorded = (
  fiber: AnyFiber,
  parent: Tracer.ExternalSpan,
  hop: Hop,
  attributes: Readonly<Record<string, unknown>>,
  startTime: bigint,
  exit: Exit.Exit<unknown, unknown>
): void => {
  if (!(fiber.getRef(TracerEnabled) ?? fiber.getRef(References.TracerEnabled))) return
  const span = {
    name: hop.name,
    parent: Option.some(parent),
    annotations: Context.empty(),
    links: linksOf(hop),
    startTime,
    kind: hop.kind ?? "consumer",
    root: false,
    sampled: !LogLevel.isGreaterThan(
      fiber.getRef(References.MinimumTraceLevel),
      fiber.getRef(References.CurrentTraceLevel)
    )
  }
  // The wall clock may have been set back meanwhile.
  const now = spanTime(fiber)
  SafeTracer.of(fiber)?.record(span, [hop.attributes, attributes], now > startTime ? now : startTime, exit)
}

/**
 * Runs an effect as the beginning of a trace, which is kept as the decision says; otherwise in none. The trace has its
 * randomness with it (`rv`), so that whoever samples it again decides alike.
 *
 * @since 0.1.0
 * @category contexts
 */
export const begun = <A, E, R>(
  { count, probability }: Decision,
  hop: Hop,
  attributes: Readonly<Record<string, unknown>>,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber<A, E, R>((fiber) => {
    const enabled = fiber.getRef(TracerEnabled) ?? fiber.getRef(References.TracerEnabled)
    const rv = drawn(fiber)
    // A sampler that gives a count has tossed the coin already, and the trace's randomness is not what it went by.
    const chosen = count === undefined ? Threshold.keeps(probability, rv) : count > 0
    if (!enabled || !chosen) return isolated(effect, "continue")
    const traceState = count === undefined ? Threshold.begin(probability, rv) : Threshold.keptWith("", probability)
    return Effect.withFiber<A, E, R>((inner) => {
      const first = current(inner)
      return first === undefined
        ? effect
        : Effect.provideService(logged(effect, first), TraceContext.Current, { ...first, traceState })
    }).pipe(
      Effect.withSpan(hop.name, { ...options(hop, attributes), root: true }, SILENT),
      Effect.provideService(References.TracerEnabled, true),
      Effect.updateContext(Propagation.withoutTrace<R>)
    )
  })
