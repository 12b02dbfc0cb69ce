/**
 * A member store on the heap.
 *
 * @since 0.1.0
 */
import { Array as Arr, Cause, Effect, Layer, Option, type Pull, Semaphore, Stream } from "effect"
import { compare, type GuildId, type UserId } from "../../domain/Ids.ts"
import * as RunQueue from "../../domain/mailbox/RunQueue.ts"
import type { Member } from "../../domain/Member.ts"
import { matches, type MemberQuery } from "../../domain/MemberQuery.ts"
import { type Members, MemberStore, Transient } from "../../domain/MemberStore.ts"
import { OrderedList } from "../../domain/OrderedList.ts"
import { UserIds } from "../../domain/UserIds.ts"

/** As many members are asked at once, with nobody else having a turn, and no command waits for it. */
const FEW = 128

/** Of more than that, so many are asked in one piece: some tenths of a millisecond. */
const PIECE = 1024

/** Those of a list that match. Each piece waits for its turn. */
const matching = (
  query: MemberQuery,
  all: ReadonlyArray<Member>,
  turns: Semaphore.Semaphore
): Stream.Stream<Member> => {
  let at = 0
  const piece = (size: number): Pull.Pull<Arr.NonEmptyReadonlyArray<Member>> =>
    Effect.suspend(() => {
      const found = all.slice(at, at + size).filter((member) => matches(query, member))
      at += size
      return Arr.isReadonlyArrayNonEmpty(found) ? Effect.succeed(found) : next
    })
  const next: ReturnType<typeof piece> = Effect.suspend(() => {
    if (at >= all.length) return Cause.done()
    return all.length <= FEW ? piece(FEW) : Effect.andThen(turns.withPermit(RunQueue.turn), piece(PIECE))
  })
  return Stream.fromPull(Effect.succeed(next))
}

const byId = (one: Member, other: Member) => compare(one.user.id, other.user.id)

/** However many scan at a time, between two messages one of them asks a piece: `turns` has a single place. */
const heapMembers = (turns: Semaphore.Semaphore): Members => {
  const members = new Map<UserId, Member>()
  const inOrder = new OrderedList(byId)
  /** All of them, as a list, for as long as nothing is written. */
  let listed: ReadonlyArray<Member> | undefined
  const list = () => (listed ??= Array.from(members.values()))
  const scan = (query: MemberQuery) => Stream.suspend(() => matching(query, list(), turns))
  const ids = (query: MemberQuery) =>
    Effect.suspend(() => {
      const all = list()
      const found = new BigUint64Array(all.length)
      let size = 0
      const note = (some: ReadonlyArray<Member>) =>
        Effect.sync(() => {
          for (const { user } of some) found[size++] = BigInt(user.id)
        })
      return Effect.map(
        Stream.runForEachArray(matching(query, all, turns), note),
        () => new UserIds(found.slice(0, size))
      )
    })
  const put = (member: Member) =>
    Effect.sync(() => {
      listed = undefined
      members.set(member.user.id, member)
      inOrder.put(member)
    })
  const remove = (user: UserId) =>
    Effect.sync(() => {
      const member = members.get(user)
      if (member === undefined) return false
      listed = undefined
      inOrder.remove(member)
      return members.delete(user)
    })
  return {
    get: (user) => Effect.sync(() => Option.fromUndefinedOr(members.get(user))),
    put,
    putAll: (all) => Effect.forEach(all, put, { discard: true }),
    remove,
    size: Effect.sync(() => members.size),
    page: (after, limit) => Effect.sync(() => inOrder.after(({ user }) => compare(user.id, after) > 0, limit)),
    scan,
    ids
  }
}

/**
 * A map on the heap of this process, gone with it; a guild's members stay for as long as the Layer lives, whether or not
 * somebody has it open. Right for guilds of up to some ten thousand members: a scan runs in its caller's thread, a thousand
 * members at a time between two messages, and has no deadline.
 *
 * @since 0.1.0
 * @category layers
 */
export const heap: Layer.Layer<MemberStore> = Layer.sync(MemberStore, () => {
  const guilds = new Map<GuildId, Members>()
  const turns = Semaphore.makeUnsafe(1)
  return {
    open: (guild) =>
      Effect.map(Transient, (isTransient) => {
        if (isTransient) return heapMembers(turns)
        const members = guilds.get(guild) ?? heapMembers(turns)
        guilds.set(guild, members)
        return members
      })
  }
})
