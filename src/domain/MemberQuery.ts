/**
 * What can be asked about all members at once: data, so that it can be asked where they live.
 *
 * @since 0.1.0
 */
import * as Admission from "./audience/Admission.ts"
import type { RoleId } from "./Ids.ts"
import type { Member } from "./Member.ts"
import { folded, nameOf } from "./member/Name.ts"

export {
  /**
   * @since 0.1.0
   * @category getters
   */
  folded
} from "./member/Name.ts"

/**
 * Who may see a channel; who bears a role; whose name, as they are called here or as a user, begins like this, whatever the
 * case; or everybody.
 *
 * @since 0.1.0
 * @category models
 */
export type MemberQuery =
  | { readonly _tag: "Seeing"; readonly audience: Admission.Audience }
  | { readonly _tag: "Bearing"; readonly role: RoleId }
  | { readonly _tag: "Named"; readonly prefix: string }
  | { readonly _tag: "Everybody" }

/**
 * @since 0.1.0
 * @category constructors
 */
export const everybody: MemberQuery = { _tag: "Everybody" }

/**
 * @since 0.1.0
 * @category constructors
 */
export const seeing = (audience: Admission.Audience): MemberQuery => ({ _tag: "Seeing", audience })

/**
 * @since 0.1.0
 * @category constructors
 */
export const bearing = (role: RoleId): MemberQuery => ({ _tag: "Bearing", role })

/**
 * @since 0.1.0
 * @category constructors
 */
export const named = (prefix: string): MemberQuery => ({ _tag: "Named", prefix: folded(prefix) })

/**
 * Whether a member is among those who are asked for: the plain version of every scan.
 *
 * @since 0.1.0
 * @category guards
 */
export const matches = (query: MemberQuery, member: Member): boolean => {
  switch (query._tag) {
    case "Everybody":
      return true
    case "Seeing":
      return Admission.admitsMember(query.audience, member)
    case "Bearing":
      return member.roles.includes(query.role)
    case "Named":
      return folded(nameOf(member)).startsWith(query.prefix) || folded(member.user.username).startsWith(query.prefix)
  }
}
