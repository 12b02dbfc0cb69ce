/**
 * A line to stand in, first come, first served.
 *
 * @since 0.1.0
 */

/** The length of an empty line's ring. Lengths are powers of two, so that a place is found by a mask. */
const SMALLEST = 1024

/**
 * A ring that grows with what waits and shrinks again. Every place has a number: it is one higher than that of the place
 * before, for as long as the line exists.
 *
 * @since 0.1.0
 * @category models
 */
export class Line<A> {
  /** How many wait. */
  length = 0
  /** How many have been served: the number of the first place. */
  served = 0
  private places: Array<A | undefined> = new Array<A | undefined>(SMALLEST).fill(undefined)

  /** The number of the place that the next to come gets. */
  get next(): number {
    return this.served + this.length
  }

  push(one: A): void {
    if (this.length === this.places.length) this.resize(this.length * 2)
    this.places[this.next & (this.places.length - 1)] = one
    this.length++
  }

  /** Serves the first, if anybody waits. */
  shift(): A | undefined {
    if (this.length === 0) return undefined
    const { places } = this
    const index = this.served & (places.length - 1)
    const one = places[index]
    places[index] = undefined
    this.served++
    // At an eighth, so that a line whose length goes up and down is not resized each time.
    if (--this.length < places.length / 8 && places.length > SMALLEST) this.resize(places.length / 2)
    return one
  }

  private resize(size: number): void {
    const before = this.places
    const after = new Array<A | undefined>(size).fill(undefined)
    for (let place = this.served; place < this.next; place++) {
      after[place & (size - 1)] = before[place & (before.length - 1)]
    }
    this.places = after
  }
}
