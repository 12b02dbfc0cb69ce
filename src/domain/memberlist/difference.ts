/**
 * What is said to those who know the rows of a run as they were, so that they know them as they are. They are the rows from
 * its first place on, as far as the list goes.
 *
 * @since 0.1.0
 */
import type { Equivalence } from "effect"
import { type Op, weight } from "./Op.ts"
import type { Range, Run } from "./Ranges.ts"
import type { Row, Rows } from "./Row.ts"
import { isAlike, script } from "./script.ts"

const within = <A>(rows: Rows<A>, run: Run, [from, to]: Range): Rows<A> =>
  rows.slice(from - run.from, to - run.from + 1)

/**
 * All that there is, range by range.
 *
 * @since 0.1.0
 * @category constructors
 */
export const syncs = <A>(run: Run, rows: Rows<A>): ReadonlyArray<Op<A>> =>
  run.ranges.map((range) => ({ _tag: "Sync", range, rows: within(rows, run, range) }))

/** The ranges in which something is different, anew. */
const renewal = <A>(
  run: Run,
  before: Rows<A>,
  after: Rows<A>,
  isSame: Equivalence.Equivalence<A>
): ReadonlyArray<Op<A>> =>
  run.ranges.flatMap((range): ReadonlyArray<Op<A>> => {
    const was = within(before, run, range)
    const rows = within(after, run, range)
    const isKnown = (row: Row<A>, index: number): boolean => {
      const known = was[index]
      return known !== undefined && isAlike(known, row, isSame)
    }
    if (was.length === rows.length && rows.every(isKnown)) return []
    return [rows.length === 0 ? { _tag: "Invalidate", range } : { _tag: "Sync", range, rows }]
  })

/**
 * Row by row, or by the range where that is less to send. Nothing behind the run moves if there are as many rows after as
 * before.
 *
 * @since 0.1.0
 * @category constructors
 */
export const difference = <A>(
  run: Run,
  before: Rows<A>,
  after: Rows<A>,
  isSame: Equivalence.Equivalence<A>
): ReadonlyArray<Op<A>> => {
  if (before.length === after.length && before.every((row, index) => row === after[index])) return []
  const whole = renewal(run, before, after, isSame)
  // Where there are none yet, a client's array may end before the run, and there is no place at which a row could come in.
  // Where there are none any more, other runs behind may be emptied too, and are not to move before they are.
  if (before.length === 0 || after.length === 0) return whole
  const single = script(run.from, before, after, isSame)
  return weight(single) <= weight(whole) ? single : whole
}
