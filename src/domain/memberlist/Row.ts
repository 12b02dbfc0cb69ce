/**
 * What a member list shows, row by row: a group's header, and below it those who are in it.
 *
 * @since 0.1.0
 */
import type { Entry, GroupId } from "./Entry.ts"

/**
 * The row above a group's members, and how many they are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Header {
  readonly _tag: "Group"
  readonly id: GroupId
  readonly count: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type Row<A> = Header | Entry<A>

/**
 * Some that stand one below the other.
 *
 * @since 0.1.0
 * @category models
 */
export type Rows<A> = ReadonlyArray<Row<A>>

/**
 * @since 0.1.0
 * @category constructors
 */
export const header = (id: GroupId, count: number): Header => ({ _tag: "Group", id, count })

/**
 * What a row is about, as one string. No user's id begins with "#".
 *
 * @since 0.1.0
 * @category getters
 */
export const keyOf = (row: Row<unknown>): string => (row._tag === "Group" ? `#${row.id}` : row.user)
