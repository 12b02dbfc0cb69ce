/**
 * What a guild is asked about roles. `by` is whose permissions it takes; without it the operator asks, who may do
 * everything.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Role } from "../../Community.ts"
import { RoleId, UserId } from "../../Ids.ts"
import { MissingPermissions, UnknownMember, UnknownRole } from "../Refusal.ts"

const { color, isHoisted, isMentionable, name, permissions, position } = Role.fields

/**
 * What may be different about a role; what is left out stays.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RolePatch = Schema.Struct({
  name: Schema.optionalKey(name),
  permissions: Schema.optionalKey(permissions),
  position: Schema.optionalKey(position),
  isHoisted: Schema.optionalKey(isHoisted),
  isMentionable: Schema.optionalKey(isMentionable),
  color: Schema.optionalKey(color)
})

const error = Schema.Union([UnknownMember, UnknownRole, MissingPermissions])

/**
 * - `CreateRole`: a new one, at the bottom unless it says otherwise, allowing what `@everyone` may
 * - `UpdateRole`: of `@everyone` only the permissions
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
  DeleteRole: {
    payload: Schema.Struct({ by: Schema.optionalKey(UserId), role: RoleId }),
    success: Schema.Void,
    error
  }
}
