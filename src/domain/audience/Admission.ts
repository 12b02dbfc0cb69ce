/**
 * Asking an audience. Nothing is imported here that runs, so that a thread that only asks starts at once.
 *
 * @since 0.1.0
 */
import type { RoleId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"

/**
 * What all channels of a community have in common. `administrators` are the roles whose bearers may do everything; where
 * `@everyone` is one of them, it stands alone there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Base {
  readonly ownerId: UserId
  readonly everyone: RoleId
  readonly administrators: ReadonlySet<RoleId>
}

/**
 * Sessions without a role see the channel if `isOpen`; otherwise the bearers of `viewers` do. What `denied` roles take away,
 * `allowed` ones give back; of the `named` users it is said of each whether they see it. Nothing of that concerns
 * administrators and the owner. `own` is what the channel itself says of `@everyone`, if it says anything.
 *
 * @since 0.1.0
 * @category models
 */
export interface Audience {
  readonly base: Base
  readonly own: boolean | undefined
  readonly isOpen: boolean
  readonly viewers: ReadonlySet<RoleId>
  readonly denied: ReadonlySet<RoleId>
  readonly allowed: ReadonlySet<RoleId>
  readonly named: ReadonlyMap<UserId, boolean>
}

/**
 * Whether those with just these roles see every channel.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAdministrator = ({ administrators, everyone }: Base, roles: ReadonlyArray<RoleId>): boolean =>
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

/** What a role can say about seeing a channel. */
const ADMINISTERS = 1
const ALLOWED = 2
const DENIED = 4
const VIEWS = 8

/**
 * What a role says about seeing the channel, in bits. What several say is what each says, or-ed: whoever asks for very many
 * sets of few roles asks each role once.
 *
 * @since 0.1.0
 * @category getters
 */
export const says = ({ allowed, base, denied, viewers }: Audience, role: RoleId): number =>
  (base.administrators.has(role) ? ADMINISTERS : 0) |
  (allowed.has(role) ? ALLOWED : 0) |
  (denied.has(role) ? DENIED : 0) |
  (viewers.has(role) ? VIEWS : 0)

const administers = ({ administrators, everyone }: Base, said: number): boolean =>
  (said & ADMINISTERS) !== 0 || administrators.has(everyone)

/**
 * The same as `admitsRoles`, for roles that say this together.
 *
 * @since 0.1.0
 * @category guards
 */
export const admitsSaying = ({ base, isOpen }: Audience, said: number): boolean => {
  if ((said & ALLOWED) !== 0 || administers(base, said)) return true
  return (isOpen || (said & VIEWS) !== 0) && (said & DENIED) === 0
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
 * The same, of a user whose roles say this together.
 *
 * @since 0.1.0
 * @category guards
 */
export const admitsUserSaying = (audience: Audience, user: UserId, said: number): boolean => {
  if (audience.base.ownerId === user) return true
  const own = audience.named.get(user)
  return own === undefined ? admitsSaying(audience, said) : own || administers(audience.base, said)
}

/**
 * @since 0.1.0
 * @category guards
 */
export const admitsMember = (audience: Audience, { roles, user }: Member): boolean => admits(audience, user.id, roles)
