/**
 * Looking up what a guild's step needs to know.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Option, Stream } from "effect"
import type { Facts, Wanted } from "../../domain/guild/Facts.ts"
import type { UserId } from "../../domain/Ids.ts"
import type { Member } from "../../domain/Member.ts"
import * as MemberQuery from "../../domain/MemberQuery.ts"
import type { Members } from "../../domain/MemberStore.ts"

/** A guild's description names all members of a small guild, and of a large one only whoever asks. */
const ROSTER_LIMIT = 50

const found = (members: Members, user: UserId | undefined) =>
  user === undefined ? Effect.succeedNone : members.get(user)

const roster = (members: Members, member: Option.Option<Member>, memberCount: number) =>
  memberCount <= ROSTER_LIMIT
    ? Stream.runCollect(Stream.orDie(members.scan(MemberQuery.everybody)))
    : Effect.succeed(Option.toArray(member))

/**
 * @since 0.1.0
 * @category getters
 */
export const lookUp = Effect.fnUntraced(function* (members: Members, wanted: Wanted): Effect.fn.Return<Facts> {
  const { counts = false, describes = false, named = [] } = wanted
  const member = yield* found(members, wanted.member)
  const target = yield* found(members, wanted.target)
  const known = named.length === 0 ? [] : yield* Effect.forEach(named, members.get)
  const memberCount = counts || describes ? yield* members.size : 0
  return {
    now: yield* Clock.currentTimeMillis,
    member,
    target,
    named: known.flatMap(Option.toArray),
    roster: describes ? yield* roster(members, member, memberCount) : [],
    memberCount
  }
})
