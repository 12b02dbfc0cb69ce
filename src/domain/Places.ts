/**
 * Places for what takes long: how much of it may be under way at a time, and how much of that for one client.
 *
 * @since 0.1.0
 */
import { Effect, Semaphore } from "effect"

/** One client's part of the places. It is forgotten when the client wants none. */
interface Part {
  readonly places: Semaphore.Semaphore
  wanted: number
}

/**
 * `size` places in all, of which one client has at most its `share`. Who waits for a part of its own keeps nobody else
 * waiting; who gives up gives its place back at once.
 *
 * @since 0.1.0
 * @category models
 */
export class Places {
  private readonly share: number
  private readonly all: Semaphore.Semaphore
  private readonly parts = new Map<string, Part>()

  constructor({ share, size }: { readonly size: number; readonly share: number }) {
    this.share = share
    this.all = Semaphore.makeUnsafe(size)
  }

  /** How many clients have or want a place. */
  get clients(): number {
    return this.parts.size
  }

  /** Does something in a place. `client` says of whose share that is; without one it is of nobody's. */
  hold<A, E, R>(client: string | undefined, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const held = this.all.withPermits(1)(effect)
    return client === undefined
      ? held
      : Effect.acquireUseRelease(
          Effect.sync(() => this.enter(client)),
          ({ places }) => places.withPermits(1)(held),
          (part) => Effect.sync(() => this.leave(client, part))
        )
  }

  private enter(client: string): Part {
    const part = this.parts.get(client) ?? { places: Semaphore.makeUnsafe(this.share), wanted: 0 }
    part.wanted++
    this.parts.set(client, part)
    return part
  }

  private leave(client: string, part: Part): void {
    if (--part.wanted === 0) this.parts.delete(client)
  }
}
