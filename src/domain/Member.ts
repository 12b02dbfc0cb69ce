/**
 * A user in a guild.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { RoleId } from "./Ids.ts"
import { User } from "./User.ts"

export {
  /**
   * @since 0.1.0
   * @category getters
   */
  nameOf
} from "./member/Name.ts"

/**
 * `roles` leaves out `@everyone`, which all members have. `joinedAt` is Unix time in milliseconds. `nick` is what they are
 * called here, where that differs; `mute` and `deaf` are what moderators have made them in voice channels.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Member = Schema.Struct({
  user: User,
  roles: Schema.Array(RoleId),
  joinedAt: Schema.Finite,
  nick: Schema.optionalKey(Schema.NonEmptyString),
  mute: Schema.optionalKey(Schema.Literal(true)),
  deaf: Schema.optionalKey(Schema.Literal(true))
})
/**
 * @since 0.1.0
 * @category models
 */
export type Member = typeof Member.Type
