/**
 * The sessions that a relay serves, and which of them an event is for.
 *
 * Those whom no event tells apart are kept together: they want to hear of the same, have the same roles, and are named by
 * no channel. Whether they may see a channel is asked once for all of them, and when an event is for one such group, as
 * most are, its list of sessions is the fan-out's list of recipients.
 *
 * @since 0.1.0
 */
import * as Access from "../Access.ts"
import type { Channel, Community } from "../Community.ts"
import * as Intents from "../gateway/Intents.ts"
import type { ChannelId, SessionId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import * as Permissions from "../Permissions.ts"
import type { SessionHandle } from "../session/Session.ts"

/**
 * A session as its relay knows it: by its handle, or by what another thread knows it by.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subscriber<out S = SessionHandle> {
  readonly session: S
  readonly member: Member
  readonly intents: number
}

/** `member` is one of them, for all. A list that is lent is not changed any more. */
interface Group {
  readonly member: Member
  readonly intents: number
  sessions: Array<SessionHandle>
  isLent: boolean
}

interface Listed {
  readonly channel: ChannelId
  readonly intent: number
  readonly found: ReadonlyArray<SessionHandle>
}

interface Place {
  readonly group: Group
  index: number
}

const mayBeChanged = (group: Group): Array<SessionHandle> => {
  if (group.isLent) {
    group.sessions = group.sessions.slice()
    group.isLent = false
  }
  return group.sessions
}

/**
 * Who is on their own: the owner, and whom a channel names.
 */
const namedIn = ({ channels, ownerId }: Community): ReadonlySet<UserId> => {
  const named = new Set<UserId>([ownerId])
  for (const { overwrites } of channels.values()) {
    for (const overwrite of overwrites) if (overwrite.kind === "member") named.add(overwrite.id)
  }
  return named
}

/**
 * @since 0.1.0
 * @category models
 */
export class Subscribers {
  private readonly community: Community
  private readonly named: ReadonlySet<UserId>
  private readonly groups = new Map<string, Group>()
  private readonly places = new Map<SessionId, Place>()
  /** The last list, until somebody comes or goes: most events come where the last one did. */
  private last: Listed | undefined

  constructor(community: Community) {
    this.community = community
    this.named = namedIn(community)
  }

  get size(): number {
    return this.places.size
  }

  /** A session that is there already is replaced. */
  add({ intents, member, session }: Subscriber): void {
    this.remove(session.id)
    this.last = undefined
    const own = this.named.has(member.user.id) ? member.user.id : ""
    const key = [intents, own, ...member.roles.toSorted()].join()
    let group = this.groups.get(key)
    if (group === undefined) {
      group = { member, intents, sessions: [], isLent: false }
      this.groups.set(key, group)
    }
    this.places.set(session.id, { group, index: mayBeChanged(group).push(session) - 1 })
  }

  remove(id: SessionId): void {
    const place = this.places.get(id)
    if (place === undefined) return
    this.places.delete(id)
    this.last = undefined
    // The last one takes its place.
    const sessions = mayBeChanged(place.group)
    const last = sessions.pop()
    if (last === undefined || last.id === id) return
    sessions[place.index] = last
    const moved = this.places.get(last.id)
    if (moved !== undefined) moved.index = place.index
  }

  /**
   * The sessions of those who want to hear of this kind of event and may see the channel where it happened. The list is
   * the caller's to keep: it does not change.
   */
  recipients(event: { readonly channel: ChannelId; readonly intent: number }): ReadonlyArray<SessionHandle> {
    const { last } = this
    if (last?.channel === event.channel && last.intent === event.intent) return last.found
    const found = this.found(event)
    this.last = { channel: event.channel, intent: event.intent, found }
    return found
  }

  private found(event: { readonly channel: ChannelId; readonly intent: number }): ReadonlyArray<SessionHandle> {
    const channel = this.community.channels.get(event.channel)
    if (channel === undefined) return []
    const found = Array.from(this.groups.values()).filter(
      (group) =>
        group.sessions.length > 0 && Intents.wants(group.intents, event.intent) && this.sees(group.member, channel)
    )
    const [only, ...others] = found
    if (only === undefined) return []
    if (others.length > 0) return found.flatMap(({ sessions }) => sessions)
    only.isLent = true
    return only.sessions
  }

  private sees(member: Member, channel: Channel): boolean {
    return Permissions.has(Access.inChannel(this.community, channel, member), Permissions.VIEW_CHANNEL)
  }
}
