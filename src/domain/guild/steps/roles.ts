/**
 * How a guild takes what concerns roles.
 *
 * @since 0.1.0
 */
import { HashMap, Result } from "effect"
import { role as roleOf, type Role } from "../../Community.ts"
import { RoleId, type UserId } from "../../Ids.ts"
import * as Permissions from "../../Permissions.ts"
import type { VoiceState } from "../../VoiceState.ts"
import type { Facts } from "../Facts.ts"
import { room, UnknownRole } from "../Refusal.ts"
import type { State } from "../State.ts"
import { Authority } from "./Authority.ts"
import { nextId } from "./nextId.ts"
import { ascending, moved, placed } from "./order.ts"
import { restructured } from "./restructure.ts"
import { stepped, type Steps } from "./Step.ts"

const found = ({ community }: State, id: RoleId): Result.Result<Role, UnknownRole> =>
  Result.fromNullishOr(community.roles.get(id), () => new UnknownRole({ role: id }))

/** Whoever may change roles. */
const manager = ({ community }: State, by: UserId | undefined, facts: Facts) =>
  Result.flatMap(Authority.of(community, by, facts), (authority) =>
    Result.map(authority.needs(Permissions.MANAGE_ROLES, "MANAGE_ROLES"), () => authority)
  )

/** Who is in a call bears a role no more that is no more. (With 10,000 in calls, `HashMap.reduce` takes twice as long.) */
const withoutRole = (voice: State["voice"], role: RoleId): State["voice"] => {
  const bearers: Array<VoiceState> = []
  HashMap.forEach(voice, (one) => {
    if (one.member.roles.includes(role)) bearers.push(one)
  })
  if (bearers.length === 0) return voice
  return HashMap.mutate(voice, (left) => {
    for (const one of bearers) {
      const roles = one.member.roles.filter((other) => other !== role)
      HashMap.set(left, one.member.user.id, { ...one, member: { ...one.member, roles } })
    }
  })
}

/**
 * @since 0.1.0
 * @category steps
 */
export const roles = <H>(): Steps<H, "CreateRole" | "UpdateRole" | "OrderRoles" | "DeleteRole"> => ({
  CreateRole: (state, { by, role: wanted }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const { community } = state
        const authority = yield* manager(state, by, facts)
        yield* room("roles", community.roles.size)
        const lastId = nextId(state, facts)
        const id = RoleId.make(String(lastId))
        const { permissions } = community.everyone
        const role = roleOf({ id, name: "new role", permissions, position: 1, ...wanted })
        yield* authority.needsAll(role.permissions)
        yield* authority.needsAbove(role)
        // Below all others, where the youngest in a position stands: so only the new one has to be told.
        const [next, outputs] = restructured<H>({ ...state, lastId }, [{ _tag: "RolePut", role }])
        return [next, outputs, role] as const
      })
    ),

  UpdateRole: (state, { by, patch, role: id }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const { community } = state
        const authority = yield* manager(state, by, facts)
        const before = yield* found(state, id)
        const isEveryone = id === community.everyone.id
        const { permissions = before.permissions } = patch
        const role: Role = isEveryone ? { ...before, permissions } : { ...before, ...patch }
        yield* authority.needsAbove(before)
        yield* authority.needsAll(before.permissions ^ role.permissions)
        const [next, outputs] = restructured<H>(state, [{ _tag: "RolePut", role }])
        return [next, outputs, role] as const
      })
    ),

  OrderRoles: (state, { by, positions }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const { community } = state
        const authority = yield* manager(state, by, facts)
        for (const { role } of positions) yield* found(state, role)
        const before = ascending(community)
        const after = moved(before, new Map(positions.map(({ position, role }) => [role, position])))
        for (const [below, role] of before.entries()) {
          if (after[below]?.id !== role.id) yield* authority.needsAbove(role)
        }
        const [next, outputs] = restructured<H>(state, placed(community, after))
        return [next, outputs, Array.from(next.community.roles.values())] as const
      })
    ),

  DeleteRole: (state, { by, role: id }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const { community } = state
        const authority = yield* manager(state, by, facts)
        const role = yield* found(state, id)
        if (id === community.everyone.id) return yield* Result.fail(new UnknownRole({ role: id }))
        yield* authority.needsAbove(role)
        // First: sessions that see a call because of this must not be told that somebody in it still bears the role.
        const stripped = { ...state, voice: withoutRole(state.voice, id) }
        const [next, outputs] = restructured<H>(stripped, [{ _tag: "RoleRemoved", role: id }])
        return [next, [...outputs, { _tag: "Strip", role: id }], undefined] as const
      })
    )
})
