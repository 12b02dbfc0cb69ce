/**
 * Looking members up: those whom a guild's step needs to know, and those whom somebody asks for.
 *
 * @since 0.1.0
 */
import { Clock, Effect, HashMap, Option, Stream } from "effect"
import type { Found, Wanted } from "../../domain/guild/Facts.ts"
import type { Seen } from "../../domain/guild/Protocol.ts"
import { showingOf } from "../../domain/guild/seats.ts"
import type { State } from "../../domain/guild/State.ts"
import type { UserId } from "../../domain/Ids.ts"
import type { Member } from "../../domain/Member.ts"
import * as MemberQuery from "../../domain/MemberQuery.ts"
import type { Members, ScanError, StoreUnavailable } from "../../domain/MemberStore.ts"
import type { Places } from "../../domain/Places.ts"
import { UserIds } from "../../domain/UserIds.ts"

/** A guild's description names all members of a small guild, and of a large one only whoever asks. */
const ROSTER_LIMIT = 50

const found = (members: Members, user: UserId | undefined) =>
  user === undefined ? Effect.succeedNone : members.get(user)

const NOBODY: ReadonlyArray<Member> = []

/**
 * Facts of a command that needs no more than to know who asks, or not even that.
 *
 * @since 0.1.0
 * @category constructors
 */
export const factsOf = (member: Option.Option<Member> = Option.none()): Effect.Effect<Found> =>
  Effect.withFiberSucceed((fiber) => ({
    now: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe(),
    member,
    target: Option.none(),
    named: NOBODY,
    roster: NOBODY,
    memberCount: 0
  }))

/**
 * Whether these facts describe all members, and not only the one who asks.
 *
 * @since 0.1.0
 * @category guards
 */
export const describesAll = ({ memberCount, roster }: Found): boolean =>
  roster.length > 0 && memberCount <= ROSTER_LIMIT

const described = (members: Members, member: Option.Option<Member>, memberCount: number) =>
  memberCount <= ROSTER_LIMIT
    ? Stream.runCollect(Stream.orDie(members.scan(MemberQuery.everybody)))
    : Effect.succeed(Option.toArray(member))

const lookUpAll = Effect.fnUntraced(function* (
  members: Members,
  { describes = false, member: asking, named = [], target: other }: Wanted
): Effect.fn.Return<Found, StoreUnavailable> {
  const member = yield* found(members, asking)
  const target = yield* found(members, other)
  const known = named.length === 0 ? [] : yield* Effect.forEach(named, members.get)
  const memberCount = describes ? yield* members.size : 0
  return {
    now: yield* Clock.currentTimeMillis,
    member,
    target,
    named: known.flatMap(Option.toArray),
    roster: describes ? yield* described(members, member, memberCount) : [],
    memberCount
  }
})

/**
 * A store that does not answer costs the command, of which its caller is told, and not the guild.
 *
 * @since 0.1.0
 * @category getters
 */
export const lookUp = (members: Members, wanted: Wanted): Effect.Effect<Found, StoreUnavailable> => {
  const { describes, member, named, target } = wanted
  const isMore = target !== undefined || describes === true || (named !== undefined && named.length > 0)
  if (isMore) return lookUpAll(members, wanted)
  // Most commands, messages above all, only need to know who asks.
  return Effect.flatMap(found(members, member), factsOf)
}

/**
 * A guild's members, for whoever reads them while it works; what others see of them is as the guild stands.
 *
 * @since 0.1.0
 * @category getters
 */
export const roster = (members: Members, state: () => State, searches: Places) => {
  const get = (users: ReadonlyArray<UserId>): Effect.Effect<ReadonlyArray<Seen>, StoreUnavailable> =>
    Effect.map(Effect.forEach(users, members.get), (found) =>
      found.flatMap(Option.toArray).map((member) => ({ member, ...showingOf(state(), member.user.id) }))
    )
  const page = Effect.fnUntraced(function* (
    after: UserId,
    limit: number
  ): Effect.fn.Return<ReadonlyArray<Seen>, StoreUnavailable> {
    const all: Array<Seen> = []
    let last = after
    while (true) {
      const wanted = limit - all.length
      const users = (yield* members.page(last, wanted)).map(({ user }) => user.id)
      all.push(...(yield* get(users)))
      // The store may have some of whom nobody has been told: a page is short only where members end.
      if (users.length < wanted || all.length === limit) return all
      last = users.at(-1) ?? last
    }
  })
  const find = (
    prefix: string,
    { by, limit }: { readonly by?: UserId | undefined; readonly limit?: number | undefined } = {}
  ): Effect.Effect<UserIds, ScanError> => {
    const query = prefix === "" ? MemberQuery.everybody : MemberQuery.named(prefix)
    const found =
      limit === undefined
        ? members.ids(query)
        : Effect.map(Stream.runCollect(Stream.take(members.scan(query), limit)), (some) =>
            UserIds.from(some.map(({ user }) => user.id))
          )
    return searches.hold(by, found)
  }
  const counts = () => Effect.map(members.size, (size) => ({ members: size, online: HashMap.size(state().online) }))
  return { find, page, get, counts }
}
