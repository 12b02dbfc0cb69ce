/**
 * What those who look at the same rows of a list have been told, and what is to be told now.
 *
 * @since 0.1.0
 */
import { Equivalence } from "effect"
import { difference, syncs } from "./difference.ts"
import type { MemberList } from "./MemberList.ts"
import type { Op } from "./Op.ts"
import * as Ranges from "./Ranges.ts"
import type { Rows } from "./Row.ts"

/**
 * One for each list and `Ranges.key` is enough, however many clients look there: each does what `join` answers with when it
 * comes, and from then on what `changes` answers with. A client that scrolls leaves one watch and joins another.
 *
 * After that a client's rows in the ranges are right, up to the end of the list, whatever it has elsewhere; and it has none
 * elsewhere if it had none. It costs what the rows in the ranges do, not the list. How many are in groups that nobody looks
 * at is not told: ask the list for its `groups`.
 *
 * @since 0.1.0
 * @category models
 */
export class Watch<in out A> {
  readonly ranges: Ranges.Ranges
  private readonly list: MemberList<A>
  private readonly isSame: Equivalence.Equivalence<A>
  /** For each run, as it is known. */
  private told: ReadonlyArray<Rows<A>> | undefined
  /** As it was known before `changes` answered last. */
  private before: ReadonlyArray<Rows<A>> | undefined

  /** `isSame` is asked about values, once a member has been put anew: whether they show the same. By default, `===`. */
  constructor(
    list: MemberList<A>,
    ranges: Ranges.Ranges,
    isSame: Equivalence.Equivalence<A> = Equivalence.strictEqual()
  ) {
    this.list = list
    this.ranges = ranges
    this.isSame = isSame
  }

  /**
   * What brings a client to where all others are. It comes anew, or has looked at other ranges `before`; what it knows from
   * there, and does not need any more, it forgets.
   */
  join(before: Ranges.Ranges = Ranges.none): ReadonlyArray<Op<A>> {
    this.told ??= this.present()
    const own = Ranges.all(this.ranges)
    const left = Ranges.all(before).filter(([from, to]) => !own.some((range) => range[0] === from && range[1] === to))
    return [...left.map((range): Op<A> => ({ _tag: "Invalidate", range })), ...this.everything(this.told)]
  }

  /** What brings all who know what was told so far to the present; everything, when nothing was. */
  changes(): ReadonlyArray<Op<A>> {
    const before = this.told
    const now = this.present()
    this.before = before
    this.told = now
    if (before === undefined) return this.everything(now)
    // A run comes to have more rows or fewer only if the list ends, or ended, in it. Those behind it had no rows before, or
    // have none now and are emptied first: so nothing moves but what is where it should be.
    const emptied: Array<Op<A>> = []
    const others: Array<Op<A>> = []
    this.ranges.runs.forEach((run, index) => {
      const rows = now[index] ?? []
      const ops = difference(run, before[index] ?? [], rows, this.isSame)
      if (rows.length === 0) emptied.push(...ops)
      else others.push(...ops)
    })
    return emptied.concat(others)
  }

  /** What `changes` answered with last could be told to nobody, and is part of what it answers with next. */
  takeBack(): void {
    this.told = this.before
  }

  private present(): ReadonlyArray<Rows<A>> {
    return this.ranges.runs.map(({ from, to }) => this.list.rows(from, to))
  }

  private everything(rows: ReadonlyArray<Rows<A>>): ReadonlyArray<Op<A>> {
    return this.ranges.runs.flatMap((run, index) => syncs(run, rows[index] ?? []))
  }
}
