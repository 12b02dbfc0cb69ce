/**
 * Who is to leave a relay, as its guild knows sooner than the relay does, which works off what lies before that.
 *
 * Whoever comes back meanwhile gets a seat at another relay, and starts there from a snapshot: what the first has for them yet
 * is older, and would overtake it. A guild and each of its relays beside it share one of these.
 *
 * @since 0.1.0
 */
import type { SessionId } from "../Ids.ts"
import type { SessionHandle } from "../session/Session.ts"

/**
 * @since 0.1.0
 * @category models
 */
export class Departures {
  private readonly leaving = new Set<SessionId>()
  private readonly elsewhere = new Set<SessionHandle>()

  /** The relay is told to let a session go. */
  leave(session: SessionId): void {
    this.leaving.add(session)
  }

  /** Another relay serves the session from now on. One that has only its id in common gets what it is owed. */
  served(session: SessionHandle): void {
    if (this.leaving.has(session.id)) this.elsewhere.add(session)
  }

  /** The relay has let it go. */
  left(session: SessionId): void {
    this.leaving.delete(session)
    for (const handle of this.elsewhere) if (handle.id === session) this.elsewhere.delete(handle)
  }

  /** Those of these whom the relay still has something to tell. */
  present(sessions: ReadonlyArray<SessionHandle>): ReadonlyArray<SessionHandle> {
    return this.elsewhere.size === 0 ? sessions : sessions.filter((session) => !this.elsewhere.has(session))
  }
}
