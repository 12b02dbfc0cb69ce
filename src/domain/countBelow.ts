/**
 * Where something belongs among what is in order.
 *
 * @since 0.1.0
 */

/**
 * How many of the first `length` are below what is sought, `isBelow` being true of those and of no other.
 *
 * @since 0.1.0
 * @category searching
 */
export const countBelow = (length: number, isBelow: (index: number) => boolean): number => {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBelow(middle)) low = middle + 1
    else high = middle
  }
  return low
}
