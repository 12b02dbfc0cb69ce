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
 * Unix time in milliseconds, as far as there are dates.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Millis = Schema.Finite.check(Schema.isBetween({ minimum: -8.64e15, maximum: 8.64e15 }))

/**
 * `roles` leaves out `@everyone`, which all members have. `joinedAt` is Unix time in milliseconds. `nick` is what they are
 * called here, where that differs; `mute` and `deaf` are what moderators have made them in voice channels. Until
 * `timedOutUntil`, Unix time in milliseconds, they may only look.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Member = Schema.Struct({
  user: User,
  roles: Schema.Array(RoleId),
  joinedAt: Millis,
  nick: Schema.optionalKey(Schema.NonEmptyString),
  mute: Schema.optionalKey(Schema.Literal(true)),
  deaf: Schema.optionalKey(Schema.Literal(true)),
  timedOutUntil: Schema.optionalKey(Millis)
})
/**
 * @since 0.1.0
 * @category models
 */
export type Member = typeof Member.Type
