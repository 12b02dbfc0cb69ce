/**
 * A session as its relay knows it, and which of them an event is for.
 *
 * @since 0.1.0
 */
import * as Access from "../Access.ts"
import type { Channel, Community } from "../Community.ts"
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
 * Who may see a channel. Asked once for each set of roles: all who have the same roles see the same, but for the owner
 * and those whom the channel names.
 */
const sees = (community: Community, channel: Channel): ((member: Member) => boolean) => {
  const named = new Set<string>([community.ownerId])
  for (const overwrite of channel.overwrites) if (overwrite.kind === "member") named.add(overwrite.id)
  const answers = new Map<string, boolean>()
  const ask = (member: Member) =>
    Permissions.has(Access.inChannel(community, channel, member), Permissions.VIEW_CHANNEL)
  return (member) => {
    if (named.has(member.user.id)) return ask(member)
    const roles = member.roles.join()
    const known = answers.get(roles)
    if (known !== undefined) return known
    const answer = ask(member)
    answers.set(roles, answer)
    return answer
  }
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
  const isSeenBy = sees(community, channel)
  for (const { intents, member, session } of subscribers) {
    if (Intents.wants(intents, event.intent) && isSeenBy(member)) found.push(session)
  }
  return found
}
