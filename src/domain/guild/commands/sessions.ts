/**
 * What a guild is asked by and about sessions.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as Community from "../../Community.ts"
import { ChannelId, MessageId, SessionId, UserId } from "../../Ids.ts"
import { Member } from "../../Member.ts"
import { Activity, Status as Presence } from "../../Presence.ts"
import { StoreUnavailable } from "../../MemberStore.ts"
import { UnknownMember, UnknownSession } from "../Refusal.ts"

/**
 * The guild as one member may see it: without the channels that are hidden from them. `members` are all members of a
 * small guild, of a large one only the member who asks. `lastMessages` are the latest of the channels where there is one.
 *
 * @since 0.1.0
 * @category replies
 */
export const View = Schema.Struct({
  community: Community.schema,
  member: Member,
  members: Schema.Array(Member),
  memberCount: Schema.Int,
  lastMessages: Schema.HashMap(ChannelId, MessageId)
})
/**
 * @since 0.1.0
 * @category replies
 */
export type View = typeof View.Type

/**
 * How many sessions a guild has, how many of them look at it, and how many relays serve them.
 *
 * @since 0.1.0
 * @category replies
 */
export const Status = Schema.Struct({ sessions: Schema.Int, active: Schema.Int, relays: Schema.Int })
/**
 * @since 0.1.0
 * @category replies
 */
export type Status = typeof Status.Type

/**
 * A session wants this guild's events: `intents` are the gateway's bits of what it wants to hear about. It looks at the
 * guild, unless it begins as passive; `status` is what others see of its user, `online` unless it says otherwise.
 *
 * @since 0.1.0
 * @category commands
 */
export const Connect = Schema.Struct({
  session: SessionId,
  user: UserId,
  intents: Schema.Int,
  isPassive: Schema.optionalKey(Schema.Boolean),
  status: Schema.optionalKey(Presence),
  activities: Schema.optionalKey(Schema.Array(Activity))
})

/**
 * As it comes to the guild. `handle` is how relays reach the session: the guild only passes it on. `worker` names where the
 * session lives, if that is not beside the guild: all who live at one are served by one relay there.
 *
 * @since 0.1.0
 * @category commands
 */
export type Connect<H> = typeof Connect.Type & { readonly handle: H; readonly worker?: string }

/**
 * - `Disconnect`: a session wants no more of it, as far as it lives at this `worker`: one that has connected from elsewhere
 *   meanwhile stays
 * - `SetActive`: a session looks at the guild from now on, and gets all that happens there, after a snapshot of how it
 *   stands; or it looks elsewhere, and gets a summary now and then
 * - `SetStatus`: what a session says of its user; what they do is as before, unless it says that too
 * - `Describe`: what does the guild look like to this user?
 *
 * @since 0.1.0
 * @category commands
 */
export const sessions = {
  Connect: { payload: Connect, success: Schema.Void, error: Schema.Union([UnknownMember, StoreUnavailable]) },
  Disconnect: {
    payload: Schema.Struct({ session: SessionId, user: UserId, worker: Schema.optionalKey(Schema.String) }),
    success: Schema.Void,
    error: Schema.Never
  },
  SetActive: {
    payload: Schema.Struct({ session: SessionId, user: UserId, isActive: Schema.Boolean }),
    success: Schema.Void,
    error: Schema.Union([UnknownMember, UnknownSession, StoreUnavailable])
  },
  SetStatus: {
    payload: Schema.Struct({
      session: SessionId,
      user: UserId,
      status: Presence,
      activities: Schema.optionalKey(Schema.Array(Activity))
    }),
    success: Schema.Void,
    error: Schema.Never
  },
  Describe: {
    payload: Schema.Struct({ user: UserId }),
    success: View,
    error: Schema.Union([UnknownMember, StoreUnavailable])
  },
  Status: { payload: Schema.Void, success: Status, error: Schema.Never }
}
