/**
 * What one says of an actor to have it made.
 *
 * @since 0.1.0
 */
import type { Duration, Effect } from "effect"
import type { Address, Protocol, Tag } from "../../domain/Actor.ts"
import type * as Propagation from "../../domain/Propagation.ts"
import type * as Supervision from "../../domain/Supervision.ts"
import type { Later } from "./Later.ts"
import type { Timers } from "./timers.ts"

/**
 * What an actor does with each request of its protocol. A handler that has to wait for something ends with `Actor.later`.
 *
 * @since 0.1.0
 * @category models
 */
export type Handlers<P extends Protocol<P>, R> = {
  readonly [T in Tag<P>]: (
    payload: P[T]["payload"]
  ) =>
    | Effect.Effect<P[T]["success"], P[T]["error"], R>
    | Effect.Effect<P[T]["success"] | Later<P[T]["success"], P[T]["error"]>, P[T]["error"], R>
}

/**
 * What an actor does: with requests, and with bare messages `I`, which anybody may put into its mailbox, its own timers
 * included. The state is what its functions share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behavior<P extends Protocol<P>, I, R> {
  readonly requests: Handlers<P, R>
  readonly message?: (message: I) => Effect.Effect<void, never, R>
}

/**
 * An actor as it sees itself: with timers, and a `stop` that handles what is in the mailbox and then ends the actor.
 *
 * @since 0.1.0
 * @category models
 */
export interface Self<P extends Protocol<P>, I> extends Timers<I> {
  readonly address: Address<P, I>
  readonly stop: Effect.Effect<void>
}

/**
 * - `kind` names the actor in errors, spans and metrics
 * - `capacity` bounds the mailbox: senders wait when it is full
 * - `init` makes the behavior, and with it the state. What it acquires is released when the actor ends or is started anew
 * - `supervision` says what a defect costs; by default the actor is started anew, see `Supervision.restart`
 * - `policy` says what becomes of messages without a trace; by default what `Propagation.policy` says where it is made
 * - `grace` is how long requests that are answered later, and may have taken effect, get when the scope closes; none by
 *   default, and then their callers are told *maybe*
 * - `span` names the span in which a request is handled, by default `actor.call <Request>`; `attributes` are on all
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<P extends Protocol<P>, I, E, R, R2> {
  readonly kind: string
  readonly capacity: number
  readonly init: (self: Self<P, I>) => Effect.Effect<Behavior<P, I, R>, E, R2>
  readonly supervision?: Supervision.Supervision
  readonly policy?: Propagation.Policy
  readonly grace?: Duration.Input
  readonly span?: (tag: Tag<P>) => string
  readonly attributes?: Readonly<Record<string, unknown>>
}
