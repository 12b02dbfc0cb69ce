/**
 * Which member list a channel has, and where in it a member stands.
 *
 * @since 0.1.0
 */
import { Hash } from "effect"
import type { Audience } from "../Audience.ts"
import type { Community, Role } from "../Community.ts"
import type { Member } from "../Member.ts"
import { nameOf } from "../Member.ts"
import { folded } from "../MemberQuery.ts"
import type { Presence } from "../Presence.ts"
import { Entry, type GroupId } from "./Entry.ts"

const inOrder = (items: Iterable<string>): string => Array.from(items).toSorted().join()

/**
 * The list of all channels that the same may see: `everyone`, or a number.
 *
 * @since 0.1.0
 * @category getters
 */
export const listOf = ({ allowed, denied, isOpen, named, viewers }: Audience): string => {
  if (isOpen && denied.size === 0 && !Array.from(named.values()).includes(false)) return "everyone"
  const said = [String(isOpen), inOrder(isOpen ? [] : viewers), inOrder(denied), inOrder(allowed)]
  const byName = Array.from(named, ([user, sees]) => `${user} ${sees}`)
  return String(Hash.string([...said, inOrder(byName)].join(";")) >>> 0)
}

const hoisted = ({ roles }: Community): ReadonlyArray<Role> =>
  Array.from(roles.values())
    .filter(({ isHoisted }) => isHoisted)
    .sort((one, other) => other.position - one.position || (BigInt(one.id) < BigInt(other.id) ? -1 : 1))

/**
 * The groups of a community's member lists, from the top down: the hoisted roles, those who are there, and the others.
 *
 * @since 0.1.0
 * @category getters
 */
export const groupsOf = (community: Community): ReadonlyArray<GroupId> => [
  ...hoisted(community).map(({ id }) => id),
  "online",
  "offline"
]

/**
 * What is shown of a member, made anew when it is something else.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shown {
  readonly presence: Presence
}

/**
 * Where a member stands: with the highest of their roles that is a group of its own, as long as they are there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const entryOf = (groups: ReadonlyArray<GroupId>, member: Member, presence: Presence): Entry<Shown> => {
  const role = groups.find((id) => member.roles.some((own) => own === id))
  const group = presence === "offline" ? "offline" : (role ?? "online")
  return new Entry(member.user.id, folded(nameOf(member)), group, { presence })
}
