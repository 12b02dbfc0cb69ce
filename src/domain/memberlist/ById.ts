/**
 * Very many entries by their users' ids.
 *
 * A `Map` that has no room left is written anew all at once: at half a million entries that takes 33 ms, in which the
 * thread does nothing else. Of many small ones each does so by itself.
 *
 * @since 0.1.0
 */
import type { UserId } from "../Ids.ts"

/** Of a million, each has 4,000. A prime: what ids have in common is mostly a power of two. */
const PARTS = 251

/** How many of the last digits say in which part an id is. */
const DIGITS = 4

const partOf = (user: UserId): number => {
  let number = 0
  for (let index = Math.max(0, user.length - DIGITS); index < user.length; index++) {
    number = number * 10 + user.charCodeAt(index)
  }
  return number % PARTS
}

/**
 * As a `Map` has them, but in no particular order.
 *
 * @since 0.1.0
 * @category models
 */
export class ById<A> {
  private readonly parts: Array<Map<UserId, A> | undefined> = []

  get(user: UserId): A | undefined {
    return this.parts[partOf(user)]?.get(user)
  }

  set(user: UserId, value: A): void {
    const part = partOf(user)
    const known = this.parts[part]
    if (known === undefined) this.parts[part] = new Map([[user, value]])
    else known.set(user, value)
  }

  delete(user: UserId): void {
    this.parts[partOf(user)]?.delete(user)
  }

  clear(): void {
    this.parts.length = 0
  }
}
