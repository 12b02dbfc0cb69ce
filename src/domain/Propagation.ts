/**
 * What an operator decides about traces: when they begin, what travels with messages, and to whom. Each decision is a
 * `Context.Reference`; those that may change while the program runs hold a function, which is asked every time.
 *
 * @example
 * ```ts
 * import { Effect, MutableRef } from "effect"
 * import { Propagation } from "fanfare"
 *
 * const mode = MutableRef.make<Propagation.Unsampled>("omit")
 * const switchable = Effect.provideService(Propagation.unsampled, () => MutableRef.get(mode))
 * // later, while the program runs
 * MutableRef.set(mode, "ids")
 * ```
 *
 * @since 0.1.0
 */
import { Context, References, Tracer } from "effect"
import * as Baggage from "./Baggage.ts"
import * as SafeTracer from "./SafeTracer.ts"
import * as TraceContext from "./TraceContext.ts"

/**
 * A value that may change while the program runs.
 *
 * @since 0.1.0
 * @category models
 */
export type Setting<A> = () => A

/**
 * What becomes of a message that bears no sampled trace:
 *
 * - *start*: a trace begins with it, if the `Sampler` says so of a fan-out to one
 * - *continue*: it opens no span, and neither does anything that its handler does
 * - *off*: not even a message that bears a sampled trace does
 *
 * @since 0.1.0
 * @category models
 */
export type Policy = "start" | "continue" | "off"

/**
 * The policy of what receives in this fiber. Actors take it when they are made.
 *
 * @since 0.1.0
 * @category references
 */
export const policy: Context.Reference<Policy> = Context.Reference<Policy>("fanfare/Propagation/policy", {
  defaultValue: () => "continue"
})

/**
 * The policy of what never starts a trace by itself, because whoever sends to it has decided already: relays and
 * sessions after a fan-out, guilds behind an ingress.
 *
 * @since 0.1.0
 * @category combinators
 */
export const notStarting = (policy: Policy): Policy => (policy === "start" ? "continue" : policy)

/**
 * What travels with a message whose trace is not sampled, and is taken from it where it arrives (so it is set on both
 * sides):
 *
 * - *omit*: nothing, so that it costs nothing
 * - *ids*: the `traceparent`, so that logs can be told to belong together
 * - *full*: `tracestate` and baggage too, for systems downstream that want them
 *
 * @since 0.1.0
 * @category models
 */
export type Unsampled = "omit" | "ids" | "full"

/**
 * @since 0.1.0
 * @category references
 */
export const unsampled: Context.Reference<Setting<Unsampled>> = Context.Reference<Setting<Unsampled>>(
  "fanfare/Propagation/unsampled",
  { defaultValue: () => () => "omit" }
)

/**
 * How much baggage is taken and passed on; `undefined` for none, which is the default. It travels only where a trace
 * context does.
 *
 * @since 0.1.0
 * @category references
 */
export const baggage: Context.Reference<Setting<Baggage.Limits | undefined>> = Context.Reference<
  Setting<Baggage.Limits | undefined>
>("fanfare/Propagation/baggage", { defaultValue: () => () => undefined })

/**
 * Of which messages the time in the mailbox goes into the metric `fanfare.mailbox.wait`: of those in a sampled trace,
 * which cost nothing more; of *all*, each of which then travels in an envelope; or of none.
 *
 * @since 0.1.0
 * @category models
 */
export type Waits = "sampled" | "all" | "none"

/**
 * @since 0.1.0
 * @category references
 */
export const waits: Context.Reference<Setting<Waits>> = Context.Reference<Setting<Waits>>("fanfare/Propagation/waits", {
  defaultValue: () => () => "sampled"
})

/**
 * The share, in [0, 1], of traces whose messages to a destination are enveloped; all others go bare. Destinations have
 * names that the app gives them. What cannot read envelopes yet gets 0; see `docs/roll-out.md`.
 *
 * @since 0.1.0
 * @category references
 */
export const wrap: Context.Reference<(destination: string) => number> = Context.Reference<
  (destination: string) => number
>("fanfare/Propagation/wrap", { defaultValue: () => () => 1 })

/**
 * The context for a fiber that outlives its creator: everything but the trace that the creator was in, and what it had
 * its spans and logs annotated with. Otherwise all that the fiber ever does would belong to that. Its tracer is one whose
 * failures do not reach the fiber (see `SafeTracer`).
 *
 * To start such a fiber, use `Detached`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withoutTrace = <R>(context: Context.Context<R>): Context.Context<R> =>
  // No service is lost that `R` may name: a span, should a handler ask for one, is given to it when there is one.
  Context.makeUnsafe<R>(
    SafeTracer.provide(
      Context.omit(
        Tracer.ParentSpan,
        TraceContext.Current,
        Baggage.Current,
        References.TracerSpanAnnotations,
        References.TracerSpanLinks,
        References.CurrentLogAnnotations,
        References.CurrentLogSpans
      )(context)
    ).mapUnsafe
  )
