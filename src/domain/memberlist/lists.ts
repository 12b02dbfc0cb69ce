/**
 * Which member list a channel has, and where in it a member stands.
 *
 * @since 0.1.0
 */
import { Hash } from "effect"
import type { Audience } from "../Audience.ts"
import type { Community, Role } from "../Community.ts"
import type { UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import { nameOf } from "../Member.ts"
import { folded } from "../MemberQuery.ts"
import type { Presence } from "../Presence.ts"
import { Entry, type GroupId } from "./Entry.ts"

const inOrder = (items: Iterable<string>): string => Array.from(items).toSorted().join()

const EVERYONE = "everyone"

/**
 * All that says who sees a channel, but for who administers.
 *
 * @since 0.1.0
 * @category getters
 */
export const keyOf = ({ allowed, denied, isOpen, named, viewers }: Audience): string => {
  if (isOpen && denied.size === 0 && !Array.from(named.values()).includes(false)) return EVERYONE
  const said = [String(isOpen), inOrder(isOpen ? [] : viewers), inOrder(denied), inOrder(allowed)]
  const byName = Array.from(named, ([user, sees]) => `${user} ${sees}`)
  return [...said, inOrder(byName)].join(";")
}

/**
 * The list of all channels that the same may see, as clients are told of it: `everyone`, or a number. Numbers may meet;
 * `isSameList` goes by more than that.
 *
 * @since 0.1.0
 * @category getters
 */
export const listOf = (audience: Audience): string => {
  const said = keyOf(audience)
  return said === EVERYONE ? EVERYONE : String(Hash.string(said) >>> 0)
}

/**
 * Whether two audiences have one list, and the same members are in it. Its name does not tell who administers, which makes
 * no difference to a list that everybody is in.
 *
 * @since 0.1.0
 * @category guards
 */
export const isSameList = (one: Audience, other: Audience): boolean => {
  if (one === other) return true
  const said = keyOf(one)
  if (said !== keyOf(other)) return false
  const administrators = [one, other].map(({ base }) => `${base.ownerId};${inOrder(base.administrators)}`)
  return said === EVERYONE || administrators[0] === administrators[1]
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
 * What is shown of a member beside what the store says of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shown {
  readonly presence: Presence
}

/** The same for all: a million take nothing. */
const SHOWN: Readonly<Record<Presence, Shown>> = {
  online: { presence: "online" },
  dnd: { presence: "dnd" },
  idle: { presence: "idle" },
  offline: { presence: "offline" }
}

/**
 * Where a member stands: with the highest of their roles that is a group of its own, as long as they are there. Of the id the
 * text is kept that is handed over, since others may have it too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const entryOf = (
  groups: ReadonlyArray<GroupId>,
  user: UserId,
  member: Member,
  presence: Presence
): Entry<Shown> => {
  const role = groups.find((id) => member.roles.some((own) => own === id))
  const group = presence === "offline" ? "offline" : (role ?? "online")
  return new Entry(user, folded(nameOf(member)), group, SHOWN[presence])
}
