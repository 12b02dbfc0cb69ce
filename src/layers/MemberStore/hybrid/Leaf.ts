/**
 * A part of a table: the members whose ids lie between two bounds.
 *
 * @since 0.1.0
 */
import { compare, type UserId } from "../../../domain/Ids.ts"
import type { Member } from "../../../domain/Member.ts"
import { type Base, memberAt } from "./Base.ts"
import type { Builder } from "./Builder.ts"
import * as Columns from "./Columns.ts"

/**
 * What has become of a user since the base was written; no member is one who has gone. `row` is where the base has them, or
 * the complement of the row before which they belong.
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  readonly row: number
  readonly member: Member | undefined
}

/**
 * A base, and what has changed since. Ids from `first` on belong here, and in a table's first leaf all that are lower too.
 * `size` is how many members there are. It is written in its `epoch` only: whoever has it from then can rely on it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Leaf {
  readonly first: bigint
  readonly base: Base
  readonly changes: Map<UserId, Change>
  readonly epoch: number
  size: number
}

/** Rows and the gaps before them, in the order in which they come. */
const place = (row: number): number => (row < 0 ? 2 * ~row : 2 * row + 1)

const inOrder = (changes: Iterable<readonly [UserId, Change]>): ReadonlyArray<readonly [UserId, Change]> =>
  Array.from(changes).sort(
    ([one, { row: here }], [other, { row: there }]) => place(here) - place(there) || compare(one, other)
  )

/**
 * The first so many members of a leaf above an id, ascending; `wanted` is the id.
 *
 * @since 0.1.0
 * @category reading
 */
export const above = (
  { base, changes }: Leaf,
  user: UserId,
  wanted: Columns.Wanted,
  count: number
): ReadonlyArray<Member> => {
  const found: Array<Member> = []
  const there = Columns.find(base.columns.halves, wanted)
  let row = there < 0 ? ~there : there + 1
  const readUpTo = (end: number) => {
    while (row < end && found.length < count) found.push(memberAt(base, row++))
  }
  const recent = Array.from(changes).filter(([id]) => compare(id, user) > 0)
  for (const [, change] of inOrder(recent)) {
    readUpTo(change.row < 0 ? ~change.row : change.row)
    if (found.length === count) return found
    if (change.row >= 0) row = change.row + 1
    if (change.member !== undefined) found.push(change.member)
  }
  readUpTo(base.columns.rows)
  return found
}

/** Role sets may grow by half, and by as much as comes at a time, before they are gathered anew. */
const mayKeepSets = ({ base, changes }: Leaf, most: number): boolean => {
  const sets = base.columns.setEnds.length - 1
  return sets + changes.size <= most && sets <= 1.5 * base.compact + changes.size
}

/**
 * Writes the members of neighbouring leaves into as few new bases as it takes, each of them with `limit` rows at most, and
 * all about as large.
 *
 * @since 0.1.0
 * @category merging
 */
export const merged = (
  leaves: ReadonlyArray<Leaf>,
  { builder, finish, limit }: { readonly builder: Builder; readonly finish: () => Base; readonly limit: number }
): ReadonlyArray<Base> => {
  const size = leaves.reduce((sum, leaf) => sum + leaf.size, 0)
  if (size === 0) return []
  const most = Math.ceil(size / Math.ceil(size / limit))
  const keepsSets = leaves.length === 1 && most === size && leaves.every((leaf) => mayKeepSets(leaf, builder.mostSets))
  const bases: Array<Base> = []
  const finishFull = () => {
    if (builder.rows === most) bases.push(finish())
  }
  // Whatever may have gone wrong before, for lack of memory.
  builder.clear()
  for (const { base, changes } of leaves) {
    let next = 0
    const copyUpTo = (row: number) => {
      while (next < row) {
        const end = Math.min(row, next + most - builder.rows)
        builder.copy(next, end)
        next = end
        finishFull()
      }
    }
    if (keepsSets) builder.adopt(base)
    else builder.from(base)
    for (const [, { member, row }] of inOrder(changes)) {
      copyUpTo(row < 0 ? ~row : row)
      if (row >= 0) next = row + 1
      if (member === undefined) continue
      builder.add(member, row)
      finishFull()
    }
    copyUpTo(base.columns.rows)
  }
  if (builder.rows > 0) bases.push(finish())
  return bases
}
