/**
 * Which sessions of a relay look at which rows of member lists.
 *
 * @since 0.1.0
 */
import type { ChannelId, SessionId } from "../Ids.ts"

const NOBODY: ReadonlySet<SessionId> = new Set()

/**
 * @since 0.1.0
 * @category models
 */
export class Watchers {
  private readonly byKey = new Map<string, Set<SessionId>>()
  private readonly keys = new Map<SessionId, Map<ChannelId, string>>()

  of(key: string): ReadonlySet<SessionId> {
    return this.byKey.get(key) ?? NOBODY
  }

  /** A session looks at a channel's list under this key, and no other; without one, not at all. */
  set(session: SessionId, channel: ChannelId, key: string | undefined): void {
    const own = this.keys.get(session) ?? new Map<ChannelId, string>()
    const before = own.get(channel)
    if (before !== undefined) this.leave(session, before)
    if (key === undefined) own.delete(channel)
    else own.set(channel, key)
    if (own.size === 0) this.keys.delete(session)
    else this.keys.set(session, own)
    if (key !== undefined) this.byKey.set(key, (this.byKey.get(key) ?? new Set()).add(session))
  }

  /** A session looks at nothing any more. */
  forget(session: SessionId): void {
    for (const key of this.keys.get(session)?.values() ?? []) this.leave(session, key)
    this.keys.delete(session)
  }

  private leave(session: SessionId, key: string): void {
    const others = this.byKey.get(key)
    others?.delete(session)
    if (others?.size === 0) this.byKey.delete(key)
  }
}
