/**
 * Very many users, by their ids alone: eight bytes for each.
 *
 * @since 0.1.0
 */
import { Schema, SchemaTransformation } from "effect"
import { countBelow } from "./countBelow.ts"
import { UserId } from "./Ids.ts"

const isSorted = (ids: BigUint64Array): boolean => {
  for (let index = 1; index < ids.length; index++) {
    if ((ids[index - 1] ?? 0n) > (ids[index] ?? 0n)) return false
  }
  return true
}

/** Any 64 bits, in decimal, are an id: that is a third of what a check of it costs. */
const idOf = (id: bigint): UserId => UserId.make(String(id), { disableChecks: true })

/**
 * Iterating gives each id once, ascending.
 *
 * @since 0.1.0
 * @category models
 */
export class UserIds implements Iterable<UserId> {
  readonly size: number
  private readonly parts: ReadonlyArray<BigUint64Array>

  /**
   * Takes the ids over, none of them twice: an array, which is sorted unless it is; or several, each sorted and of ids
   * above those of the one before. Millions of ids are then put together without being touched.
   */
  constructor(ids: BigUint64Array | ReadonlyArray<BigUint64Array>) {
    const parts = ids instanceof BigUint64Array ? [isSorted(ids) ? ids : ids.sort()] : ids
    this.parts = parts.filter(({ length }) => length > 0)
    this.size = this.parts.reduce((size, { length }) => size + length, 0)
  }

  static from(users: Iterable<UserId>): UserIds {
    return new UserIds(BigUint64Array.from(Array.from(users, (user) => BigInt(user))))
  }

  /** Those of each in turn, none of them in two of these, and each above those before it. */
  static joined(all: ReadonlyArray<UserIds>): UserIds {
    return new UserIds(all.flatMap(({ parts }) => parts))
  }

  /** The same ids, in pieces of so many at most. */
  *pieces(size: number): Generator<UserIds> {
    for (const part of this.parts) {
      for (let start = 0; start < part.length; start += size) yield new UserIds([part.subarray(start, start + size)])
    }
  }

  /** The ids in this machine's byte order. */
  get bytes(): Uint8Array {
    const all = new BigUint64Array(this.size)
    let at = 0
    for (const part of this.parts) {
      all.set(part, at)
      at += part.length
    }
    return new Uint8Array(all.buffer)
  }

  has(user: UserId): boolean {
    const wanted = BigInt(user)
    const { parts } = this
    const part = parts[countBelow(parts.length, (index) => (parts[index]?.at(-1) ?? 0n) < wanted)]
    return part !== undefined && part[countBelow(part.length, (index) => (part[index] ?? 0n) < wanted)] === wanted
  }

  /** So many at a time, ascending: to write out a million ids in one go would hold the thread for a third of a second. */
  *chunks(size: number): Generator<ReadonlyArray<UserId>> {
    let chunk: Array<UserId> = []
    for (const user of this) {
      chunk.push(user)
      if (chunk.length < size) continue
      yield chunk
      chunk = []
    }
    if (chunk.length > 0) yield chunk
  }

  *[Symbol.iterator](): Iterator<UserId> {
    for (const part of this.parts) {
      for (const id of part) yield idOf(id)
    }
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
