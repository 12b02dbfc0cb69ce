/**
 * The names of things: branded ids, so that a channel's id cannot be passed where a user's is meant.
 *
 * All but `SessionId` are Discord snowflakes: unsigned 64-bit integers written in decimal.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * A decimal string of an unsigned 64-bit integer.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Snowflake = Schema.String.check(
  Schema.makeFilter((text: string) => /^(0|[1-9]\d{0,19})$/.test(text) && BigInt(text) < 1n << 64n, {
    expected: "a snowflake (an unsigned 64-bit integer in decimal)"
  })
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const GuildId = Snowflake.pipe(Schema.brand("GuildId"))
/**
 * @since 0.1.0
 * @category models
 */
export type GuildId = typeof GuildId.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const ChannelId = Snowflake.pipe(Schema.brand("ChannelId"))
/**
 * @since 0.1.0
 * @category models
 */
export type ChannelId = typeof ChannelId.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const UserId = Snowflake.pipe(Schema.brand("UserId"))
/**
 * @since 0.1.0
 * @category models
 */
export type UserId = typeof UserId.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const RoleId = Snowflake.pipe(Schema.brand("RoleId"))
/**
 * @since 0.1.0
 * @category models
 */
export type RoleId = typeof RoleId.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const MessageId = Snowflake.pipe(Schema.brand("MessageId"))
/**
 * @since 0.1.0
 * @category models
 */
export type MessageId = typeof MessageId.Type

/**
 * One connection of one client. Unique among the sessions of a guild for as long as it can be resumed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionId = Schema.NonEmptyString.pipe(Schema.brand("SessionId"))
/**
 * @since 0.1.0
 * @category models
 */
export type SessionId = typeof SessionId.Type

/**
 * The order of ids by their numbers.
 *
 * @since 0.1.0
 * @category ordering
 */
export const compare = (one: string, other: string): -1 | 0 | 1 => {
  if (one === other) return 0
  if (one.length !== other.length) return one.length < other.length ? -1 : 1
  return one < other ? -1 : 1
}

/** Milliseconds of Unix time at which Discord's snowflakes start to count (2015-01-01T00:00:00Z). */
const EPOCH = 1_420_070_400_000

/** Milliseconds of time that an id has room for and still fits into 63 bits, as in the integers of many clients. */
const LATEST = 2 ** 41 - 1

/** Ids from here on are none that a clock has made: see {@link LATEST}. */
const FIRST_UNTIMED = 1n << 63n

/** The bits below the time. */
const COUNTER_BITS = 22n
const COUNTER = (1n << COUNTER_BITS) - 1n

/**
 * The id that a guild makes after its `last` one, at `now` (Unix milliseconds): the time in the upper bits, and a counter in
 * the 22 bits below. It is always greater than `last`: while the wall clock stands behind it, because it was set back or
 * because more ids were made than fit into a millisecond, ids are counted on from there. A clock outside the years 2015 to
 * 2084 counts as standing at the nearer end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const snowflakeAfter = (last: bigint, now: number): bigint => {
  const next = last + 1n
  const elapsed = BigInt(Math.min(Math.max(0, Math.trunc(now) - EPOCH), LATEST))
  return elapsed > next >> COUNTER_BITS ? (elapsed << COUNTER_BITS) | (next & COUNTER) : next
}

/**
 * The greatest of some ids, after which others may be made; 0 if there are none. Ids that no clock can have made do not
 * count: there may be no room for others after them.
 *
 * @since 0.1.0
 * @category getters
 */
export const newest = (ids: Iterable<string>): bigint => {
  let newest = 0n
  for (const id of ids) {
    const value = BigInt(id)
    if (value > newest && value < FIRST_UNTIMED) newest = value
  }
  return newest
}
