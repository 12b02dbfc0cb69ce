/**
 * The order of a guild's roles: `@everyone` stands at 0, and above it the others. Those that are new stand at 1, the youngest
 * lowest; once roles are put in order, each has a position of its own.
 *
 * @see https://discord.com/developers/docs/topics/permissions#permission-hierarchy
 * @since 0.1.0
 */
import type { Change, Community, Role } from "../../Community.ts"
import type { RoleId } from "../../Ids.ts"

/**
 * The lower of two roles comes first. Of two in the same position that is the younger one.
 *
 * @since 0.1.0
 * @category ordering
 */
export const byHeight = (one: Role, other: Role): number =>
  one.position - other.position || Number(BigInt(other.id) - BigInt(one.id))

/**
 * The roles above `@everyone`, from the lowest to the highest.
 *
 * @since 0.1.0
 * @category getters
 */
export const ascending = ({ everyone, roles }: Community): ReadonlyArray<Role> =>
  Array.from(roles.values())
    .filter(({ id }) => id !== everyone.id)
    .sort(byHeight)

/**
 * The same roles, some of them where they are wanted. The others make room and stay in their order.
 *
 * @since 0.1.0
 * @category transitions
 */
export const moved = (roles: ReadonlyArray<Role>, positions: ReadonlyMap<RoleId, number>): ReadonlyArray<Role> => {
  const after = roles.filter(({ id }) => !positions.has(id))
  const wanted = roles.flatMap((role) => {
    const position = positions.get(role.id)
    return position === undefined ? [] : [{ ...role, position }]
  })
  let last = 0
  for (const role of wanted.sort(byHeight)) {
    last = Math.max(last + 1, role.position)
    after.splice(last - 1, 0, role)
  }
  return after
}

/**
 * What it takes for the roles to stand in this order.
 *
 * @since 0.1.0
 * @category getters
 */
export const placed = ({ roles }: Community, order: ReadonlyArray<Role>): ReadonlyArray<Change> =>
  order.flatMap((role, below) => {
    const position = below + 1
    return roles.get(role.id)?.position === position ? [] : [{ _tag: "RolePut", role: { ...role, position } }]
  })
