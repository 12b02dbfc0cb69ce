/**
 * A session as its relay knows it, and which of them an event is for.
 *
 * @since 0.1.0
 */
import * as Access from "../Access.ts"
import type { Community } from "../Community.ts"
import * as Intents from "../gateway/Intents.ts"
import type { ChannelId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import * as Permissions from "../Permissions.ts"
import type { SessionHandle } from "../session/Session.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Subscriber {
  readonly session: SessionHandle
  readonly member: Member
  readonly intents: number
}

/**
 * The sessions of those who want to hear of this kind of event and may see the channel where it happened.
 *
 * @since 0.1.0
 * @category planning
 */
export const recipients = (
  subscribers: Iterable<Subscriber>,
  community: Community,
  event: { readonly channel: ChannelId; readonly intent: number }
): ReadonlyArray<SessionHandle> => {
  const channel = community.channels.get(event.channel)
  const found: Array<SessionHandle> = []
  if (channel === undefined) return found
  for (const { intents, member, session } of subscribers) {
    if (
      Intents.wants(intents, event.intent) &&
      Permissions.has(Access.inChannel(community, channel, member), Permissions.VIEW_CHANNEL)
    ) {
      found.push(session)
    }
  }
  return found
}
