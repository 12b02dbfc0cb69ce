/**
 * A bit for each place of a list.
 *
 * @since 0.1.0
 */

const WORD = 32

/**
 * @since 0.1.0
 * @category models
 */
export class Bits {
  private words = new Uint32Array(8)

  has(place: number): boolean {
    return (((this.words[place >>> 5] ?? 0) >>> (place & 31)) & 1) === 1
  }

  set(place: number, value: boolean): void {
    const at = place >>> 5
    if (at >= this.words.length) {
      if (!value) return
      const words = new Uint32Array(Math.max(at + 1, this.words.length * 2))
      words.set(this.words)
      this.words = words
    }
    const word = this.words[at] ?? 0
    this.words[at] = value ? word | (1 << (place & 31)) : word & ~(1 << (place & 31))
  }

  copy(): Bits {
    const bits = new Bits()
    bits.words = this.words.slice()
    return bits
  }

  /** How many of the first `length` are set. */
  count(length: number): number {
    let count = 0
    for (let at = 0; at * WORD < length; at++) count += ones(this.word(at, length))
    return count
  }

  /** What stands at those of the first places whose bits are set. */
  pick<A>(items: ReadonlyArray<A>): ReadonlyArray<A> {
    const picked: Array<A> = []
    for (let at = 0; at * WORD < items.length; at++) {
      for (let word = this.word(at, items.length); word !== 0; word &= word - 1) {
        const item = items[at * WORD + (31 - Math.clz32(word & -word))]
        if (item !== undefined) picked.push(item)
      }
    }
    return picked
  }

  /** Those that are set here and not there. */
  without(other: Bits): Bits {
    const bits = this.copy()
    for (let at = 0; at < bits.words.length; at++) bits.words[at] = (bits.words[at] ?? 0) & ~(other.words[at] ?? 0)
    return bits
  }

  /** Those that are set in both. */
  and(other: Bits): Bits {
    const bits = this.copy()
    for (let at = 0; at < bits.words.length; at++) bits.words[at] = (bits.words[at] ?? 0) & (other.words[at] ?? 0)
    return bits
  }

  /** What is left of a word, of so many places. */
  private word(at: number, length: number): number {
    const left = length - at * WORD
    const word = this.words[at] ?? 0
    return left >= WORD ? word : word & ((1 << left) - 1)
  }
}

/** How many bits of a word are set: in pairs, fours, eights, and all together. */
const ones = (word: number): number => {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return (((fours + (fours >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}
