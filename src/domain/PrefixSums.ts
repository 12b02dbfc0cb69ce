/**
 * How many come before each part of something that is counted in parts (a Fenwick tree): asked and changed in log n.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export class PrefixSums {
  /** At `i`, counted from 1: the sum of the last `i & -i` parts up to the `i`th. */
  private readonly sums: Int32Array

  constructor(counts: ReadonlyArray<number>) {
    const sums = new Int32Array(counts.length + 1)
    counts.forEach((count, index) => {
      const at = index + 1
      const sum = (sums[at] ?? 0) + count
      sums[at] = sum
      const next = at + (at & -at)
      if (next < sums.length) sums[next] = (sums[next] ?? 0) + sum
    })
    this.sums = sums
  }

  /** Changes the count of a part by so much. */
  add(part: number, by: number): void {
    const { sums } = this
    for (let at = part + 1; at < sums.length; at += at & -at) sums[at] = (sums[at] ?? 0) + by
  }

  /** The sum of all parts before this one. */
  before(part: number): number {
    let sum = 0
    for (let at = part; at > 0; at -= at & -at) sum += this.sums[at] ?? 0
    return sum
  }

  /** The part in which a position lies; as many as there are parts if it lies behind all. */
  partOf(position: number): number {
    const { sums } = this
    let part = 0
    let left = position
    for (let step = 1 << (31 - Math.clz32(sums.length)); step > 0; step >>= 1) {
      const sum = sums[part + step]
      if (sum === undefined || sum > left) continue
      left -= sum
      part += step
    }
    return part
  }
}
