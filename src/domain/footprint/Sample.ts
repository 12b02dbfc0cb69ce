/**
 * Which entries of a large container were looked at, and how far they differ.
 *
 * The n entries of a container are divided into √n stretches of √n entries, and of each stretch equally many are drawn, as
 * many as the effort says, at random. So entries of every age are represented, as they would be if every k-th were taken;
 * but that would never draw two neighbours, and know nothing of what they share. Nor does it depend on n how much is seen of
 * sharing: where each object is in two entries, both are drawn of effort²/2 objects, which is 128 with an effort of 16.
 *
 * @since 0.1.0
 */

/**
 * An entry that was drawn: it stands for `weight` entries. `total` is what all that was found in it stands for, once that is
 * known.
 *
 * @since 0.1.0
 * @category models
 */
export class Pick {
  readonly weight: number
  total = 0

  constructor(weight: number) {
    this.weight = weight
  }
}

/** So many entries of a kind there would have to be in a sample, on average, to be sure at three standard errors to see one. */
const MISSED = 5.6

/**
 * The variance of what a container comes to: by how far those that were drawn differ within each stretch, and by how many
 * there may be that are unlike all of them, and take as much again as they do.
 *
 * @since 0.1.0
 * @category getters
 */
export const variance = (stretches: ReadonlyArray<ReadonlyArray<Pick>>): number => {
  let count = 0
  let sum = 0
  let variance = 0
  for (const drawn of stretches) {
    const total = drawn.reduce((sum, { total }) => sum + total, 0)
    const mean = total / drawn.length
    const squares = drawn.reduce((sum, { total, weight }) => sum + (1 - 1 / weight) * (total - mean) ** 2, 0)
    if (drawn.length > 1) variance += (drawn.length * squares) / (drawn.length - 1)
    count += drawn.length
    sum += total
  }
  return variance + ((MISSED / 3) * (sum / Math.max(1, count))) ** 2
}
