/**
 * What a client is told about a member list, to be done one after the other with the rows that it has: an array in which
 * rows may be missing.
 *
 * @since 0.1.0
 */
import type { Range } from "./Ranges.ts"
import type { Row, Rows } from "./Row.ts"

/**
 * The rows of a range; fewer than it has room for when the list ends there. What was there before is forgotten.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sync<out A> {
  readonly _tag: "Sync"
  readonly range: Range
  readonly rows: Rows<A>
}

/**
 * A row comes in. What was there, and all behind, moves down by one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Insert<out A> {
  readonly _tag: "Insert"
  readonly index: number
  readonly row: Row<A>
}

/**
 * A row shows something else.
 *
 * @since 0.1.0
 * @category models
 */
export interface Update<out A> {
  readonly _tag: "Update"
  readonly index: number
  readonly row: Row<A>
}

/**
 * A row goes. All behind moves up by one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delete {
  readonly _tag: "Delete"
  readonly index: number
}

/**
 * What is known of a range is forgotten.
 *
 * @since 0.1.0
 * @category models
 */
export interface Invalidate {
  readonly _tag: "Invalidate"
  readonly range: Range
}

/**
 * @since 0.1.0
 * @category models
 */
export type Op<A> = Sync<A> | Insert<A> | Update<A> | Delete | Invalidate

/** What a row takes on the wire, when an op without its rows takes 1: some hundreds of bytes beside some tens. */
const ROW = 4

const rowsOf = (op: Op<unknown>): number => {
  switch (op._tag) {
    case "Sync":
      return op.rows.length
    case "Insert":
    case "Update":
      return 1
    case "Delete":
    case "Invalidate":
      return 0
  }
}

/**
 * How much is to be sent, roughly.
 *
 * @since 0.1.0
 * @category getters
 */
export const weight = (ops: ReadonlyArray<Op<unknown>>): number =>
  ops.reduce((sum, op) => sum + 1 + ROW * rowsOf(op), 0)
