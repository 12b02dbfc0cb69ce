/**
 * Member stores: where a guild's members live. The one for large guilds needs threads, and is to be had by itself: see
 * `MemberStore/hybrid.ts`.
 *
 * @since 0.1.0
 */
import { Array as Arr, Cause, Effect, Layer, Option, type Pull, Stream } from "effect"
import type { GuildId, UserId } from "../domain/Ids.ts"
import type { Member } from "../domain/Member.ts"
import { matches, type MemberQuery } from "../domain/MemberQuery.ts"
import { type Members, MemberStore, Transient } from "../domain/MemberStore.ts"
import { UserIds } from "../domain/UserIds.ts"

export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  MemberStore,
  /**
   * @since 0.1.0
   * @category models
   */
  type Members,
  /**
   * @since 0.1.0
   * @category errors
   */
  StoreUnavailable,
  /**
   * @since 0.1.0
   * @category references
   */
  Transient
} from "../domain/MemberStore.ts"

export {
  /**
   * @since 0.1.0
   * @category layers
   */
  durable
} from "./MemberStore/durable.ts"

/** Members that are asked in one piece: some tenths of a millisecond. */
const PIECE = 1024

/** Those of a list that match, piece by piece. Others get their turn between two pieces; a list of one piece takes none. */
const matching = (query: MemberQuery, all: ReadonlyArray<Member>): Stream.Stream<Member> => {
  let at = 0
  const piece: Pull.Pull<Arr.NonEmptyReadonlyArray<Member>> = Effect.suspend(() => {
    const found = all.slice(at, at + PIECE).filter((member) => matches(query, member))
    at += PIECE
    return Arr.isReadonlyArrayNonEmpty(found) ? Effect.succeed(found) : next
  })
  const next: typeof piece = Effect.suspend(() => {
    if (at >= all.length) return Cause.done()
    return at === 0 ? piece : Effect.andThen(Effect.yieldNow, piece)
  })
  return Stream.fromPull(Effect.succeed(next))
}

const heapMembers = (): Members => {
  const members = new Map<UserId, Member>()
  // A list of them all is a snapshot; whom it is asked of, it is only as they are wanted.
  const scan = (query: MemberQuery) => Stream.suspend(() => matching(query, Array.from(members.values())))
  const ids = (query: MemberQuery) =>
    Effect.suspend(() => {
      const found = new BigUint64Array(members.size)
      let size = 0
      const note = (some: ReadonlyArray<Member>) =>
        Effect.sync(() => {
          for (const { user } of some) found[size++] = BigInt(user.id)
        })
      return Effect.map(Stream.runForEachArray(scan(query), note), () => new UserIds(found.slice(0, size)))
    })
  const put = (member: Member) => Effect.sync(() => void members.set(member.user.id, member))
  return {
    get: (user) => Effect.sync(() => Option.fromUndefinedOr(members.get(user))),
    put,
    putAll: (all) => Effect.forEach(all, put, { discard: true }),
    remove: (user) => Effect.sync(() => members.delete(user)),
    size: Effect.sync(() => members.size),
    scan,
    ids
  }
}

/**
 * A map on the heap of this process, gone with it; a guild's members stay for as long as the Layer lives, whether or not
 * somebody has it open. Right for guilds of up to some ten thousand members: a scan runs in its caller's thread, a thousand
 * members at a time, and has no deadline.
 *
 * @since 0.1.0
 * @category layers
 */
export const heap: Layer.Layer<MemberStore> = Layer.sync(MemberStore, () => {
  const guilds = new Map<GuildId, Members>()
  return {
    open: (guild) =>
      Effect.map(Transient, (isTransient) => {
        if (isTransient) return heapMembers()
        const members = guilds.get(guild) ?? heapMembers()
        guilds.set(guild, members)
        return members
      })
  }
})
