/**
 * A list that is always in order and knows its entries by their places: to put one in, take one out or look one up takes
 * a binary search and the shifting of some hundred neighbours, however long the list is and in whatever order they come.
 *
 * The entries lie in chunks, which are split when they are full and joined when they are nearly empty: 9 to 12 bytes for
 * each entry.
 *
 * @since 0.1.0
 */
import type { Order } from "effect"
import { countBelow } from "./countBelow.ts"
import { PrefixSums } from "./PrefixSums.ts"

/** Entries in a chunk at most. A million puts take as long with 128 as with 512. */
const FULL = 256

const HALF = FULL / 2

/**
 * Entries that compare as equal are one and the same. How an entry compares must not change while it is in the list.
 *
 * @since 0.1.0
 * @category models
 */
export class OrderedList<in out A extends object> {
  private readonly order: Order.Order<A>
  /** None is empty. */
  private chunks: Array<Array<A>> = []
  private length = 0
  /** Of the chunks' lengths; made when it is needed, and no longer right when there are other chunks. */
  private sums: PrefixSums | undefined

  constructor(order: Order.Order<A>) {
    this.order = order
  }

  get size(): number {
    return this.length
  }

  /** Answers with the entry whose place it took, if there was one. */
  put(entry: A): A | undefined {
    const index = this.chunkFor(entry)
    const chunk = this.chunks[index]
    if (chunk === undefined) {
      this.replace(0, 0, [entry])
      this.length++
      return undefined
    }
    const place = this.placeIn(chunk, entry)
    const found = chunk[place]
    if (found !== undefined && this.order(found, entry) === 0) {
      chunk[place] = entry
      return found
    }
    if (chunk.length < FULL) {
      chunk.splice(place, 0, entry)
      this.sums?.add(index, 1)
    } else if (place === FULL) {
      // Halves would stay halves when entries come in order.
      this.replace(index + 1, 0, [entry])
    } else {
      const left = chunk.slice(0, HALF)
      const right = chunk.slice(HALF)
      if (place < HALF) left.splice(place, 0, entry)
      else right.splice(place - HALF, 0, entry)
      this.replace(index, 1, left, right)
    }
    this.length++
    return undefined
  }

  /** Answers with the entry that was there, if there was one. */
  remove(entry: A): A | undefined {
    const index = this.chunkFor(entry)
    const chunk = this.chunks[index]
    if (chunk === undefined) return undefined
    const place = this.placeIn(chunk, entry)
    const found = chunk[place]
    if (found === undefined || this.order(found, entry) !== 0) return undefined
    this.length--
    chunk.splice(place, 1)
    this.sums?.add(index, -1)
    if (chunk.length === 0) this.replace(index, 1)
    else if (chunk.length < HALF) this.join(index)
    return found
  }

  at(index: number): A | undefined {
    const starts = this.starts()
    const chunk = starts.partOf(index)
    return this.chunks[chunk]?.[index - starts.before(chunk)]
  }

  /** The place of an entry, -1 if it is not there. */
  indexOf(entry: A): number {
    const index = this.chunkFor(entry)
    const chunk = this.chunks[index]
    if (chunk === undefined) return -1
    const place = this.placeIn(chunk, entry)
    const found = chunk[place]
    return found !== undefined && this.order(found, entry) === 0 ? this.starts().before(index) + place : -1
  }

  /** The entries from one place up to, and without, another; the places that there are. */
  slice(from: number, to: number): Array<A> {
    const first = Math.max(from, 0)
    let left = Math.min(to, this.length) - first
    if (left <= 0) return []
    const starts = this.starts()
    let index = starts.partOf(first)
    let start = first - starts.before(index)
    const parts: Array<Array<A>> = []
    for (let chunk = this.chunks[index]; left > 0 && chunk !== undefined; chunk = this.chunks[++index]) {
      const part = chunk.slice(start, start + left)
      parts.push(part)
      left -= part.length
      start = 0
    }
    return parts.flat()
  }

  /** The first so many entries for which this is true, as it is for all that come after one of them. */
  after(isAfter: (entry: A) => boolean, count: number): Array<A> {
    const isBefore = (entry: A | undefined) => entry !== undefined && !isAfter(entry)
    // Of the last chunk that does not begin with one of them, as of the first chunk, only a part may be wanted.
    let index = Math.max(0, countBelow(this.chunks.length, (nth) => isBefore(this.chunks[nth]?.[0])) - 1)
    const found: Array<A> = []
    for (; found.length < count && index < this.chunks.length; index++) {
      const chunk = this.chunks[index] ?? []
      const start = found.length > 0 ? 0 : countBelow(chunk.length, (nth) => isBefore(chunk[nth]))
      for (const entry of chunk.slice(start, start + count - found.length)) found.push(entry)
    }
    return found
  }

  clear(): void {
    this.replace(0, this.chunks.length)
    this.length = 0
  }

  /** The last chunk that begins with this entry or one before it; else the first. */
  private chunkFor(entry: A): number {
    let low = 0
    let high = this.chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const first = this.chunks[middle]?.[0]
      if (first !== undefined && this.order(first, entry) > 0) high = middle - 1
      else low = middle
    }
    return low
  }

  /** Where in a chunk an entry is or belongs. */
  private placeIn(chunk: ReadonlyArray<A>, entry: A): number {
    let low = 0
    let high = chunk.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = chunk[middle]
      if (found !== undefined && this.order(found, entry) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Makes one of a chunk and a neighbour that together would not even fill a half. */
  private join(index: number): void {
    for (const left of [index - 1, index]) {
      const one = this.chunks[left]
      const other = this.chunks[left + 1]
      if (one === undefined || other === undefined || one.length + other.length > HALF) continue
      this.replace(left, 2, one.concat(other))
      return
    }
  }

  private replace(index: number, count: number, ...chunks: ReadonlyArray<Array<A>>): void {
    this.chunks.splice(index, count, ...chunks)
    this.sums = undefined
  }

  private starts(): PrefixSums {
    this.sums ??= new PrefixSums(this.chunks.map(({ length }) => length))
    return this.sums
  }
}
