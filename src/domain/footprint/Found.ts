/**
 * What was found, where, and how certainly.
 *
 * @since 0.1.0
 */
import { depthOf, meet, outermost, type Pick, type Sample, weightOf } from "./Pick.ts"
import type { Place } from "./Place.ts"
import { FEW } from "./Sharing.ts"

/** In which pick it was found, and at which place. */
interface Visit {
  readonly pick: Pick | undefined
  readonly place: Place
}

/** The innermost pick around all of them. */
const around = (visits: ReadonlyArray<Visit>): Pick | undefined =>
  visits.map(({ pick }) => pick).reduce((one, other) => meet(one, other))

/**
 * An object, a function, a string or a symbol.
 *
 * One that was found outside of all picks is certain. So is one that was found in many: whatever had been drawn, it would
 * have been. Where these have a pick in common, that holds within it, and it is as if it had been found in that one only.
 *
 * @since 0.1.0
 * @category models
 */
export class Found {
  /** Of itself. `isShared`, if other threads have them too. */
  private readonly bytes: number
  private readonly isShared: boolean
  /** Of its entries, if it has very many. */
  private readonly sample: Sample | undefined
  /** The place that it belongs to, the first that was come by; and the innermost pick around all those in which it was there. */
  private place: Place
  private pick: Pick | undefined
  /** All, if there are a few, none of which is in another. */
  private visits: ReadonlyArray<Visit> | undefined = undefined

  constructor(bytes: number, isShared: boolean, place: Place, pick: Pick | undefined, sample?: Sample) {
    this.bytes = bytes
    this.isShared = isShared
    this.place = place
    this.pick = pick
    this.sample = sample
  }

  /** It was found again. Whether that changes something, also for what it refers to. */
  again(pick: Pick | undefined, place: Place): boolean {
    // Nearly always.
    if (this.visits === undefined && (this.pick === undefined || this.pick === pick)) return false
    const visits = this.visits ?? [{ pick: this.pick, place: this.place }]
    if (visits.some((visit) => meet(visit.pick, pick) === visit.pick)) return false
    const apart = visits.filter((visit) => meet(visit.pick, pick) !== pick)
    const all = [...apart, { pick, place }]
    const isFew = all.length > 1 && all.length <= FEW
    if (place.rank < this.place.rank) this.place = place
    this.visits = isFew ? all : undefined
    this.pick = around(isFew ? all.filter((visit) => visit.place === this.place) : all)
    if (this.sample !== undefined) this.sample.within = this.pick
    return true
  }

  /** Tells the places how often it was found. */
  tell(): void {
    const { pick, place, visits = [] } = this
    for (let depth = depthOf(pick); depth > 0; depth--) place.sharing(depth).once(weightOf(pick))
    for (const visit of visits) {
      // Whether it is elsewhere too does not matter to those to whom it belongs, nor to the others.
      const counted = visits.filter((other) => other.place === place || other.place === visit.place)
      if (counted.length === 1) continue
      const common = around(counted)
      const sharing = visit.place.sharing(depthOf(common) + 1)
      sharing.again(counted.length)
      const other = counted.find((other) => other !== visit)
      if (counted.length > 2 || other === undefined || visit.pick === undefined) continue
      const weight = weightOf(visit.pick) * (weightOf(other.pick) / weightOf(common) - 1)
      if (other.place === visit.place) sharing.pair(weight, visit.pick)
      else if (visit.place !== place) sharing.taken(weight, visit.pick)
    }
  }

  /** Adds to its field what it stands for, when all have told the places. */
  settle(): void {
    const { bytes, isShared, pick, place } = this
    let likely = 1
    let low = 1
    let high = 1
    let depth = depthOf(pick)
    for (let at = pick; at !== undefined; at = at.sample.within) {
      const { shares } = place.sharing(depth--)
      likely = shares.likely.itself + shares.likely.each * at.weight * likely
      low = shares.low.itself + shares.low.each * at.weight * low
      high = shares.high.itself + shares.high.each * at.weight * high
    }
    place.field.add(bytes * likely, bytes * low, bytes * high)
    if (isShared) place.field.shared += bytes * likely
    if (pick !== undefined) outermost(pick).total += bytes * likely
  }
}
