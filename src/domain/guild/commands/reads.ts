/**
 * What is asked of a guild's members and does not take the guild: whoever asks reads them while it works.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { ChannelId, SessionId, UserId } from "../../Ids.ts"
import { Member } from "../../Member.ts"
import { ScanDied, ScanTimedOut, StoreUnavailable } from "../../MemberStore.ts"
import { Showing } from "../../Presence.ts"
import { schema } from "../../UserIds.ts"

/**
 * A member, and what others see of them.
 *
 * @since 0.1.0
 * @category replies
 */
export const Seen = Schema.Struct({ member: Member, ...Showing.fields })
/**
 * @since 0.1.0
 * @category replies
 */
export type Seen = typeof Seen.Type

/**
 * How many members there are, and how many of them are connected.
 *
 * @since 0.1.0
 * @category replies
 */
export const Counts = Schema.Struct({ members: Schema.Int, online: Schema.Int })
/**
 * @since 0.1.0
 * @category replies
 */
export type Counts = typeof Counts.Type

/**
 * - `FindMembers`: those whose name begins so, at most so many; everybody's name begins with nothing. `by` is who asks
 * - `PageMembers`: the first `limit` members whose ids come after this one, ascending
 * - `GetMembers`: those of these users who are members
 * - `CountMembers`: how many there are
 * - `WatchMembers`: a session looks at these rows of a channel's member list, first and last, and wants to hear of changes;
 *   of at most three ranges of a hundred rows. Without any, it looks at none any more
 *
 * @since 0.1.0
 * @category commands
 */
export const reads = {
  FindMembers: {
    payload: Schema.Struct({
      prefix: Schema.String,
      limit: Schema.optionalKey(Schema.Int),
      by: Schema.optionalKey(UserId)
    }),
    success: schema,
    error: Schema.Union([ScanDied, ScanTimedOut])
  },
  PageMembers: {
    payload: Schema.Struct({ after: UserId, limit: Schema.Int }),
    success: Schema.Array(Seen),
    error: StoreUnavailable
  },
  GetMembers: {
    payload: Schema.Struct({ users: Schema.Array(UserId) }),
    success: Schema.Array(Seen),
    error: StoreUnavailable
  },
  CountMembers: { payload: Schema.Void, success: Counts, error: StoreUnavailable },
  WatchMembers: {
    payload: Schema.Struct({
      session: SessionId,
      user: UserId,
      channel: ChannelId,
      ranges: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int]))
    }),
    success: Schema.Void,
    error: Schema.Never
  }
}
