/**
 * Sessions that have left a relay which may still have something for them.
 *
 * A relay works off its mailbox and its sender at its own pace. So a session that leaves one relay and comes back to another
 * could get the new snapshot first, and what is left of its old time after that. Whoever shares sessions out among relays
 * keeps one of these: the relay that a session left says when it is done with it, and the next relay waits for that.
 *
 * @since 0.1.0
 */
import { Deferred, Effect } from "effect"
import type { SessionId } from "../Ids.ts"

interface Departure<out Relay> {
  readonly relay: Relay
  readonly done: Deferred.Deferred<void>
}

/**
 * Holds a session only from the moment when its relay is told to let it go until the relay is done with it. Relays are told
 * apart by identity.
 *
 * @since 0.1.0
 * @category models
 */
export class Departures<Relay> {
  private readonly leaving = new Map<SessionId, Departure<Relay>>()

  /** How many sessions relays are not done with. */
  get size(): number {
    return this.leaving.size
  }

  /** A relay is told to let a session go. The relay runs the effect once it has delivered all that it had for the session. */
  leave(session: SessionId, relay: Relay): Effect.Effect<void> {
    const departure: Departure<Relay> = { relay, done: Deferred.makeUnsafe() }
    // If an older one is still pending, this one is done later: the same relay, or one that waits for it, gets to it first.
    this.leaving.set(session, departure)
    return Effect.sync(() => {
      if (this.leaving.get(session) === departure) this.leaving.delete(session)
      Deferred.doneUnsafe(departure.done, Effect.void)
    })
  }

  /** What a relay waits for before it has anything for a session that comes to it. Its own order needs no waiting. */
  before(session: SessionId, relay: Relay): Effect.Effect<void> | undefined {
    const departure = this.leaving.get(session)
    return departure === undefined || departure.relay === relay ? undefined : Deferred.await(departure.done)
  }
}
