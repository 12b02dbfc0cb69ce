/**
 * What a channel changes for roles and members, and who may have it otherwise.
 *
 * @since 0.1.0
 */
import { Result } from "effect"
import type { Channel, Community, Overwrite } from "../../Community.ts"
import * as Permissions from "../../Permissions.ts"
import type { Protocol } from "../Protocol.ts"
import { type MissingPermissions, MOST, room, type TooMany, UnknownRole } from "../Refusal.ts"
import type { Authority } from "./Authority.ts"

type Overwrites = ReadonlyArray<Overwrite>

/** Roles and members may have the same ids. */
const keyOf = ({ id, kind }: Pick<Overwrite, "id" | "kind">): string => `${kind} ${id}`
const byKey = (overwrites: Overwrites): ReadonlyMap<string, Overwrite> =>
  new Map(overwrites.map((overwrite) => [keyOf(overwrite), overwrite]))

/**
 * @since 0.1.0
 * @category guards
 */
export const areSame = (one: Overwrites, other: Overwrites): boolean => one === other || sameAs(one)(other)

/**
 * Whether others say the same as these, in whatever order: for very many, of which most differ early.
 *
 * @since 0.1.0
 * @category guards
 */
export const sameAs = (one: Overwrites): ((other: Overwrites) => boolean) => {
  const known = { role: new Map<string, Overwrite>(), member: new Map<string, Overwrite>() }
  for (const overwrite of one) known[overwrite.kind].set(overwrite.id, overwrite)
  return (other) =>
    one === other ||
    (one.length === other.length &&
      other.every(({ allow, deny, id, kind }) => {
        const counterpart = known[kind].get(id)
        return counterpart?.allow === allow && counterpart.deny === deny
      }))
}

/**
 * One for each role and each member: what is said last of them.
 *
 * @since 0.1.0
 * @category getters
 */
export const unique = (overwrites: Overwrites): Overwrites => Array.from(byKey(overwrites).values())

/**
 * Those of a channel that is otherwise, and stands under a category or not.
 *
 * @since 0.1.0
 * @category getters
 */
export const overwritesAfter = (
  { overwrites }: Channel,
  patch: Protocol<unknown>["UpdateChannel"]["payload"]["patch"],
  parent: Channel | undefined
): Overwrites => {
  const { isSynced = false, overwrite, withoutOverwrite } = patch
  const whole = isSynced && parent !== undefined ? parent.overwrites : unique(patch.overwrites ?? overwrites)
  if (overwrite === undefined && withoutOverwrite === undefined) return whole
  const others = whole.filter(({ id }) => id !== withoutOverwrite)
  return overwrite === undefined ? others : unique([...others, overwrite])
}

/** All bits about which two sets of overwrites differ. */
const differing = (one: Overwrites, other: Overwrites): Permissions.Permissions => {
  const bits = (from: Overwrites, to: Overwrites) => {
    const counterparts = byKey(to)
    return from.reduce((all, overwrite) => {
      const counterpart = counterparts.get(keyOf(overwrite))
      const { allow, deny } = counterpart ?? { allow: Permissions.NONE, deny: Permissions.NONE }
      return all | (overwrite.allow ^ allow) | (overwrite.deny ^ deny)
    }, Permissions.NONE)
  }
  return bits(one, other) | bits(other, one)
}

/**
 * Refuses whoever may not have these overwrites instead of those: who does not have themselves what they are about, in the
 * guild or in the channel as it was ("Setting MANAGE_ROLES permission in channels is only possible for guild
 * administrators"). And refuses what concerns roles that there are not.
 *
 * @since 0.1.0
 * @category guards
 */
export const needsOverwrites = (
  { roles }: Community,
  authority: Authority,
  channel: Channel | undefined,
  before: Overwrites,
  after: Overwrites
): Result.Result<void, MissingPermissions | UnknownRole | TooMany> => {
  if (after.length > MOST.overwrites) return room("overwrites", after.length)
  const known = new Set(before)
  for (const overwrite of after) {
    if (overwrite.kind !== "role" || roles.has(overwrite.id) || known.has(overwrite)) continue
    return Result.fail(new UnknownRole({ role: overwrite.id }))
  }
  const bits = differing(before, after)
  const isManaging = Permissions.has(bits, Permissions.MANAGE_ROLES)
  return Result.andThen(authority.needsAll(bits, channel), () =>
    isManaging
      ? authority.needs(Permissions.ADMINISTRATOR, "ADMINISTRATOR, for overwrites of MANAGE_ROLES")
      : Result.void
  )
}
