/**
 * Who may see a channel, as a rule that is quick to ask.
 *
 * `Access` says all that a member may do, from the community as it is written down. An audience says the one thing that is
 * asked for every recipient of every message, from what is the same for all of them: it is made once for each change. It is
 * plain data, so that it can be asked in another thread.
 *
 * @see https://discord.com/developers/docs/topics/permissions
 * @since 0.1.0
 */
import type { Overwrite, Role } from "./Community.ts"
import type { RoleId, UserId } from "./Ids.ts"
import type { Member } from "./Member.ts"
import * as Permissions from "./Permissions.ts"

/**
 * What all channels of a community have in common. `administrators` and `viewers` are the roles whose bearers may do
 * everything, or see channels; `@everyone` may be among them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Base {
  readonly ownerId: UserId
  readonly everyone: RoleId
  readonly administrators: ReadonlySet<RoleId>
  readonly viewers: ReadonlySet<RoleId>
}

/**
 * `isOpen`: those without a role see it. So do the bearers of `viewers`. What `denied` roles take away, `allowed` ones give
 * back; of the `named` it is said of each whether they see it. Nothing of that concerns administrators and the owner.
 *
 * @since 0.1.0
 * @category models
 */
export interface Audience {
  readonly base: Base
  readonly isOpen: boolean
  readonly viewers: ReadonlySet<RoleId>
  readonly denied: ReadonlySet<RoleId>
  readonly allowed: ReadonlySet<RoleId>
  readonly named: ReadonlyMap<UserId, boolean>
}

const NO_ROLES: ReadonlySet<RoleId> = new Set()

const granting = (roles: ReadonlyArray<Role>, wanted: Permissions.Permissions): ReadonlySet<RoleId> =>
  new Set(roles.filter(({ permissions }) => Permissions.has(permissions, wanted)).map(({ id }) => id))

/**
 * `roles` are all that there are, `@everyone` too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const base = (
  { everyone, ownerId }: { readonly ownerId: UserId; readonly everyone: Role },
  roles: ReadonlyArray<Role>
): Base => ({
  ownerId,
  everyone: everyone.id,
  administrators: granting(roles, Permissions.ADMINISTRATOR),
  viewers: granting(roles, Permissions.VIEW_CHANNEL)
})

const areSame = (one: ReadonlySet<RoleId>, other: ReadonlySet<RoleId>): boolean =>
  one.size === other.size && Array.from(one).every((role) => other.has(role))

/**
 * Whether all audiences upon these are the same.
 *
 * @since 0.1.0
 * @category guards
 */
export const isSameBase = (one: Base, other: Base): boolean =>
  one.ownerId === other.ownerId &&
  one.everyone === other.everyone &&
  areSame(one.administrators, other.administrators) &&
  areSame(one.viewers, other.viewers)

/** What an overwrite says about seeing; it may say nothing. Where it denies and allows, it allows. */
const verdict = ({ allow, deny }: Overwrite): boolean | undefined => {
  if (Permissions.has(allow, Permissions.VIEW_CHANNEL)) return true
  return Permissions.has(deny, Permissions.VIEW_CHANNEL) ? false : undefined
}

/**
 * The audience of a channel with these overwrites.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (base: Base, overwrites: ReadonlyArray<Overwrite>): Audience => {
  let isOpen = base.viewers.has(base.everyone)
  let { viewers } = base
  const denied = new Set<RoleId>()
  const allowed = new Set<RoleId>()
  const named = new Map<UserId, boolean>()
  for (const overwrite of overwrites) {
    const sees = verdict(overwrite)
    if (overwrite.kind === "member") {
      if (sees === undefined) named.delete(overwrite.id)
      else named.set(overwrite.id, sees)
    } else if (overwrite.id === base.everyone) {
      if (sees === undefined) continue
      isOpen = sees
      viewers = NO_ROLES
    } else {
      if (Permissions.has(overwrite.allow, Permissions.VIEW_CHANNEL)) allowed.add(overwrite.id)
      if (Permissions.has(overwrite.deny, Permissions.VIEW_CHANNEL)) denied.add(overwrite.id)
    }
  }
  return { base, isOpen, viewers, denied, allowed, named }
}

const isAdministrator = ({ administrators, everyone }: Base, roles: ReadonlyArray<RoleId>): boolean =>
  administrators.has(everyone) || (administrators.size > 0 && roles.some((role) => administrators.has(role)))

/**
 * Whether those with just these roles see the channel, as far as they are not spoken of by name.
 *
 * @since 0.1.0
 * @category guards
 */
export const admitsRoles = (audience: Audience, roles: ReadonlyArray<RoleId>): boolean => {
  const { allowed, base, denied, viewers } = audience
  if (isAdministrator(base, roles)) return true
  let sees = audience.isOpen
  let isDenied = false
  for (const role of roles) {
    if (allowed.has(role)) return true
    isDenied ||= denied.has(role)
    sees ||= viewers.has(role)
  }
  return sees && !isDenied
}

/**
 * Whether a member's roles do not say all about them.
 *
 * @since 0.1.0
 * @category guards
 */
export const names = ({ base, named }: Audience, user: UserId): boolean => base.ownerId === user || named.has(user)

/**
 * Whether a user with these roles sees the channel.
 *
 * @since 0.1.0
 * @category guards
 */
export const admits = (audience: Audience, user: UserId, roles: ReadonlyArray<RoleId>): boolean => {
  if (audience.base.ownerId === user) return true
  const own = audience.named.get(user)
  if (own === undefined) return admitsRoles(audience, roles)
  return own || isAdministrator(audience.base, roles)
}

/**
 * @since 0.1.0
 * @category guards
 */
export const admitsMember = (audience: Audience, { roles, user }: Member): boolean => admits(audience, user.id, roles)

/**
 * Whose answer may be another: the bearers of some roles and some users, or everyone's.
 *
 * @since 0.1.0
 * @category models
 */
export type Difference = "everyone" | { readonly roles: ReadonlySet<RoleId>; readonly users: ReadonlySet<UserId> }

const apart = <A>(one: ReadonlySet<A>, other: ReadonlySet<A>): ReadonlyArray<A> =>
  one === other
    ? []
    : [...Array.from(one).filter((item) => !other.has(item)), ...Array.from(other).filter((item) => !one.has(item))]

/**
 * Of whom two audiences may say something else.
 *
 * @since 0.1.0
 * @category getters
 */
export const difference = (one: Audience, other: Audience): Difference => {
  const { base, named } = one
  const isForAll = (audience: Audience) => audience.base.administrators.has(audience.base.everyone)
  if (base.ownerId !== other.base.ownerId || one.isOpen !== other.isOpen || isForAll(one) !== isForAll(other)) {
    return "everyone"
  }
  const users = new Set([...named.keys(), ...other.named.keys()])
  for (const user of users) if (named.get(user) === other.named.get(user)) users.delete(user)
  const roles = new Set([
    ...apart(base.administrators, other.base.administrators),
    ...apart(one.viewers, other.viewers),
    ...apart(one.denied, other.denied),
    ...apart(one.allowed, other.allowed)
  ])
  return { roles, users }
}
