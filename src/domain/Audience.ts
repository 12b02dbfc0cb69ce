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

/**
 * What holds in every channel that says nothing else: `base`, and `viewers`, the roles whose bearers see channels. Where
 * `@everyone` is one of them, it stands alone there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Defaults {
  readonly base: Base
  readonly viewers: ReadonlySet<RoleId>
}

/** What `@everyone` may do, no other role has to say. */
const granting = (roles: ReadonlyArray<Role>, everyone: Role, wanted: Permissions.Permissions): ReadonlySet<RoleId> =>
  Permissions.has(everyone.permissions, wanted)
    ? new Set([everyone.id])
    : new Set(roles.filter(({ permissions }) => Permissions.has(permissions, wanted)).map(({ id }) => id))

const areSameRoles = (one: ReadonlySet<RoleId>, other: ReadonlySet<RoleId>): boolean => {
  if (one === other) return true
  if (one.size !== other.size) return false
  for (const role of one) if (!other.has(role)) return false
  return true
}

/**
 * What `roles` say together: all that there are, `@everyone` too. As far as that is what `before` says, it is the same
 * objects.
 *
 * @since 0.1.0
 * @category constructors
 */
export const defaults = (
  { everyone, ownerId }: { readonly ownerId: UserId; readonly everyone: Role },
  roles: ReadonlyArray<Role>,
  before?: Defaults
): Defaults => {
  const administrators = granting(roles, everyone, Permissions.ADMINISTRATOR)
  const viewers = granting(roles, everyone, Permissions.VIEW_CHANNEL)
  const isSameBase =
    before !== undefined &&
    before.base.ownerId === ownerId &&
    before.base.everyone === everyone.id &&
    areSameRoles(before.base.administrators, administrators)
  const base = isSameBase ? before.base : { ownerId, everyone: everyone.id, administrators }
  if (before?.base === base && areSameRoles(before.viewers, viewers)) return before
  return { base, viewers }
}

/** What an overwrite says about seeing; it may say nothing. Where it denies and allows, it allows. */
const verdict = ({ allow, deny }: Overwrite): boolean | undefined => {
  if (Permissions.has(allow, Permissions.VIEW_CHANNEL)) return true
  return Permissions.has(deny, Permissions.VIEW_CHANNEL) ? false : undefined
}

/** Of roles that see channels nothing is left to say where all see this one, or where the channel itself says who does. */
const seeing = ({ base, viewers }: Defaults, own: boolean | undefined): Pick<Audience, "isOpen" | "viewers"> => {
  const isOpen = own ?? viewers.has(base.everyone)
  return { isOpen, viewers: isOpen || own !== undefined ? NO_ROLES : viewers }
}

/**
 * The audience of a channel with these overwrites.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (defaults: Defaults, overwrites: ReadonlyArray<Overwrite>): Audience => {
  const { base } = defaults
  let own: boolean | undefined
  const denied = new Set<RoleId>()
  const allowed = new Set<RoleId>()
  const named = new Map<UserId, boolean>()
  for (const overwrite of overwrites) {
    const sees = verdict(overwrite)
    if (overwrite.kind === "member") {
      if (sees === undefined) named.delete(overwrite.id)
      else named.set(overwrite.id, sees)
    } else if (overwrite.id === base.everyone) {
      own = sees ?? own
    } else {
      if (Permissions.has(overwrite.allow, Permissions.VIEW_CHANNEL)) allowed.add(overwrite.id)
      if (Permissions.has(overwrite.deny, Permissions.VIEW_CHANNEL)) denied.add(overwrite.id)
    }
  }
  return { base, own, ...seeing(defaults, own), denied, allowed, named }
}

/**
 * The audience of the same channel where the community has other defaults. Its overwrites need not be read again, however
 * many there are; where nothing is different it is the same object.
 *
 * @since 0.1.0
 * @category transitions
 */
export const rebased = (audience: Audience, defaults: Defaults): Audience => {
  const { base } = defaults
  const { isOpen, viewers } = seeing(defaults, audience.own)
  const isSame = base === audience.base && isOpen === audience.isOpen && areSameRoles(viewers, audience.viewers)
  return isSame ? audience : { ...audience, base, isOpen, viewers }
}

const without = (roles: ReadonlySet<RoleId>, role: RoleId): ReadonlySet<RoleId> =>
  roles.has(role) ? new Set(Array.from(roles).filter((other) => other !== role)) : roles

/**
 * The audience of the same channel without what it says of a role that is not `@everyone`.
 *
 * @since 0.1.0
 * @category transitions
 */
export const withoutRole = (audience: Audience, role: RoleId): Audience => {
  const [denied, allowed] = [without(audience.denied, role), without(audience.allowed, role)]
  return denied === audience.denied && allowed === audience.allowed ? audience : { ...audience, denied, allowed }
}

/**
 * Whether two audiences say the same.
 *
 * @since 0.1.0
 * @category guards
 */
export const isSame = (one: Audience, other: Audience): boolean => {
  if (one === other) return true
  if (one.base !== other.base || one.own !== other.own || one.isOpen !== other.isOpen) return false
  if (!areSameRoles(one.viewers, other.viewers) || !areSameRoles(one.denied, other.denied)) return false
  if (!areSameRoles(one.allowed, other.allowed) || one.named.size !== other.named.size) return false
  for (const [user, sees] of one.named) if (other.named.get(user) !== sees) return false
  return true
}

/**
 * Whose answer may be another: the bearers of some roles and some users, or everyone's.
 *
 * @since 0.1.0
 * @category models
 */
export type Difference = "everyone" | { readonly roles: ReadonlySet<RoleId>; readonly users: ReadonlySet<UserId> }

const NO_USERS: ReadonlySet<UserId> = new Set()

const apart = (one: ReadonlySet<RoleId>, other: ReadonlySet<RoleId>): ReadonlyArray<RoleId> => {
  if (one === other) return []
  const only = (these: ReadonlySet<RoleId>, those: ReadonlySet<RoleId>) =>
    Array.from(these).filter((role) => !those.has(role))
  return [...only(one, other), ...only(other, one)]
}

const usersApart = (one: Audience["named"], other: Audience["named"]): ReadonlySet<UserId> => {
  if (one === other) return NO_USERS
  const users = new Set<UserId>()
  for (const [user, sees] of one) if (other.get(user) !== sees) users.add(user)
  for (const user of other.keys()) if (!one.has(user)) users.add(user)
  return users
}

/** Whether all see the channel of whom it does not speak by name. */
const isFree = ({ denied, isOpen }: Audience): boolean => isOpen && denied.size === 0

/**
 * Of whom two audiences may say something else. Whoever is named in both with the same verdict may be another only by a role
 * that administers.
 *
 * @since 0.1.0
 * @category getters
 */
export const difference = (one: Audience, other: Audience): Difference => {
  const { base } = one
  const isForAll = (audience: Audience) => audience.base.administrators.has(audience.base.everyone)
  if (base.ownerId !== other.base.ownerId || one.isOpen !== other.isOpen || isForAll(one) !== isForAll(other)) {
    return "everyone"
  }
  const users = usersApart(one.named, other.named)
  const ruling = apart(base.administrators, other.base.administrators)
  if (isFree(one) && isFree(other)) return { roles: new Set(ruling), users }
  const roles = new Set([
    ...ruling,
    ...apart(one.viewers, other.viewers),
    ...apart(one.denied, other.denied),
    ...apart(one.allowed, other.allowed)
  ])
  return { roles, users }
}
