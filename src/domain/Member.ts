/**
 * A user in a guild.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { RoleId } from "./Ids.ts"
import { User } from "./User.ts"

/**
 * `roles` leaves out `@everyone`, which all members have. `joinedAt` is Unix time in milliseconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Member = Schema.Struct({
  user: User,
  roles: Schema.Array(RoleId),
  joinedAt: Schema.Finite
})
/**
 * @since 0.1.0
 * @category models
 */
export type Member = typeof Member.Type
