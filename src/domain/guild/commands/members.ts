/**
 * What a guild is asked about its members. `by` is whose permissions it takes; without it the operator asks, who may do
 * everything.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { ChannelId, RoleId, UserId } from "../../Ids.ts"
import { Member, Millis } from "../../Member.ts"
import { StoreUnavailable } from "../../MemberStore.ts"
import {
  MissingAccess,
  MissingPermissions,
  NotInVoice,
  OwnerStays,
  TimeOutTooLong,
  UnknownChannel,
  UnknownMember,
  UnknownRole,
  WrongChannel
} from "../Refusal.ts"

/**
 * What may be different about a member; what is left out stays. `withRole` and `withoutRole` are one role that is given or
 * taken. A `nick` of `null` is none. `timedOutUntil` is Unix time in milliseconds, `null` for no time-out. `channel` is the
 * voice channel that they are to be moved to, `null` for none.
 *
 * @since 0.1.0
 * @category schemas
 */
export const MemberPatch = Schema.Struct({
  roles: Schema.optionalKey(Schema.Array(RoleId)),
  withRole: Schema.optionalKey(RoleId),
  withoutRole: Schema.optionalKey(RoleId),
  nick: Schema.optionalKey(Schema.NullOr(Schema.NonEmptyString)),
  mute: Schema.optionalKey(Schema.Boolean),
  deaf: Schema.optionalKey(Schema.Boolean),
  timedOutUntil: Schema.optionalKey(Schema.NullOr(Millis)),
  channel: Schema.optionalKey(Schema.NullOr(ChannelId))
})
/**
 * @since 0.1.0
 * @category models
 */
export type MemberPatch = typeof MemberPatch.Type

/**
 * - `AddMember`: somebody joins, or comes as they are now
 * - `UpdateMember`: other roles, another name, moved, muted or timed out
 * - `RemoveMember`: somebody is made to leave, or leaves: whoever asks it of themselves needs no permission,
 *   and must not be the owner
 *
 * @since 0.1.0
 * @category commands
 */
export const members = {
  AddMember: { payload: Schema.Struct({ member: Member }), success: Schema.Void, error: StoreUnavailable },
  UpdateMember: {
    payload: Schema.Struct({ by: Schema.optionalKey(UserId), user: UserId, patch: MemberPatch }),
    success: Member,
    error: Schema.Union([
      UnknownMember,
      UnknownRole,
      UnknownChannel,
      WrongChannel,
      NotInVoice,
      TimeOutTooLong,
      MissingAccess,
      MissingPermissions,
      StoreUnavailable
    ])
  },
  RemoveMember: {
    payload: Schema.Struct({ by: Schema.optionalKey(UserId), user: UserId }),
    success: Schema.Void,
    error: Schema.Union([UnknownMember, MissingPermissions, OwnerStays, StoreUnavailable])
  }
}
