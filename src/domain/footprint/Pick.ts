/**
 * Which entries of large containers were looked at, and what each of them stands for.
 *
 * The n entries of a container are divided into √n stretches of √n entries, and of each stretch equally many are drawn, as
 * many as the effort says, at random. So entries of every age are represented, as they would be if every k-th were taken;
 * but that would never draw two neighbours, and know nothing of what they share. Nor does it depend on n how much is seen of
 * sharing: where each object is in two entries, both are drawn of effort²/2 objects, which is 128 with an effort of 16.
 *
 * @since 0.1.0
 */
import type { Place } from "./Place.ts"

/**
 * A container of which some entries were drawn. It was itself found in an entry of another such container, or `within` none.
 * `strata` are the entries drawn, by stretch.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sample {
  within: Pick | undefined
  readonly place: Place
  readonly strata: Array<ReadonlyArray<Pick>>
}

/**
 * An entry that was drawn: it stands for `weight` entries. `bytes` are what it takes itself, boxed numbers; `total` is what
 * all that was found in it stands for, once that is known.
 *
 * @since 0.1.0
 * @category models
 */
export class Pick {
  readonly sample: Sample
  readonly weight: number
  bytes = 0
  total = 0

  constructor(sample: Sample, weight: number) {
    this.sample = sample
    this.weight = weight
  }

  /** Adds what it takes itself, which nobody shares. */
  settle(): void {
    const bytes = this.bytes * weightOf(this)
    this.sample.place.field.add(bytes)
    outermost(this).total += bytes
  }
}

/**
 * How many picks deep it is: 1 in a container that is in no other's entry, 0 for what is certain.
 *
 * @since 0.1.0
 * @category getters
 */
export const depthOf = (pick: Pick | undefined): number => {
  let depth = 0
  for (let at = pick; at !== undefined; at = at.sample.within) depth++
  return depth
}

/**
 * For how many like it what is found there stands, as far as it is found nowhere else.
 *
 * @since 0.1.0
 * @category getters
 */
export const weightOf = (pick: Pick | undefined): number => {
  let weight = 1
  for (let at = pick; at !== undefined; at = at.sample.within) weight *= at.weight
  return weight
}

/**
 * The outermost of those around it: one of a container that is in no other's entry.
 *
 * @since 0.1.0
 * @category getters
 */
export const outermost = (pick: Pick): Pick => {
  let at = pick
  while (at.sample.within !== undefined) at = at.sample.within
  return at
}

/**
 * The innermost pick around both; none if there is none, and what is found in both is there whatever was drawn.
 *
 * @since 0.1.0
 * @category getters
 */
export const meet = (one: Pick | undefined, other: Pick | undefined): Pick | undefined => {
  for (let at = one; at !== undefined; at = at.sample.within) {
    for (let beside = other; beside !== undefined; beside = beside.sample.within) if (at === beside) return at
  }
  return undefined
}

/** So many entries of a kind there would have to be in a sample, on average, to be sure at three standard errors to see one. */
const MISSED = 5.6

/**
 * The variance of what a container comes to: by how far those drawn differ within each stretch, and by how many there may be
 * that are unlike all of them.
 *
 * @since 0.1.0
 * @category getters
 */
export const variance = ({ strata }: Sample): number => {
  let count = 0
  let sum = 0
  let variance = 0
  for (const drawn of strata) {
    const [first] = drawn
    if (first === undefined) continue
    const total = drawn.reduce((sum, { total }) => sum + total, 0)
    const mean = total / drawn.length
    const squares = drawn.reduce((sum, { total }) => sum + (total - mean) ** 2, 0)
    count += drawn.length
    sum += total
    if (first.weight > 1 && drawn.length > 1)
      variance += (drawn.length * squares * (1 - 1 / first.weight)) / (drawn.length - 1)
  }
  return variance + ((MISSED / 3) * (sum / Math.max(1, count))) ** 2
}
