/**
 * How much may be under way over a link at a time.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"

/**
 * Entered by what is sent, left by what has been dealt with at the other end. One fiber may wait at a time. Once it is
 * closed, because the other end is gone, nobody waits any more.
 *
 * @since 0.1.0
 * @category models
 */
export class Window {
  private readonly size: number
  private used = 0
  private isClosed = false
  private resume = () => {}

  constructor(size: number) {
    this.size = size
  }

  get hasRoom(): boolean {
    return this.used < this.size || this.isClosed
  }

  get isEmpty(): boolean {
    return this.used === 0 || this.isClosed
  }

  enter(): void {
    this.used++
  }

  /** Never more than have entered, whatever the other end says. */
  leave(count: number): void {
    this.used -= Math.min(Math.max(0, count), this.used)
    this.resume()
  }

  close(): void {
    this.isClosed = true
    this.resume()
  }

  /** Waits for room. */
  readonly room: Effect.Effect<void> = this.until(() => this.hasRoom)

  /** Waits until nothing is under way. */
  readonly empty: Effect.Effect<void> = this.until(() => this.isEmpty)

  private until(isSo: () => boolean): Effect.Effect<void> {
    const change = Effect.callback<void>((resume) => {
      // It may have come about since it was asked for.
      if (isSo()) return resume(Effect.void)
      this.resume = () => resume(Effect.void)
    })
    return Effect.whileLoop({ while: () => !isSo(), body: () => change, step: () => {} })
  }
}
