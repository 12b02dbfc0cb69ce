/**
 * What a guild is asked about roles. `by` is whose permissions it takes; without it the operator asks, who may do
 * everything.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Role } from "../../Community.ts"
import { RoleId, UserId } from "../../Ids.ts"
import { StoreUnavailable } from "../../MemberStore.ts"
import { MissingPermissions, TooMany, UnknownMember, UnknownRole } from "../Refusal.ts"

const { color, isHoisted, isMentionable, name, permissions, position } = Role.fields

/**
 * What may be different about a role, but for its place among others; what is left out stays.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RolePatch = Schema.Struct({
  name: Schema.optionalKey(name),
  permissions: Schema.optionalKey(permissions),
  isHoisted: Schema.optionalKey(isHoisted),
  isMentionable: Schema.optionalKey(isMentionable),
  color: Schema.optionalKey(color)
})

const error = Schema.Union([UnknownMember, UnknownRole, MissingPermissions, TooMany, StoreUnavailable])

/**
 * - `CreateRole`: a new one, below all others, allowing what `@everyone` may
 * - `UpdateRole`: of `@everyone` only the permissions
 * - `OrderRoles`: puts roles in positions, all of them or none; others make room. It takes a role above those whose place
 *   changes, so the list may name others too. Answers with all roles
 * - `DeleteRole`: nobody has it any more from the next message on
 *
 * @since 0.1.0
 * @category commands
 */
export const roles = {
  CreateRole: { payload: Schema.Struct({ by: Schema.optionalKey(UserId), role: RolePatch }), success: Role, error },
  UpdateRole: {
    payload: Schema.Struct({ by: Schema.optionalKey(UserId), role: RoleId, patch: RolePatch }),
    success: Role,
    error
  },
  OrderRoles: {
    payload: Schema.Struct({
      by: Schema.optionalKey(UserId),
      positions: Schema.Array(Schema.Struct({ role: RoleId, position }))
    }),
    success: Schema.Array(Role),
    error
  },
  DeleteRole: {
    payload: Schema.Struct({ by: Schema.optionalKey(UserId), role: RoleId }),
    success: Schema.Void,
    error
  }
}
