/**
 * How a guild takes what concerns its members.
 *
 * @since 0.1.0
 */
import { Array as Arr, Equivalence, HashMap, Option, Result, Schema } from "effect"
import * as Access from "../../Access.ts"
import * as Audience from "../../Audience.ts"
import { type Community, withKnownRoles } from "../../Community.ts"
import type { ChannelId, RoleId, UserId } from "../../Ids.ts"
import { Member } from "../../Member.ts"
import * as Permissions from "../../Permissions.ts"
import type { MemberPatch } from "../commands/members.ts"
import type { MemberChanged } from "../Event.ts"
import type { Facts, Found } from "../Facts.ts"
import type { Output, Store } from "../Output.ts"
import type { VoiceState } from "../../VoiceState.ts"
import {
  type MissingAccess,
  type MissingPermissions,
  NotInVoice,
  OwnerStays,
  TimeOutTooLong,
  UnknownChannel,
  UnknownRole,
  WrongChannel
} from "../Refusal.ts"
import { seatsOf, unseated } from "../seats.ts"
import type { State } from "../State.ts"
import { Authority, difference, targetOf } from "./Authority.ts"
import { stepped, type Steps } from "./Step.ts"
import { hungUp, spoken, voiceOf } from "./voice.ts"

const stored = (user: UserId, before: Member | undefined, member: Member | undefined): Store => ({
  _tag: "Store",
  user,
  before,
  member
})

const enrolled = <H>(
  { community }: State,
  tag: MemberChanged["_tag"],
  member: Member,
  voice: ReadonlyArray<VoiceState> = []
): Output<H> => {
  const event = { _tag: tag, guild: community.id, member: withKnownRoles(community, member) }
  return { _tag: "Enrol", event, voice }
}

// Not by `Equal`: it keeps some 300 bytes of each member that it has compared, for as long as that object lives.
const areSame = Schema.toEquivalence(Member)
const areSameRoles = Arr.makeEquivalence(Equivalence.strictEqual<RoleId>())

/** Who is in voice channels that a member sees from now on, or no longer; of use to them only if they are there. */
const revealed = (state: State, before: Member, after: Member): ReadonlyArray<VoiceState> => {
  const { audiences, channels } = state.community
  if (areSameRoles(before.roles, after.roles) || seatsOf(state, after.user.id).length === 0) return []
  const shifted = new Set<ChannelId>()
  for (const [id, audience] of audiences) {
    if (channels.get(id)?.kind !== "voice") continue
    if (Audience.admitsMember(audience, before) !== Audience.admitsMember(audience, after)) shifted.add(id)
  }
  return shifted.size === 0 ? [] : Array.from(HashMap.values(state.voice)).filter(({ channel }) => shifted.has(channel))
}

/** Clients name `@everyone` too among all of a member's roles. */
const rolesAfter = ({ everyone }: Community, { roles }: Member, patch: MemberPatch): ReadonlyArray<RoleId> => {
  const all = new Set(patch.roles?.filter((role) => role !== everyone.id) ?? roles)
  if (patch.withRole !== undefined) all.add(patch.withRole)
  if (patch.withoutRole !== undefined) all.delete(patch.withoutRole)
  return Array.from(all)
}

const patched = (community: Community, before: Member, patch: MemberPatch): Member => {
  const { deaf, joinedAt, mute, user } = before
  const nick = patch.nick === undefined ? before.nick : (patch.nick ?? undefined)
  const until = patch.timedOutUntil === undefined ? before.timedOutUntil : (patch.timedOutUntil ?? undefined)
  return {
    user,
    joinedAt,
    roles: rolesAfter(community, before, patch),
    ...(nick === undefined ? undefined : { nick }),
    ...((patch.mute ?? mute) ? { mute: true } : undefined),
    ...((patch.deaf ?? deaf) ? { deaf: true } : undefined),
    ...(until === undefined ? undefined : { timedOutUntil: until })
  }
}

/**
 * Refuses whoever may not have these roles instead of those. What is asked for counts, here and below, and not what it would
 * change: to give a role that somebody has takes as much as to give one that they have not.
 */
const needsRoles = (
  state: State,
  authority: Authority,
  patch: MemberPatch,
  before: Member,
  after: Member
): Result.Result<void, UnknownRole | MissingPermissions> =>
  Result.gen(function* () {
    const { withRole, withoutRole } = patch
    const named = [withRole, withoutRole].filter((role) => role !== undefined)
    if (named.length === 0 && patch.roles === undefined) return
    yield* authority.needs(Permissions.MANAGE_ROLES, "MANAGE_ROLES")
    for (const id of new Set([...named, ...difference(before.roles, after.roles)])) {
      const role = state.community.roles.get(id)
      // What is left of a role that is no more may be taken away.
      if (role === undefined && before.roles.includes(id) && !after.roles.includes(id)) continue
      if (role === undefined || id === state.community.everyone.id)
        return yield* Result.fail(new UnknownRole({ role: id }))
      yield* authority.needsAbove(role)
    }
  })

