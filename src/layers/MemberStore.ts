/**
 * Member stores: where a guild's members live. The one for large guilds needs threads, and is to be had by itself: see
 * `MemberStore/hybrid.ts`.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Option, Stream } from "effect"
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

const heapMembers = (): Members => {
  const members = new Map<UserId, Member>()
  const scan = (query: MemberQuery) =>
    Stream.fromIterable(Array.from(members.values())).pipe(Stream.filter((member) => matches(query, member)))
  const ids = function* (query: MemberQuery) {
    for (const member of members.values()) if (matches(query, member)) yield member.user.id
  }
  const put = (member: Member) => Effect.sync(() => void members.set(member.user.id, member))
  return {
    get: (user) => Effect.sync(() => Option.fromUndefinedOr(members.get(user))),
    put,
    putAll: (all) => Effect.forEach(all, put, { discard: true }),
    remove: (user) => Effect.sync(() => members.delete(user)),
    size: Effect.sync(() => members.size),
    // A list of them all is a snapshot; whom it is asked of, it is only as they are wanted.
    scan: (query) => Stream.suspend(() => scan(query)),
    ids: (query) => Effect.sync(() => UserIds.from(ids(query)))
  }
}

/**
 * A map on the heap of this process, gone with it; a guild's members stay for as long as the Layer lives, whether or not
 * somebody has it open. Right for guilds of up to some ten thousand members: a scan keeps its caller's thread busy until it
 * is done, or nobody wants more of it, and so no deadline matters.
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
