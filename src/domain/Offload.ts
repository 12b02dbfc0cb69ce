/**
 * The contract of an offload: who executes a fan-out, so that whoever decided it can go on.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Scope } from "effect"
import type { Sender } from "./Sender.ts"
import type { Worker } from "./Worker.ts"

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
    /** Where sessions may live, besides here: each with relays that send in turn for all guilds. */
    readonly workers: ReadonlyArray<Worker>
    /** The calling actor's sender, for as long as its scope is open. */
    readonly sender: Effect.Effect<Sender, never, Scope.Scope>
  }
>()("fanfare/domain/Offload") {}
