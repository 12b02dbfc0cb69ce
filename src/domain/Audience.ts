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
import type { Audience, Base } from "./audience/Admission.ts"
import type { Overwrite, Role } from "./Community.ts"
import type { RoleId, UserId } from "./Ids.ts"
import * as Permissions from "./Permissions.ts"

export * from "./audience/Admission.ts"

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
