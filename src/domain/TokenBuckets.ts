/**
 * How often something may be done: a token bucket for each of those who do it.
 *
 * Effect's `RateLimiter` goes by the wall clock, so whoever has used up their tokens gets none for an hour after that was set
 * back by one; and its store in memory keeps every key that it ever heard of, which are addresses of strangers here.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Recent } from "./Recent.ts"

/**
 * So many `tokens`, which all come back within so many milliseconds, one after the other.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Rate = Schema.Struct({
  tokens: Schema.Int.check(Schema.isGreaterThan(0)),
  millis: Schema.Finite.check(Schema.isGreaterThan(0))
})
/**
 * @since 0.1.0
 * @category models
 */
export type Rate = typeof Rate.Type

/**
 * How a bucket stands. All times are milliseconds from now: `resetAfter` until all tokens are back, `retryAfter` until there
 * is one, which is 0 if there is one left.
 *
 * @since 0.1.0
 * @category models
 */
export interface Level {
  readonly remaining: number
  readonly resetAfter: number
  readonly retryAfter: number
}

/**
 * A token was taken, or there was none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Taken extends Level {
  readonly isTaken: boolean
}

/** Buckets that are remembered, twice: some 100 bytes each. Beyond that, who was there longest begins with a full one. */
const MOST_KEYS = 50_000

/** Of a token: what is lost when times are added up. */
const ROUNDING = 1e-6

/**
 * `now` is monotonic, in milliseconds.
 *
 * @example
 * ```ts
 * import { TokenBuckets } from "fanfare/domain/TokenBuckets"
 *
 * const buckets = new TokenBuckets<string>({ tokens: 2, millis: 1_000 })
 * buckets.take("ada", 0)
 * buckets.take("ada", 0)
 * buckets.take("ada", 0).isTaken // false: there is one again in 500 ms
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class TokenBuckets<Key> {
  readonly rate: Rate
  /** When each bucket is full again. One that is not noted is full. */
  private readonly fullAt: Recent<Key, number>
  private turnedAt = Number.NEGATIVE_INFINITY

  constructor(rate: Rate, mostKeys = MOST_KEYS) {
    this.rate = rate
    this.fullAt = new Recent(mostKeys)
  }

  /** How many buckets are remembered. */
  get size(): number {
    return this.fullAt.size
  }

  /** Takes a token, if there is one. */
  take(key: Key, now: number): Taken {
    const { millis, tokens } = this.rate
    const before = this.missing(key, now)
    const after = before + millis / tokens
    if (after > millis + (ROUNDING * millis) / tokens) return { isTaken: false, ...this.level(before) }
    // Whatever was noted before the last turn but one is full again.
    if (now - this.turnedAt >= millis) {
      this.fullAt.turn()
      this.turnedAt = now
    }
    this.fullAt.set(key, now + after)
    return { isTaken: true, ...this.level(after) }
  }

  look(key: Key, now: number): Level {
    return this.level(this.missing(key, now))
  }

  /** In how many milliseconds a bucket is full. */
  private missing(key: Key, now: number): number {
    return Math.max(0, (this.fullAt.get(key) ?? now) - now)
  }

  private level(missing: number): Level {
    const { millis, tokens } = this.rate
    const remaining = Math.floor(((millis - missing) * tokens) / millis + ROUNDING)
    return {
      remaining,
      resetAfter: missing,
      retryAfter: remaining > 0 ? 0 : missing - millis + millis / tokens
    }
  }
}
