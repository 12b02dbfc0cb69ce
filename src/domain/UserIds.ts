/**
 * Very many users, by their ids alone: eight bytes for each.
 *
 * @since 0.1.0
 */
import { Schema, SchemaTransformation } from "effect"
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

  /** The ids in this machine's byte order. */
  get bytes(): Uint8Array {
    const { buffer, byteLength, byteOffset } = this.sorted
    return new Uint8Array(buffer, byteOffset, byteLength)
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

/**
 * As they cross to another thread of this machine.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Uint8ArrayFromBase64.pipe(
  Schema.decodeTo(
    Schema.instanceOf(UserIds),
    SchemaTransformation.transform({
      decode: (bytes) => new UserIds(new BigUint64Array(bytes.slice().buffer)),
      encode: ({ bytes }: UserIds) => bytes
    })
  )
)
