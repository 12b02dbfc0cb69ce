/**
 * What has been found so far, by identity; texts by what they say.
 *
 * @since 0.1.0
 */

/** A `Map` doubles its table at once: with 100,000 entries that holds the thread for 4 ms, with so many for half of one. */
const SMALL = 16_384

/** A `Map` can hold 2²⁴ entries. */
const LARGE = 2 ** 23

/**
 * A map to numbers, in pieces, the first of which do not take long to grow. The later ones do, rather than all of very many
 * be asked.
 *
 * @since 0.1.0
 * @category models
 */
export class Known {
  private last = new Map<unknown, number>()
  private readonly all = [this.last]
  private readonly small: number

  /** `small`: how many pieces are. */
  constructor(small: number) {
    this.small = small
  }

  get(key: unknown): number | undefined {
    // What is found again and again was found early.
    for (const one of this.all) {
      const found = one.get(key)
      if (found !== undefined) return found
    }
    return undefined
  }

  add(key: unknown, value: number): void {
    if (this.last.size >= (this.all.length <= this.small ? SMALL : LARGE)) {
      this.last = new Map()
      this.all.push(this.last)
    }
    this.last.set(key, value)
  }
}
