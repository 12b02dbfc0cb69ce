/**
 * What has been found so far, by identity; texts by what they say.
 *
 * @since 0.1.0
 */

/** A `Map` doubles its table at once: with 100,000 entries that holds the thread for 4 ms, with so many for 0.5. */
const SMALL = 16_384

/** How many small ones there are. Where it takes more, the thread is held for longer rather than all of them asked. */
const MANY = 16

/**
 * A map in pieces, none of which takes long to grow.
 *
 * @since 0.1.0
 * @category models
 */
export class Known<A> {
  private last = new Map<unknown, A>()
  private readonly all = [this.last]

  get(key: unknown): A | undefined {
    for (let index = this.all.length - 1; index >= 0; index--) {
      const found = this.all[index]?.get(key)
      if (found !== undefined) return found
    }
    return undefined
  }

  add(key: unknown, value: A): void {
    if (this.last.size >= SMALL && this.all.length < MANY) {
      this.last = new Map()
      this.all.push(this.last)
    }
    this.last.set(key, value)
  }

  *values(): Generator<A, void> {
    for (const one of this.all) yield* one.values()
  }
}
