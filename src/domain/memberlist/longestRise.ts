/**
 * The longest rising sequence, by patience sorting.
 *
 * @since 0.1.0
 */

/**
 * Which numbers to keep, by their indices, so that they rise and none but as few as possible are left out. Negative ones
 * are left out always. n log n.
 *
 * @since 0.1.0
 * @category combinators
 */
export const longestRise = (numbers: ReadonlyArray<number>): ReadonlyArray<number> => {
  /** For each length, the index of the least number in which a rise of that length can end. */
  const ends: Array<number> = []
  /** For each number, the index of the one before it in the longest rise that ends in it. */
  const previous: Array<number | undefined> = []
  const isBelow = (index: number | undefined, number: number): boolean =>
    index !== undefined && (numbers[index] ?? number) < number
  numbers.forEach((number, index) => {
    if (number < 0) return
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBelow(ends[middle], number)) low = middle + 1
      else high = middle
    }
    previous[index] = ends[low - 1]
    ends[low] = index
  })
  const kept: Array<number> = []
  for (let index = ends.at(-1); index !== undefined; index = previous[index]) kept.push(index)
  return kept.reverse()
}
