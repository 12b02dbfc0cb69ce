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

/** Milliseconds of Unix time at which Discord's snowflakes start to count (2015-01-01T00:00:00Z). */
const EPOCH = 1_420_070_400_000

/**
 * The `sequence`-th id that a guild makes, at `now` (Unix milliseconds): 42 bits of time, then a counter in the 22 bits
 * below, so that ids sort by time and two of one guild never meet within a millisecond. A clock that stands before 2015
 * counts as standing there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const snowflake = (now: number, sequence: number): string =>
  String((BigInt(Math.max(0, Math.trunc(now) - EPOCH)) << 22n) | BigInt(sequence & 0x3fffff))
