/**
 * Who looks at which member lists, through which channel.
 *
 * @since 0.1.0
 */
import type { ChannelId, SessionId, UserId } from "../Ids.ts"
import type { Listing, Watched } from "./Listing.ts"

/** At so many lists a session looks at a time; who looks at one more leaves the first. Clients show one. */
const MOST = 16

/**
 * A session looks at each list once, whichever channels have it: what it is told says of which list it is, not of which
 * channel.
 *
 * @since 0.1.0
 * @category models
 */
export class Looks {
  /** Of each session, the channels from the one that it came to first on. */
  private readonly bySession = new Map<SessionId, Map<ChannelId, Watched>>()

  has(session: SessionId): boolean {
    return this.bySession.has(session)
  }

  /** The channels through which a session looks at lists. */
  channelsOf(session: SessionId): ReadonlyArray<ChannelId> {
    return Array.from(this.bySession.get(session)?.keys() ?? [])
  }

  /** What a session sees of a list, through whichever channel. */
  of(session: SessionId, listing: Listing): Watched | undefined {
    const own = Array.from(this.bySession.get(session)?.values() ?? [])
    return own.find((watched) => watched.listing === listing)
  }

  /** All that is looked at. */
  watched(): ReadonlySet<Watched> {
    return new Set(Array.from(this.bySession.values()).flatMap((own) => Array.from(own.values())))
  }

  /** A session looks here from now on. Answers with the channel through which it looked at the list before, if another. */
  set(session: SessionId, user: UserId, channel: ChannelId, watched: Watched): ReadonlyArray<ChannelId> {
    this.leave(session, channel)
    return this.put(session, user, channel, watched)
  }

  /**
   * A session looks there still, but that is another list now. Answers with the channels that it left: of those that have
   * come to have the same list, all but the one that it came to last.
   */
  move(session: SessionId, user: UserId, channel: ChannelId, watched: Watched): ReadonlyArray<ChannelId> {
    this.forget(session, channel)
    return this.put(session, user, channel, watched)
  }

  /** Answers with the channel, as one that the session left. */
  leave(session: SessionId, channel: ChannelId): ReadonlyArray<ChannelId> {
    this.forget(session, channel)
    const own = this.bySession.get(session)
    own?.delete(channel)
    if (own?.size === 0) this.bySession.delete(session)
    return [channel]
  }

  leaveAll(session: SessionId): void {
    for (const channel of this.channelsOf(session)) this.leave(session, channel)
  }

  private put(session: SessionId, user: UserId, channel: ChannelId, watched: Watched): ReadonlyArray<ChannelId> {
    const { listing, sessions, watch } = watched
    const own = this.bySession.get(session) ?? new Map<ChannelId, Watched>()
    this.bySession.set(session, own.set(channel, watched))
    sessions.set(channel, (sessions.get(channel) ?? new Map()).set(session, user))
    listing.watched.set(watch.ranges.key, watched)
    const same = Array.from(own).flatMap(([other, seen]) => (seen.listing === listing ? other : []))
    const left = same.slice(0, -1).flatMap((other) => this.leave(session, other))
    const others = Array.from(own.keys()).slice(0, Math.max(0, own.size - MOST))
    return [...left, ...others.flatMap((other) => this.leave(session, other))]
  }

  /** Where nobody looks any more, nothing is watched. */
  private forget(session: SessionId, channel: ChannelId): void {
    const watched = this.bySession.get(session)?.get(channel)
    if (watched === undefined) return
    const { listing, sessions, watch } = watched
    const others = sessions.get(channel)
    others?.delete(session)
    if (others?.size === 0) sessions.delete(channel)
    if (sessions.size === 0) listing.watched.delete(watch.ranges.key)
  }
}
