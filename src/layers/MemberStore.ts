/**
 * Member stores: where a guild's members live.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Option, Stream } from "effect"
import type { GuildId, UserId } from "../domain/Ids.ts"
import type { Member } from "../domain/Member.ts"
import { type Members, MemberStore } from "../domain/MemberStore.ts"

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
  type Members
} from "../domain/MemberStore.ts"

const heapMembers = (): Members => {
  const members = new Map<UserId, Member>()
  return {
    get: (user) => Effect.sync(() => Option.fromUndefinedOr(members.get(user))),
    put: (member) => Effect.sync(() => void members.set(member.user.id, member)),
    remove: (user) => Effect.sync(() => members.delete(user)),
    size: Effect.sync(() => members.size),
    all: Stream.suspend(() => Stream.fromIterable(Array.from(members.values())))
  }
}

/**
 * A map on the heap of this process, gone with it.
 *
 * @since 0.1.0
 * @category layers
 */
export const heap: Layer.Layer<MemberStore> = Layer.sync(MemberStore, () => {
  const guilds = new Map<GuildId, Members>()
  return {
    open: (guild) =>
      Effect.sync(() => {
        const members = guilds.get(guild) ?? heapMembers()
        guilds.set(guild, members)
        return members
      })
  }
})
