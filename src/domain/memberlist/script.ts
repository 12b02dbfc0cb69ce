/**
 * How to make one sequence of rows from another, with as few rows coming and going as possible.
 *
 * @since 0.1.0
 */
import type { Equivalence } from "effect"
import { longestRise } from "./longestRise.ts"
import type { Op } from "./Op.ts"
import { keyOf, type Row, type Rows } from "./Row.ts"

/**
 * Whether two rows show the same.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAlike = <A>(one: Row<A>, other: Row<A>, isSame: Equivalence.Equivalence<A>): boolean => {
  if (one === other) return true
  if (one._tag === "Group") return other._tag === "Group" && one.id === other.id && one.count === other.count
  return other._tag === "Member" && one.user === other.user && isSame(one.value, other.value)
}

const isAboutTheSame = (one: Row<unknown> | undefined, other: Row<unknown> | undefined): boolean =>
  one === other || (one !== undefined && other !== undefined && keyOf(one) === keyOf(other))

/** For each row after, the place of the one that stays for it; `undefined` where none does. */
const origins = <A>(before: Rows<A>, after: Rows<A>): ReadonlyArray<number | undefined> => {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && isAboutTheSame(before[head], after[head])) head++
  let tail = 0
  while (tail < shorter - head && isAboutTheSame(before.at(-1 - tail), after.at(-1 - tail))) tail++

  const found = after.map((_, index) => (index < head ? index : undefined))
  for (let left = 1; left <= tail; left++) found[after.length - left] = before.length - left
  const places = new Map(before.slice(head, before.length - tail).map((row, index) => [keyOf(row), head + index]))
  const middle = after.slice(head, after.length - tail).map((row) => places.get(keyOf(row)) ?? -1)
  for (const index of longestRise(middle)) found[head + index] = middle[index]
  return found
}

/**
 * The ops that do it, for rows of which the first is in place `from`. First rows go, from the last to the first; then,
 * downwards, rows come and those that stayed show something else. Of the places behind, none is touched, and if there are
 * as many rows after as before, all are where they were.
 *
 * @since 0.1.0
 * @category combinators
 */
export const script = <A>(
  from: number,
  before: Rows<A>,
  after: Rows<A>,
  isSame: Equivalence.Equivalence<A>
): ReadonlyArray<Op<A>> => {
  const ops: Array<Op<A>> = []
  const stayed = origins(before, after)
  const staying = new Set(stayed)
  for (let index = before.length - 1; index >= 0; index--) {
    if (!staying.has(index)) ops.push({ _tag: "Delete", index: from + index })
  }
  after.forEach((row, place) => {
    const origin = stayed[place]
    const was = origin === undefined ? undefined : before[origin]
    const index = from + place
    if (was === undefined) ops.push({ _tag: "Insert", index, row })
    else if (!isAlike(was, row, isSame)) ops.push({ _tag: "Update", index, row })
  })
  return ops
}
