/**
 * Receiving: from a mailbox, a queue or a topic.
 *
 * @since 0.1.0
 */
import { Effect, PubSub, Queue } from "effect"
import * as Envelope from "../../domain/Envelope.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import * as Propagation from "../../domain/Propagation.ts"
import * as TraceContext from "../../domain/TraceContext.ts"
import { asked } from "./Current.ts"
import * as Incoming from "./Incoming.ts"
import { startDecision } from "./Sampling.ts"
import { begun, continued, type Hop, isIsolated, isolated } from "./Trace.ts"

const enveloped = <M, A, E, R>(
  envelope: Envelope.Envelope<M>,
  policy: Propagation.Policy,
  describe: (message: M) => Hop,
  handler: (message: M) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber<A, E, R>((fiber) => {
    const { carrier, message } = envelope
    const hop = asked(() => describe(message), Incoming.UNKNOWN)
    const known = carrier && Incoming.received(fiber, carrier)
    const sampled = known !== undefined && TraceContext.isSampled(known.context)
    const wait = Incoming.waited(fiber, hop, envelope, sampled)
    // What the handler does before it gives its effect belongs to the span too.
    const effect = Effect.suspend(() => handler(message))
    if (known === undefined || policy === "off") return bare(effect, policy, hop, wait)
    const handled = continued(known.context, known.baggage, hop, Incoming.attributes(known.threshold, wait), effect)
    // Somebody has decided already that this trace is not sampled.
    return sampled || policy !== "start" ? handled : isolated(handled, "continue")
  })

const bare = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  policy: Propagation.Policy,
  hop: Hop,
  wait?: number
): Effect.Effect<A, E, R> =>
  policy === "start"
    ? Effect.withFiber((fiber) =>
        begun(startDecision(fiber, hop.name), hop, Incoming.attributes(undefined, wait), effect)
      )
    : effect

/**
 * What a fiber that lives on messages receives them by: `own` runs its loop in no trace, `handle` handles a message
 * within that. A bare message, where none starts a trace, then costs nothing but to be told from an enveloped one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Receiver<M> {
  readonly own: <A, E, R>(loop: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly handle: <N extends M, A, E, R>(
    incoming: N | Envelope.Envelope<N>,
    handler: (message: N) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** Handles what nobody sent (a timer's message, say): it begins a trace, or is in none, as the policy says. */
  readonly begin: <A, E, R>(hop: Hop, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/**
 * @since 0.1.0
 * @category receiving
 */
export const receiver = <M>(describe: (message: M) => Hop, policy: Propagation.Policy): Receiver<M> => ({
  own: (loop) => isolated(loop, policy),
  handle:
    policy === "start"
      ? (incoming, handler) =>
          Envelope.isEnvelope(incoming)
            ? enveloped(incoming, policy, describe, handler)
            : bare(
                Effect.suspend(() => handler(incoming)),
                policy,
                asked(() => describe(incoming), Incoming.UNKNOWN)
              )
      : (incoming, handler) =>
          Envelope.isEnvelope(incoming) ? enveloped(incoming, policy, describe, handler) : handler(incoming),
  begin: (hop, effect) => bare(effect, policy, hop)
})

/**
 * Handles a message in the fiber that took it, under the policy of that fiber (`Propagation.policy`). One that bears a
 * sampled trace is handled within the span that `describe` describes, which says how long it lay in the mailbox
 * (`mailbox.wait_ms`) and, where the trace was thinned, with which threshold it was kept (`sampling.threshold`). Any
 * other is in no trace, whatever trace the fiber itself is in. Nothing of either is left afterwards.
 *
 * @since 0.1.0
 * @category receiving
 */
export const handle = <M, A, E, R>(
  incoming: M | Envelope.Envelope<M>,
  describe: (message: M) => Hop,
  handler: (message: M) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber<A, E, R>((fiber) => {
    const policy = fiber.getRef(Propagation.policy)
    const { handle, own } = receiver(describe, policy)
    const effect = Effect.suspend(() => handle(incoming, handler))
    return isIsolated(fiber, policy) ? effect : own(effect)
  })

/**
 * Takes one message, out of a queue or from a topic, and handles it; see {@link handle}.
 *
 * @example
 * ```ts
 * import { Effect, Queue } from "effect"
 * import { Envelope, Transport } from "fanfare"
 *
 * const program = Effect.gen(function* () {
 *   const mailbox = yield* Queue.unbounded<string | Envelope.Envelope<string>>()
 *   yield* Effect.withSpan(Transport.send(mailbox, "hello"), "greet")
 *   yield* Transport.receive(mailbox, () => ({ name: "greeted" }), (text) => Effect.log(text))
 * })
 * ```
 *
 * @since 0.1.0
 * @category receiving
 */
export const receive = <M, QE, A, E, R>(
  from: Mailbox.Inbox<M, QE> | PubSub.Subscription<M | Envelope.Envelope<M>>,
  describe: (message: M) => Hop,
  handler: (message: M) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | QE, R> =>
  Effect.flatMap<M | Envelope.Envelope<M>, QE, never, A, E, R>(
    "take" in from || Queue.isDequeue<M | Envelope.Envelope<M>, QE>(from) ? Mailbox.take(from) : PubSub.take(from),
    (incoming) => handle(incoming, describe, handler)
  )
