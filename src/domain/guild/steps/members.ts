/**
 * How a guild takes what concerns its members.
 *
 * @since 0.1.0
 */
import { HashMap, Option, Result } from "effect"
import type { RoleId, UserId } from "../../Ids.ts"
import type { Member } from "../../Member.ts"
import * as Permissions from "../../Permissions.ts"
import type { MemberPatch } from "../commands/members.ts"
import type { MemberChanged } from "../Event.ts"
import type { Facts } from "../Facts.ts"
import type { Output } from "../Output.ts"
import { MissingPermissions, NotInVoice, OwnerStays, TimeOutTooLong, UnknownRole } from "../Refusal.ts"
import { seatsOf, unseated } from "../seats.ts"
import type { State } from "../State.ts"
import { Authority, difference, targetOf } from "./Authority.ts"
import { stepped, type Steps } from "./Step.ts"
import { hungUp, joinable, spoken, voiceOf } from "./voice.ts"

const enrolled = <H>(state: State, tag: MemberChanged["_tag"], member: Member, memberCount: number): Output<H> => ({
  _tag: "Enrol",
  event: { _tag: tag, guild: state.community.id, member, memberCount },
  // Of use only to those whose roles are others, and only if they are there.
  voice: seatsOf(state, member.user.id).length === 0 ? [] : Array.from(HashMap.values(state.voice))
})

const rolesAfter = ({ roles }: Member, patch: MemberPatch): ReadonlyArray<RoleId> => {
  const all = new Set(patch.roles ?? roles)
  if (patch.withRole !== undefined) all.add(patch.withRole)
  if (patch.withoutRole !== undefined) all.delete(patch.withoutRole)
  return Array.from(all)
}

const patched = (before: Member, patch: MemberPatch): Member => {
  const { deaf, joinedAt, mute, user } = before
  const nick = patch.nick === undefined ? before.nick : (patch.nick ?? undefined)
  const until = patch.timedOutUntil === undefined ? before.timedOutUntil : (patch.timedOutUntil ?? undefined)
  return {
    user,
    joinedAt,
    roles: rolesAfter(before, patch),
    ...(nick === undefined ? undefined : { nick }),
    ...((patch.mute ?? mute) ? { mute: true } : undefined),
    ...((patch.deaf ?? deaf) ? { deaf: true } : undefined),
    ...(until === undefined ? undefined : { timedOutUntil: until })
  }
}

/** Refuses whoever may not give and take these roles. */
const needsRoles = (
  state: State,
  authority: Authority,
  before: Member,
  after: Member
): Result.Result<void, UnknownRole | MissingPermissions> =>
  Result.gen(function* () {
    const roles = difference(before.roles, after.roles)
    if (roles.length === 0) return
    yield* authority.needs(Permissions.MANAGE_ROLES, "MANAGE_ROLES")
    for (const id of roles) {
      const role = state.community.roles.get(id)
      // What is left of a role that is no more may be taken away.
      if (role === undefined && !after.roles.includes(id)) continue
      if (role === undefined || id === state.community.everyone.id)
        return yield* Result.fail(new UnknownRole({ role: id }))
      yield* authority.needsAbove(role)
    }
  })

const needsNick = (authority: Authority, before: Member, after: Member): Result.Result<void, MissingPermissions> => {
  if (before.nick === after.nick) return Result.void
  const isOwn = authority.user === before.user.id
  if (isOwn && authority.may(Permissions.CHANGE_NICKNAME)) return Result.void
  return Result.andThen(authority.needs(Permissions.MANAGE_NICKNAMES, "MANAGE_NICKNAMES"), () =>
    authority.needsAboveMember(before)
  )
}

/** Refuses whoever would mute or deafen one who is in no call. */
const needsVoice = (state: State, { deaf, mute }: MemberPatch, { user }: Member): Result.Result<void, NotInVoice> =>
  (mute === undefined && deaf === undefined) || voiceOf(state, user.id) !== undefined
    ? Result.void
    : Result.fail(new NotInVoice({ user: user.id }))

/** Discord's limit: 28 days. */
const LONGEST_TIME_OUT = 28 * 24 * 60 * 60 * 1000

/** Refuses whoever may not time a member out like this, or let them speak again. */
const needsTimeOut = (
  authority: Authority,
  before: Member,
  after: Member,
  { now }: Facts
): Result.Result<void, MissingPermissions | TimeOutTooLong> =>
  Result.gen(function* () {
    if (before.timedOutUntil === after.timedOutUntil) return
    const latest = now + LONGEST_TIME_OUT
    if (after.timedOutUntil !== undefined && after.timedOutUntil > latest) {
      return yield* Result.fail(new TimeOutTooLong({ user: before.user.id, latest }))
    }
    yield* authority.needs(Permissions.MODERATE_MEMBERS, "MODERATE_MEMBERS")
    yield* authority.needsAboveMember(before)
    if (after.timedOutUntil !== undefined) yield* authority.needsOrdinary(before)
  })

