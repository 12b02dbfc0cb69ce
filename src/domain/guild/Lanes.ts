/**
 * Order among those who wait: each wants its turn for some users, and has it when nobody who came before wants it for one
 * of them. Those who want it for other users do not wait for each other.
 *
 * @since 0.1.0
 */
import type { UserId } from "../Ids.ts"

/**
 * A place in the lanes of some users. `ahead` counts the lanes in which others stand before it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly users: ReadonlySet<UserId>
  readonly go: () => void
  ahead: number
}

/**
 * A lane for each user for whom somebody waits or has the turn. Whoever has it stands first in all of its lanes. Places are
 * taken in all lanes at once, so nobody waits for one that waits for them.
 *
 * @since 0.1.0
 * @category models
 */
export class Lanes {
  private readonly lanes = new Map<UserId, Set<Place>>()
  private readonly places = new Set<Place>()

  /** How many have a place. */
  get size(): number {
    return this.places.size
  }

  /** The users whose lanes are not free. */
  get users(): ReadonlyArray<UserId> {
    return Array.from(this.lanes.keys())
  }

  /** Whether somebody who wants it for these users would have the turn at once. */
  isFree(users: Iterable<UserId>): boolean {
    for (const user of users) if (this.lanes.has(user)) return false
    return true
  }

  /** Calls `go` when it is its turn: at once, where nobody is ahead. */
  enter(users: Iterable<UserId>, go: () => void): Place {
    const place: Place = { users: new Set(users), go, ahead: 0 }
    for (const user of place.users) {
      const lane = this.lanes.get(user)
      if (lane === undefined) this.lanes.set(user, new Set([place]))
      else {
        lane.add(place)
        place.ahead++
      }
    }
    this.places.add(place)
    if (place.ahead === 0) go()
    return place
  }

  /** Gives the place up, whether or not it has had its turn. Leaving twice is leaving once. */
  leave(place: Place): void {
    if (!this.places.delete(place)) return
    const next: Array<Place> = []
    for (const user of place.users) {
      const lane = this.lanes.get(user)
      if (lane === undefined) continue
      const [first] = lane
      lane.delete(place)
      if (lane.size === 0) this.lanes.delete(user)
      if (first !== place) continue
      const [second] = lane
      if (second !== undefined && --second.ahead === 0) next.push(second)
    }
    for (const { go } of next) go()
  }
}
