/**
 * The guilds that a user is in.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { ActorError } from "../../domain/Actor.ts"
import type { UserId } from "../../domain/Ids.ts"
import * as RunQueue from "../../domain/mailbox/RunQueue.ts"
import type { Member } from "../../domain/Member.ts"
import type { StoreUnavailable } from "../../domain/MemberStore.ts"
import type { Guild } from "../Guild.ts"

/** So many guilds are asked for a member in one piece: a millisecond, where members are on the heap. */
const PIECE = 256

/**
 * @since 0.1.0
 * @category models
 */
export interface Membership {
  readonly guild: Guild
  readonly member: Member
}

/**
 * Those of some guilds that the user is a member of, in the order of the guilds.
 *
 * @since 0.1.0
 * @category getters
 */
export const memberships = Effect.fnUntraced(function* (
  user: UserId,
  guilds: ReadonlyArray<Guild>
): Effect.fn.Return<ReadonlyArray<Membership>, StoreUnavailable | ActorError> {
  const own: Array<Membership> = []
  for (let at = 0; at < guilds.length; at += PIECE) {
    if (at > 0) yield* RunQueue.turn
    const found = yield* Effect.forEach(
      guilds.slice(at, at + PIECE),
      (guild) => Effect.map(guild.members.get([user], user), ([seen]) => ({ guild, member: seen?.member })),
      { concurrency: 16 }
    )
    for (const { guild, member } of found) if (member !== undefined) own.push({ guild, member })
  }
  return own
})
