/**
 * Very many users, by their ids alone: eight bytes for each.
 *
 * @since 0.1.0
 */
import { UserId } from "./Ids.ts"

/**
 * Iterating gives each id once, ascending.
 *
 * @since 0.1.0
 * @category models
 */
export class UserIds implements Iterable<UserId> {
  private readonly sorted: BigUint64Array

  /** Takes the array over, and sorts it unless it is. It must hold no id twice. */
  constructor(ids: BigUint64Array) {
    this.sorted = ids
    for (let index = 1; index < ids.length; index++) {
      const before = ids[index - 1]
      const at = ids[index]
      if (before !== undefined && at !== undefined && before > at) {
        ids.sort()
        return
      }
    }
  }

  static from(users: Iterable<UserId>): UserIds {
    return new UserIds(BigUint64Array.from(Array.from(users, (user) => BigInt(user))))
  }

  get size(): number {
    return this.sorted.length
  }

  has(user: UserId): boolean {
    const wanted = BigInt(user)
    let low = 0
    let high = this.sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = this.sorted[middle]
      if (found !== undefined && found < wanted) low = middle + 1
      else high = middle
    }
    return this.sorted[low] === wanted
  }

  *[Symbol.iterator](): Iterator<UserId> {
    for (const id of this.sorted) yield UserId.make(String(id))
  }
}
