/**
 * What a table's thread and its workers say to each other.
 *
 * @since 0.1.0
 */
import type { MemberQuery } from "../../../domain/MemberQuery.ts"
import type { Place } from "./Columns.ts"

/**
 * Who in a leaf, whose columns are at `leaf`, is asked for? `hidden` rows are out of date, and not to be looked at. `query`
 * comes along with the first question of a scan.
 *
 * @since 0.1.0
 * @category models
 */
export interface Question {
  readonly _tag: "Question"
  readonly job: number
  readonly scan: number
  readonly query: MemberQuery | undefined
  readonly leaf: Place
  readonly hidden: Uint16Array
  readonly wanted: Wanted
}

/**
 * Rows, or users' ids, to which those `besides` are added in their places.
 *
 * @since 0.1.0
 * @category models
 */
export type Wanted = { readonly _tag: "Rows" } | { readonly _tag: "Ids"; readonly besides: BigUint64Array }

/**
 * No more is asked for the scan.
 *
 * @since 0.1.0
 * @category models
 */
export interface Forget {
  readonly _tag: "Forget"
  readonly scan: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type Message = Question | Forget

/**
 * What was found, ascending. What was not wanted is empty.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly rows: Uint16Array
  readonly ids: BigUint64Array
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly job: number
  readonly found: Found
}