const needsNick = (
  authority: Authority,
  { nick }: MemberPatch,
  before: Member
): Result.Result<void, MissingPermissions> => {
  if (nick === undefined) return Result.void
  const isOwn = authority.user === before.user.id
  if (isOwn && authority.may(Permissions.CHANGE_NICKNAME)) return Result.void
  return Result.andThen(authority.needs(Permissions.MANAGE_NICKNAMES, "MANAGE_NICKNAMES"), () =>
    authority.needsAboveMember(before)
  )
}

/**
 * The call that a member is in, for who may do this there. Whoever does not see it is told what they would be if there were
 * none.
 */
const callOf = (
  state: State,
  authority: Authority,
  user: UserId,
  wanted: Permissions.Permissions,
  name: string
): Result.Result<VoiceState, NotInVoice | MissingAccess | MissingPermissions> =>
  Result.gen(function* () {
    const voice = voiceOf(state, user)
    const channel = voice && state.community.channels.get(voice.channel)
    if (voice === undefined || channel === undefined || !authority.sees(channel)) {
      yield* authority.needs(wanted, name)
      return yield* Result.fail(new NotInVoice({ user }))
    }
    yield* authority.needsIn(channel, wanted, name)
    return voice
  })

/** Refuses whoever may not mute or deafen a member where they are. */
const needsVoice = (
  state: State,
  authority: Authority,
  { deaf, mute }: MemberPatch,
  { user }: Member
): Result.Result<void, NotInVoice | MissingAccess | MissingPermissions> =>
  Result.gen(function* () {
    if (mute !== undefined) yield* callOf(state, authority, user.id, Permissions.MUTE_MEMBERS, "MUTE_MEMBERS")
    if (deaf !== undefined) yield* callOf(state, authority, user.id, Permissions.DEAFEN_MEMBERS, "DEAFEN_MEMBERS")
  })

/** Discord's limit: 28 days. */
const LONGEST_TIME_OUT = 28 * 24 * 60 * 60 * 1000

/** Refuses whoever may not time a member out like this, or let them speak again. */
const needsTimeOut = (
  authority: Authority,
  { timedOutUntil: until }: MemberPatch,
  before: Member,
  { now }: Facts
): Result.Result<void, MissingPermissions | TimeOutTooLong> =>
  Result.gen(function* () {
    if (until === undefined) return
    yield* authority.needs(Permissions.MODERATE_MEMBERS, "MODERATE_MEMBERS")
    yield* authority.needsAboveMember(before)
    if (until === null) return
    yield* authority.needsOrdinary(before)
    const latest = now + LONGEST_TIME_OUT
    if (until > latest) return yield* Result.fail(new TimeOutTooLong({ user: before.user.id, latest }))
  })

/** A member is different, for relays and where they are in a voice channel; who is timed out is in none any more. */
const changed = <H>(
  state: State,
  before: Member,
  after: Member,
  { now }: Found
): readonly [State, ReadonlyArray<Output<H>>] => {
  const voice = voiceOf(state, after.user.id)
  if (voice === undefined) {
    return [state, [enrolled<H>(state, "MemberUpdated", after, revealed(state, before, after))]]
  }
  const present: VoiceState = { ...voice, member: withKnownRoles(state.community, after) }
  const next: State = { ...state, voice: HashMap.set(state.voice, after.user.id, present) }
  // Members who see their own call because of this change must be told of themselves as they are now.
  const enrol = enrolled<H>(next, "MemberUpdated", after, revealed(next, before, after))
  const isTimedOut =
    before.timedOutUntil !== after.timedOutUntil &&
    (after.timedOutUntil ?? 0) > now &&
    Access.inGuild(state.community, after, now) !== Permissions.ALL
  if (!isTimedOut && before.mute === after.mute && before.deaf === after.deaf) return [next, [enrol]]
  const [last, heard] = isTimedOut ? hungUp<H>(next, after.user.id) : spoken<H>(next, present)
  return [last, [enrol, ...heard]]
}

/** The same, once the store has it. Where nothing is different, nobody is told. */
const updated = <H>(
  state: State,
  before: Member,
  after: Member,
  facts: Found
): readonly [State, ReadonlyArray<Output<H>>] => {
  if (areSame(before, after)) return [state, []]
  const [next, outputs] = changed<H>(state, before, after, facts)
  return [next, [stored(after.user.id, before, after), ...outputs]]
}

/**
 * Whoever moves somebody must be able to go there themselves; whom they move need not be. Who was in a call `before` may have
 * been timed out, and be in none any more.
 */
