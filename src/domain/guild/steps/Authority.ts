/**
 * What somebody may change: by their permissions, and by how high their roles stand.
 *
 * @see https://discord.com/developers/docs/topics/permissions#permission-hierarchy
 * @since 0.1.0
 */
import { Option, Result } from "effect"
import * as Access from "../../Access.ts"
import { type Channel, type Community, type Role, withKnownRoles } from "../../Community.ts"
import type { RoleId, UserId } from "../../Ids.ts"
import type { Member } from "../../Member.ts"
import * as Permissions from "../../Permissions.ts"
import type { Facts } from "../Facts.ts"
import { MissingAccess, MissingPermissions, UnknownMember } from "../Refusal.ts"
import { byHeight } from "./order.ts"

const isAbove = (role: Role | undefined, other: Role | undefined): boolean => {
  if (role === undefined || other === undefined) return role !== undefined
  return byHeight(role, other) > 0
}

/** The highest of a member's roles; none for who has no other than `@everyone`. */
const highest = ({ roles }: Community, member: Member): Role | undefined =>
  member.roles.reduce<Role | undefined>((found, id) => {
    const role = roles.get(id)
    return isAbove(role, found) ? role : found
  }, undefined)

/**
 * Whoever changes something: a member, or the operator (nobody in particular), who may do everything.
 *
 * @since 0.1.0
 * @category models
 */
export class Authority {
  private readonly community: Community
  private readonly member: Member | undefined
  private readonly now: number

  private constructor(community: Community, member: Member | undefined, now: number) {
    this.community = community
    this.member = member
    this.now = now
  }

  /** The authority of a user, who must be a member. */
  static of(
    community: Community,
    by: UserId | undefined,
    { member, now }: Facts
  ): Result.Result<Authority, UnknownMember> {
    if (by === undefined) return Result.succeed(new Authority(community, undefined, now))
    return Result.map(
      Result.fromOption(member, () => new UnknownMember({ guild: community.id, user: by })),
      (member) => new Authority(community, member, now)
    )
  }

  get user(): UserId | undefined {
    return this.member?.user.id
  }

  /** Whether they may do this in the guild. */
  may(wanted: Permissions.Permissions): boolean {
    return this.member === undefined || Permissions.has(this.inGuild(this.member), wanted)
  }

  /** Refuses whoever may not do this in the guild. */
  needs(wanted: Permissions.Permissions, name: string): Result.Result<void, MissingPermissions> {
    return this.required(this.may(wanted), name)
  }

  /** Whether they may see a channel. */
  sees(channel: Channel): boolean {
    return (
      this.member === undefined ||
      Permissions.has(Access.inChannel(this.community, channel, this.member, this.now), Permissions.VIEW_CHANNEL)
    )
  }

  /** Refuses whoever may not see the channel, or not do this in it. */
  needsIn(
    channel: Channel,
    wanted: Permissions.Permissions,
    name: string
  ): Result.Result<void, MissingAccess | MissingPermissions> {
    if (this.member === undefined) return Result.void
    const granted = Access.inChannel(this.community, channel, this.member, this.now)
    return Permissions.has(granted, Permissions.VIEW_CHANNEL)
      ? this.required(Permissions.has(granted, wanted), name)
      : Result.fail(new MissingAccess({ channel: channel.id, user: this.member.user.id }))
  }

  /** Refuses whoever would hand out what they do not have themselves. */
  needsAll(permissions: Permissions.Permissions, channel?: Channel): Result.Result<void, MissingPermissions> {
    if (this.member === undefined) return Result.void
    const own =
      this.inGuild(this.member) |
      (channel === undefined ? Permissions.NONE : Access.inChannel(this.community, channel, this.member, this.now))
    return this.required(Permissions.has(own, permissions), "every permission that is to be given or taken")
  }

  /** Refuses whoever does not stand above a role. */
  needsAbove(role: Role): Result.Result<void, MissingPermissions> {
    return this.required(this.isAbove(role), `a role above ${role.name}`)
  }

  /** Refuses whoever does not stand above a member; everybody may do to themselves what they may do. */
  needsAboveMember(target: Member): Result.Result<void, MissingPermissions> {
    const isAllowed =
      this.member === undefined ||
      this.member.user.id === target.user.id ||
      (this.community.ownerId !== target.user.id && this.isAbove(highest(this.community, target)))
    return this.required(isAllowed, "a role above theirs")
  }

  /** Refuses whoever would time out one who may do everything. */
  needsOrdinary(target: Member): Result.Result<void, MissingPermissions> {
    return this.required(this.inGuild(target) !== Permissions.ALL, "somebody who is neither owner nor administrator")
  }

  /** Whoever a condition is about may do this, or not. */
  required(isAllowed: boolean, needed: string): Result.Result<void, MissingPermissions> {
    return isAllowed || this.member === undefined
      ? Result.void
      : Result.fail(new MissingPermissions({ user: this.member.user.id, needed }))
  }

  private inGuild(member: Member): Permissions.Permissions {
    return Access.inGuild(this.community, member, this.now)
  }

  private isAbove(role: Role | undefined): boolean {
    if (this.member === undefined || this.member.user.id === this.community.ownerId) return true
    const own = highest(this.community, this.member)
    // Of the same height as other roles, perhaps, `@everyone` is below all of them.
    return role?.id === this.community.everyone.id ? own !== undefined : isAbove(own, role)
  }
}

/**
 * The member whom a command is about.
 *
 * @since 0.1.0
 * @category getters
 */
export const targetOf = ({ id }: Community, user: UserId, { target }: Facts): Result.Result<Member, UnknownMember> =>
  Result.fromOption(target, () => new UnknownMember({ guild: id, user }))

/**
 * The member who acts.
 *
 * @since 0.1.0
 * @category getters
 */
export const memberOf = (community: Community, user: UserId, { member }: Facts): Result.Result<Member, UnknownMember> =>
  Result.fromOption(
    Option.map(member, (one) => withKnownRoles(community, one)),
    () => new UnknownMember({ guild: community.id, user })
  )

/**
 * The roles that a list has more or fewer than another.
 *
 * @since 0.1.0
 * @category getters
 */
export const difference = (one: ReadonlyArray<RoleId>, other: ReadonlyArray<RoleId>): ReadonlyArray<RoleId> => [
  ...one.filter((role) => !other.includes(role)),
  ...other.filter((role) => !one.includes(role))
]