/** Somebody is as they are now: in the store, for relays, and where they are in a voice channel; timed out, in none. */
const updated = <H>(
  state: State,
  before: Member,
  after: Member,
  { memberCount, now }: Facts
): readonly [State, ReadonlyArray<Output<H>>] => {
  const enrol = enrolled<H>(state, "MemberUpdated", after, memberCount)
  const voice = voiceOf(state, after.user.id)
  if (voice === undefined) return [state, [enrol]]
  const state1: State = { ...state, voice: HashMap.set(state.voice, after.user.id, { ...voice, member: after }) }
  if (after.timedOutUntil !== undefined && after.timedOutUntil > now) {
    const [next, outputs] = hungUp<H>(state1, after.user.id)
    return [next, [enrol, ...outputs]]
  }
  if (before.mute === after.mute && before.deaf === after.deaf) return [state1, [enrol]]
  const [next, outputs] = spoken<H>(state1, { ...voice, member: after })
  return [next, [enrol, ...outputs]]
}

const moved = <H>(
  state: State,
  authority: Authority,
  member: Member,
  channel: Exclude<MemberPatch["channel"], undefined>,
  facts: Facts
) =>
  Result.gen(function* () {
    yield* authority.needs(Permissions.MOVE_MEMBERS, "MOVE_MEMBERS")
    const voice = voiceOf(state, member.user.id)
    if (voice === undefined) return yield* Result.fail(new NotInVoice({ user: member.user.id }))
    if (channel === null) return hungUp<H>(state, member.user.id)
    yield* joinable(state, channel, member, facts)
    return spoken<H>(state, { ...voice, member, channel })
  })

/** Somebody is no member any more: their sessions go, and they hang up. */
const removed = <H>(state: State, member: Member, memberCount: number): readonly [State, ReadonlyArray<Output<H>>] => {
  const user: UserId = member.user.id
  const [silent, outputs] = hungUp<H>(state, user)
  // Their relays detach their sessions when they hear of it: they are told first.
  const enrol = enrolled<H>(silent, "MemberRemoved", member, memberCount)
  let next = silent
  const after: Array<Output<H>> = []
  for (const seat of seatsOf(silent, user)) {
    const [left, more] = unseated(next, user, seat)
    next = left
    after.push(...more)
  }
  return [next, [...outputs, enrol, ...after]]
}

/**
 * @since 0.1.0
 * @category steps
 */
export const members = <H>(): Steps<H, "AddMember" | "UpdateMember" | "RemoveMember"> => ({
  AddMember: (state, { member }, facts) => {
    if (Option.isSome(facts.target)) {
      const [next, outputs] = updated<H>(state, facts.target.value, member, facts)
      return [next, outputs, Result.void]
    }
    return [state, [enrolled(state, "MemberAdded", member, facts.memberCount + 1)], Result.void]
  },

  UpdateMember: (state, { by, patch, user }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const authority = yield* Authority.of(state.community, by, facts)
        const before = yield* targetOf(state.community, user, facts)
        const after = patched(before, patch)
        yield* needsRoles(state, authority, before, after)
        yield* needsNick(authority, before, after)
        if (before.mute !== after.mute) yield* authority.needs(Permissions.MUTE_MEMBERS, "MUTE_MEMBERS")
        if (before.deaf !== after.deaf) yield* authority.needs(Permissions.DEAFEN_MEMBERS, "DEAFEN_MEMBERS")
        yield* needsVoice(state, patch, before)
        yield* needsTimeOut(authority, before, after, facts)
        const [next, outputs] = updated<H>(state, before, after, facts)
        if (patch.channel === undefined) return [next, outputs, after] as const
        const [elsewhere, more] = yield* moved<H>(next, authority, after, patch.channel, facts)
        return [elsewhere, [...outputs, ...more], after] as const
      })
    ),

  RemoveMember: (state, { by, user }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const { community } = state
        const member = yield* targetOf(community, user, facts)
        if (by === user) {
          if (user === community.ownerId) return yield* Result.fail(new OwnerStays({ guild: community.id, user }))
        } else {
          const authority = yield* Authority.of(community, by, facts)
          yield* authority.needs(Permissions.KICK_MEMBERS, "KICK_MEMBERS")
          yield* authority.needsAboveMember(member)
        }
        const [next, outputs] = removed<H>(state, member, facts.memberCount - 1)
        return [next, outputs, undefined] as const
      })
    )
})
