/**
 * The contract of a worker: where relays and sessions live when that is not beside their guild. A thread, say: the guild
 * decides in one, and its sessions are served in others.
 *
 * @since 0.1.0
 */
import { type Cause, Context, type Effect } from "effect"
import type { Mailbox } from "./Mailbox.ts"

/**
 * One end of a connection between a guild and a worker: text frames, in order, none lost while it lasts. What is under way
 * is bounded by those who use it: see `domain/remote/Wire.ts`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Link {
  /** Hands over a frame; `false` when the other end is gone. */
  readonly send: (frame: string) => boolean
  /** What came from the other end, until that is gone. */
  readonly frames: Mailbox<string, Cause.Done>
}

/**
 * A worker as its guilds hold it. `run` runs an effect for each of its lives: one that ends is followed by another, and
 * then the link is another.
 *
 * @since 0.1.0
 * @category models
 */
export interface Worker {
  readonly name: string
  readonly run: (life: (link: Link) => Effect.Effect<void>) => Effect.Effect<never>
}

/**
 * Within a worker: the way to its guilds.
 *
 * @since 0.1.0
 * @category contracts
 */
export class GuildLink extends Context.Service<GuildLink, Link>()("fanfare/domain/Worker/GuildLink") {}

/**
 * Within a worker: which of all workers it is, from 0. One that takes another's place has its index too.
 *
 * @since 0.1.0
 * @category services
 */
export class WorkerIndex extends Context.Service<WorkerIndex, number>()("fanfare/domain/Worker/WorkerIndex") {}
