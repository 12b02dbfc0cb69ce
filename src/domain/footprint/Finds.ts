/**
 * What was found, where, and how certainly.
 *
 * What was found outside of all samples is certain. So is what was found in many entries: it would have been, whichever had
 * been drawn.
 *
 * @since 0.1.0
 */
import { Known } from "./Known.ts"
import type { Place } from "./Place.ts"
import type { Pick } from "./Sample.ts"

/** In how many entries a thing is counted. */
const FEW = 3

/** In place of a number: nothing more has to be known of it. */
const CERTAIN = -1

/**
 * Objects, functions, strings and symbols, by number. Lists rather than an object for each, which the garbage collector would
 * have to copy, all of them, while others wait.
 *
 * @since 0.1.0
 * @category models
 */
export class Finds {
  private readonly numbers: Known
  private readonly bytes: Array<number> = []
  /** Where it was found first: it belongs there. */
  private readonly places: Array<Place> = []
  /** In which entry it was found first; none if it is certain by now. */
  private readonly firsts: Array<Pick | undefined> = []
  /** In which one last; none if it does not matter any more. */
  private readonly lasts: Array<Pick | undefined> = []
  private readonly times: Array<number> = []
  private readonly shared = new Set<number>()

  constructor(numbers: Known) {
    this.numbers = numbers
  }

  get size(): number {
    return this.bytes.length
  }

  add(value: unknown, pick: Pick | undefined, place: Place, bytes: number, isShared = false): void {
    if (pick === undefined) {
      place.field.add(bytes, isShared)
      this.numbers.add(value, CERTAIN)
      return
    }
    const number = this.bytes.push(bytes) - 1
    this.places.push(place)
    this.firsts.push(pick)
    this.lasts.push(pick)
    this.times.push(1)
    if (isShared) this.shared.add(number)
    this.numbers.add(value, number)
  }

  /** Whether finding it once more changes something, also for what it refers to; nothing, if it has not been found yet. */
  again(value: unknown, pick: Pick | undefined, place: Place): boolean | undefined {
    const number = this.numbers.get(value)
    if (number === undefined) return undefined
    const last = number === CERTAIN ? undefined : this.lasts[number]
    if (last === undefined || last === pick) return false
    const times = this.times[number] ?? 1
    if (pick === undefined) {
      this.firsts[number] = this.lasts[number] = undefined
    } else if (this.places[number]?.field === place.field) {
      this.times[number] = times + 1
      this.lasts[number] = times < FEW ? pick : undefined
    } else {
      this.lasts[number] = undefined
      if (times === 1) place.sharing.take(last.weight)
    }
    return true
  }

  /** Tells the place of one how often it was found. */
  tell(number: number): void {
    const pick = this.firsts[number]
    if (pick !== undefined) this.places[number]?.sharing.found(this.times[number] ?? 1, pick)
  }

  /** Adds to its field what one stands for, when the places have been told of all. */
  settle(number: number): void {
    const bytes = this.bytes[number] ?? 0
    const place = this.places[number]
    const pick = this.times[number] === 1 ? this.firsts[number] : undefined
    if (pick === undefined || place === undefined) {
      place?.field.add(bytes, this.shared.has(number))
    } else {
      const { likely, slack } = place.sharing.stands(pick.weight)
      place.field.add(bytes * likely, this.shared.has(number), bytes * slack)
      pick.total += bytes * likely
    }
  }
}