const moved = <H>(
  before: State,
  state: State,
  authority: Authority,
  member: Member,
  to: Exclude<MemberPatch["channel"], undefined>
): Result.Result<
  readonly [State, ReadonlyArray<Output<H>>],
  NotInVoice | UnknownChannel | WrongChannel | MissingAccess | MissingPermissions
> =>
  Result.gen(function* () {
    const user = member.user.id
    yield* callOf(before, authority, user, Permissions.MOVE_MEMBERS, "MOVE_MEMBERS")
    if (to === null) return hungUp<H>(state, user)
    const channel = state.community.channels.get(to)
    if (channel === undefined) return yield* Result.fail(new UnknownChannel({ channel: to }))
    const needed = Permissions.MOVE_MEMBERS | Permissions.CONNECT
    yield* authority.needsIn(channel, needed, "MOVE_MEMBERS and CONNECT there")
    if (channel.kind !== "voice") return yield* Result.fail(new WrongChannel({ channel: to }))
    const voice = voiceOf(state, user)
    if (voice === undefined) return [state, []] as const
    return spoken<H>(state, { ...voice, member, channel: to })
  })

/** Somebody is no member any more: their sessions go, and they hang up. */
const removed = <H>(state: State, member: Member): readonly [State, ReadonlyArray<Output<H>>] => {
  const user: UserId = member.user.id
  const [silent, outputs] = hungUp<H>(state, user)
  // Their relays detach their sessions when they hear of it: they are told first.
  const enrol = enrolled<H>(silent, "MemberRemoved", member)
  let next = silent
  const after: Array<Output<H>> = []
  for (const seat of seatsOf(silent, user)) {
    const [left, more] = unseated(next, user, seat)
    next = left
    after.push(...more)
  }
  return [next, [...outputs, enrol, ...after]]
}

/** A member as far as a guild knows them that the store does not have: by their call, or by no more than their id. */
const ghostOf = (state: State, user: UserId): Member | undefined =>
  seatsOf(state, user).length === 0
    ? undefined
    : (voiceOf(state, user)?.member ?? { user: { id: user, username: user, bot: false }, roles: [], joinedAt: 0 })

/**
 * What comes of a change that the store has taken, in the state as it is by now: what was allowed when it was asked for is
 * not asked again. Who was to be moved to a channel that is no more has left with it.
 *
 * @since 0.1.0
 * @category transitions
 */
export const landed = <H>(
  state: State,
  { before, member, to, user }: Store,
  facts: Found
): readonly [State, ReadonlyArray<Output<H>>] => {
  if (member === undefined) return before === undefined ? [state, []] : removed(state, before)
  if (before === undefined) return [state, [enrolled(state, "MemberAdded", member)]]
  const [next, outputs] = changed<H>(state, before, member, facts)
  const voice = voiceOf(next, user)
  if (to === undefined || voice === undefined) return [next, outputs]
  const [last, heard] =
    to !== null && next.community.channels.has(to) ? spoken<H>(next, { ...voice, channel: to }) : hungUp<H>(next, user)
  return [last, [...outputs, ...heard]]
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
    const store = stored(member.user.id, undefined, member)
    const [next, outputs] = landed<H>(state, store, facts)
    return [next, [store, ...outputs], Result.void]
  },

  UpdateMember: (state, { by, patch, user }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const authority = yield* Authority.of(state.community, by, facts)
        const before = yield* targetOf(state.community, user, facts)
        const after = patched(state.community, before, patch)
        yield* needsRoles(state, authority, patch, before, after)
        yield* needsNick(authority, patch, before)
        yield* needsVoice(state, authority, patch, before)
        yield* needsTimeOut(authority, patch, before, facts)
        const [next, outputs] = updated<H>(state, before, after, facts)
        if (patch.channel === undefined) return [next, outputs, after] as const
        const [elsewhere, more] = yield* moved<H>(state, next, authority, after, patch.channel)
        const { channel: to } = patch
        const all = outputs.map((output) => (output._tag === "Store" ? { ...output, to } : output))
        return [elsewhere, [...all, ...more], after] as const
      })
    ),

  RemoveMember: (state, { by, user }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const { community } = state
        // Whoever asks comes first: strangers do not learn who is a member.
        const authority = by === user ? undefined : yield* Authority.of(community, by, facts)
        if (authority !== undefined) yield* authority.needs(Permissions.KICK_MEMBERS, "KICK_MEMBERS")
        // Whoever is connected can be removed, whatever has become of their record.
        const ghost = Option.isNone(facts.target) ? ghostOf(state, user) : undefined
        const member = ghost ?? (yield* targetOf(community, user, facts))
        if (authority !== undefined) yield* authority.needsAboveMember(member)
        else if (user === community.ownerId) return yield* Result.fail(new OwnerStays({ guild: community.id, user }))
        const store = stored(user, member, undefined)
        const [next, outputs] = landed<H>(state, store, facts)
        return [next, [store, ...outputs], undefined] as const
      })
    )
})
