/**
 * What was found, where, and how certainly.
 *
 * What was found outside of all picks is certain. So is what was found in many: whatever had been drawn, it would have been.
 * Where these have a pick in common, that holds within it, and it is as if it had been found in that one only.
 *
 * @since 0.1.0
 */
import { Known } from "./Known.ts"
import { depthOf, meet, outermost, type Pick, type Sample, weightOf } from "./Pick.ts"
import type { Place } from "./Place.ts"
import { FEW } from "./Sharing.ts"

/**
 * In which pick something was found, and at which place.
 *
 * @since 0.1.0
 * @category models
 */
export interface Visit {
  readonly pick: Pick | undefined
  readonly place: Place
}

/**
 * What is known of a find beyond that: the bytes it takes itself, whether other threads may have them too, and the sample of
 * its entries, if it has very many.
 *
 * @since 0.1.0
 * @category models
 */
export interface Details {
  readonly bytes: number
  readonly isShared?: boolean
  readonly sample?: Sample | undefined
}

/** The innermost pick around all of them. */
const around = (visits: ReadonlyArray<Visit>): Pick | undefined =>
  visits.map(({ pick }) => pick).reduce((one, other) => meet(one, other))

/**
 * Objects, functions, strings and symbols, by number. Lists rather than an object for each, which the garbage collector would
 * have to copy, all of them, while others wait.
 *
 * @since 0.1.0
 * @category models
 */
export class Finds {
  private readonly numbers = new Known()
  private readonly bytes: Array<number> = []
  /** The place where it was found first, to which it belongs; and the innermost pick around all those in which it was there. */
  private readonly places: Array<Place> = []
  private readonly picks: Array<Pick | undefined> = []
  /** All, if there are a few, none of which is in another. */
  private readonly visits = new Map<number, ReadonlyArray<Visit>>()
  private readonly samples = new Map<number, Sample>()
  private readonly shared = new Set<number>()

  get size(): number {
    return this.bytes.length
  }

  add(value: unknown, { pick, place }: Visit, { bytes, isShared = false, sample }: Details): void {
    const number = this.bytes.push(bytes) - 1
    this.places.push(place)
    this.picks.push(pick)
    if (isShared) this.shared.add(number)
    if (sample !== undefined) this.samples.set(number, sample)
    this.numbers.add(value, number)
  }

  /** Whether finding it once more changes something, also for what it refers to; nothing, if it has not been found yet. */
  again(value: unknown, pick: Pick | undefined, place: Place): boolean | undefined {
    const number = this.numbers.get(value)
    if (number === undefined) return undefined
    const known = this.visits.get(number)
    const before = this.picks[number]
    // Nearly always.
    if (known === undefined && (before === undefined || before === pick)) return false
    const owner = this.places[number] ?? place
    const visits = known ?? [{ pick: before, place: owner }]
    if (visits.some((visit) => meet(visit.pick, pick) === visit.pick)) return false
    const apart = visits.filter((visit) => meet(visit.pick, pick) !== pick)
    // What it takes the place of may be all that there is at the place to which it belongs.
    const isOwned = apart.some((visit) => visit.place === owner)
    this.set(number, owner, [...apart, { pick, place: isOwned ? place : owner }])
    return true
  }

  private set(number: number, owner: Place, visits: ReadonlyArray<Visit>): void {
    const isFew = visits.length > 1 && visits.length <= FEW
    const pick = around(isFew ? visits.filter(({ place }) => place === owner) : visits)
    if (isFew) this.visits.set(number, visits)
    else this.visits.delete(number)
    this.picks[number] = pick
    const sample = this.samples.get(number)
    if (sample !== undefined) sample.within = pick
  }

  /** Tells the places how often one was found. */
  tell(number: number): void {
    const pick = this.picks[number]
    const owner = this.places[number]
    for (let depth = depthOf(pick); depth > 0; depth--) owner?.sharing(depth).once(weightOf(pick))
    const visits = this.visits.get(number) ?? []
    for (const visit of visits) {
      // Whether it is elsewhere too does not matter to those to whom it belongs, nor to the others.
      const counted = visits.filter(({ place }) => place === owner || place === visit.place)
      if (counted.length === 1) continue
      const common = around(counted)
      const sharing = visit.place.sharing(depthOf(common) + 1)
      sharing.again(counted.length)
      const other = counted.find((other) => other !== visit)
      if (counted.length > 2 || other === undefined || visit.pick === undefined) continue
      const weight = weightOf(visit.pick) * (weightOf(other.pick) / weightOf(common) - 1)
      if (other.place === visit.place) sharing.pair(weight, visit.pick)
      else if (visit.place !== owner) sharing.taken(weight, visit.pick)
    }
  }

  /** Adds to its field what one stands for, when the places have been told of all. */
  settle(number: number): void {
    const bytes = this.bytes[number] ?? 0
    const pick = this.picks[number]
    const owner = this.places[number]
    let likely = 1
    let low = 1
    let high = 1
    let depth = depthOf(pick)
    if (owner === undefined) return
    for (let at = pick; at !== undefined; at = at.sample.within) {
      const { shares } = owner.sharing(depth--)
      likely = shares.likely.itself + shares.likely.each * at.weight * likely
      low = shares.low.itself + shares.low.each * at.weight * low
      high = shares.high.itself + shares.high.each * at.weight * high
    }
    owner.field.add(bytes * likely, bytes * low, bytes * high)
    if (this.shared.has(number)) owner.field.shared += bytes * likely
    if (pick !== undefined) outermost(pick).total += bytes * likely
  }
}
