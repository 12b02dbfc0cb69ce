/**
 * What has been found so far, by identity; texts by what they say.
 *
 * @since 0.1.0
 */

/** A `Map` doubles its table at once: with 100,000 entries that holds the thread for 4 ms, with so many for half of one. */
const SMALL = 16_384

/** How many small ones there are. Beyond, the thread is held for longer, rather than all of very many asked. */
const MANY = 16

/**
 * A map to numbers, in pieces none of which takes long to grow.
 *
 * @since 0.1.0
 * @category models
 */
export class Known {
  private last = new Map<unknown, number>()
  private readonly all = [this.last]

  get(key: unknown): number | undefined {
    // What is found again and again was found early.
    for (const one of this.all) {
      const found = one.get(key)
      if (found !== undefined) return found
    }
    return undefined
  }

  add(key: unknown, value: number): void {
    if (this.last.size >= SMALL && this.all.length < MANY) {
      this.last = new Map()
      this.all.push(this.last)
    }
    this.last.set(key, value)
  }
}
