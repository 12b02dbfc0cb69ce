/**
 * The contract of an offload: who executes a fan-out, so that whoever decided it can go on.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Scope } from "effect"
import type { Plan } from "./FanOut.ts"
import type { Mailbox } from "./Mailbox.ts"

/**
 * Somebody whom a fan-out can reach.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recipient<in M> {
  readonly mailbox: Mailbox<M>
}

/**
 * One caller's way to its recipients. What is pushed through one sender reaches each recipient in the order of the
 * pushes, nothing lost and nothing twice.
 *
 * A recipient whose mailbox suspends when full is waited for: that is backpressure. One whose mailbox drops, or has
 * ended, is handed to `refused` instead, once, and its message is not delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sender {
  readonly push: <M, R extends Recipient<M>>(
    plan: Plan<R, M>,
    refused: (recipient: R) => Effect.Effect<void>
  ) => Effect.Effect<void>
}

/**
 * The mode belongs to the caller, not to the push: a caller takes one sender when it starts and keeps it, since two
 * ways to the same recipient could overtake each other (so does Manifold's `send_mode: :offload`).
 *
 * @since 0.1.0
 * @category contracts
 */
export class Offload extends Context.Service<
  Offload,
  {
    /** The calling actor's sender, for as long as its scope is open. */
    readonly sender: Effect.Effect<Sender, never, Scope.Scope>
  }
>()("fanfare/domain/Offload") {}
