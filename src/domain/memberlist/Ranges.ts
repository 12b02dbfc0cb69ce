/**
 * Which rows of a list a client looks at.
 *
 * @since 0.1.0
 */

/**
 * The first and the last row, counted from 0.
 *
 * @since 0.1.0
 * @category models
 */
export type Range = readonly [from: number, to: number]

/**
 * Ranges without a gap between them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Run {
  readonly from: number
  readonly to: number
  readonly ranges: ReadonlyArray<Range>
}

/**
 * Runs from the top down, with gaps between them. Ranges that cover the same rows have the same `key`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ranges {
  readonly key: string
  readonly runs: ReadonlyArray<Run>
}

/**
 * How many ranges count: what a client sees, what is next to it, and the top.
 *
 * @since 0.1.0
 * @category constants
 */
export const MOST = 3

/**
 * How many rows of a range count.
 *
 * @since 0.1.0
 * @category constants
 */
export const WIDEST = 100

const isRange = ([from, to]: Range): boolean =>
  Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= from && from <= to

const runOf = ([from, to]: Range): Run => {
  const ranges: Array<Range> = []
  for (let start = from; start <= to; start += WIDEST) ranges.push([start, Math.min(start + WIDEST - 1, to)])
  return { from, to, ranges }
}

/**
 * Ranges as a client asked for them, in order: of those that are ranges at all the first three, and the first hundred rows
 * of each. Where they overlap or touch, the rows they cover are parted anew, by the hundred.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (asked: ReadonlyArray<Range>): Ranges => {
  const covered: Array<Range> = []
  const counting = asked.filter(isRange).slice(0, MOST)
  for (const [from, to] of counting.sort(([one], [other]) => one - other)) {
    const end = Math.min(to, from + WIDEST - 1)
    const last = covered.at(-1)
    if (last === undefined || last[1] + 1 < from) covered.push([from, end])
    else covered.splice(-1, 1, [last[0], Math.max(last[1], end)])
  }
  return { key: covered.map((range) => range.join("-")).join(), runs: covered.map(runOf) }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const none: Ranges = make([])

/**
 * All of them, from the top down.
 *
 * @since 0.1.0
 * @category getters
 */
export const all = ({ runs }: Ranges): ReadonlyArray<Range> => runs.flatMap(({ ranges }) => ranges)
