/**
 * The member lists that somebody looks at: made when they are needed, and kept as the guild is.
 *
 * @since 0.1.0
 */
import { Effect, HashMap, Option, Stream } from "effect"
import type { Audience } from "../../domain/Audience.ts"
import * as EventJson from "../../domain/gateway/EventJson.ts"
import * as Payload from "../../domain/gateway/Payload.ts"
import { presenceOf } from "../../domain/guild/seats.ts"
import type { State } from "../../domain/guild/State.ts"
import type { UserId } from "../../domain/Ids.ts"
import type { Member } from "../../domain/Member.ts"
import type { GroupId } from "../../domain/memberlist/Entry.ts"
import { Listing } from "../../domain/memberlist/Listing.ts"
import { keyOf, type Shown } from "../../domain/memberlist/lists.ts"
import type { Op } from "../../domain/memberlist/Op.ts"
import * as MemberQuery from "../../domain/MemberQuery.ts"
import type { Members } from "../../domain/MemberStore.ts"

/** Guilds with more members than that do not show who is not there. */
const OFFLINE_LIMIT = 1000

/**
 * How many members are looked up before others have a turn.
 *
 * @since 0.1.0
 * @category constants
 */
export const SLICE = 64

/**
 * What the store of members cannot answer dies, and leaves everything as it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listings {
  readonly isEmpty: () => boolean
  readonly all: () => ReadonlyArray<Listing>
  readonly memberOf: (user: UserId) => Effect.Effect<Member | undefined>
  /** The list of the channels with this audience, in a community with these groups. */
  readonly find: (audience: Audience, groups: ReadonlyArray<GroupId>) => Effect.Effect<Listing>
  /** Takes a user over into all lists as they are now. */
  readonly put: (user: UserId, member: Member | undefined) => void
  /** Forgets those at which nobody looks. */
  readonly sweep: () => void
  /**
   * What is to be said of a list. It counts the members who may see the channel; where those are not shown who are not there,
   * the members of the guild, as Discord does: how many of them may see the channel, nobody has asked.
   */
  readonly payload: (listing: Listing, ops: ReadonlyArray<Op<Shown>>) => Effect.Effect<Payload.Payload>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (members: Members, state: () => State): Listings => {
  const byKey = new Map<string, Listing>()
  const size = Effect.orDie(members.size)
  const memberOf = (user: UserId) => Effect.map(Effect.orDie(members.get(user)), Option.getOrUndefined)
  const put = (listing: Listing, user: UserId, member: Member | undefined) =>
    listing.put(user, member, presenceOf(state(), user))

  /** In slices: what changes meanwhile has been touched, and is looked at afterwards. */
  const fill = Effect.fnUntraced(function* (listing: Listing) {
    if (listing.hasOffline) {
      const all = Stream.orDie(members.scan(MemberQuery.everybody))
      return yield* Stream.runForEach(all, (member) => Effect.sync(() => put(listing, member.user.id, member)))
    }
    let count = 0
    for (const user of HashMap.keys(state().online)) {
      put(listing, user, yield* memberOf(user))
      if (++count % SLICE === 0) yield* Effect.yieldNow
    }
  })

  return {
    isEmpty: () => byKey.size === 0,
    all: () => Array.from(byKey.values()),
    memberOf,
    find: Effect.fnUntraced(function* (audience, groups) {
      const known = byKey.get(keyOf(audience))
      if (known?.isOf(audience, groups) === true) return known
      const made = new Listing(audience, groups, (yield* size) <= OFFLINE_LIMIT)
      // Before it is filled, so that who changes meanwhile is touched; one that could not be filled is none.
      byKey.set(made.key, made)
      yield* Effect.onError(fill(made), () => Effect.sync(() => byKey.delete(made.key)))
      return made
    }),
    put: (user, member) => {
      for (const listing of byKey.values()) put(listing, user, member)
    },
    sweep: () => {
      for (const { key, watched } of Array.from(byKey.values())) if (watched.size === 0) byKey.delete(key)
    },
    payload: Effect.fnUntraced(function* ({ hasOffline, id, list }, ops) {
      const shown = new Map<UserId, Member>()
      for (const op of ops) {
        const rows = op._tag === "Sync" ? op.rows : op._tag === "Insert" || op._tag === "Update" ? [op.row] : []
        for (const row of rows) {
          const member = row._tag === "Member" ? yield* memberOf(row.user) : undefined
          if (member !== undefined) shown.set(member.user.id, member)
        }
      }
      const count = hasOffline ? list.memberCount : yield* size
      const guild = state().community.id
      return Payload.make(
        "GUILD_MEMBER_LIST_UPDATE",
        EventJson.memberList({ guild, id, groups: list.groups(), count, ops, members: shown })
      )
    })
  }
}
