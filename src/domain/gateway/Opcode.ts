/**
 * The operations of the gateway protocol, version 10.
 *
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category codes
 */
export const DISPATCH = 0
/**
 * @since 0.1.0
 * @category codes
 */
export const HEARTBEAT = 1
/**
 * @since 0.1.0
 * @category codes
 */
export const IDENTIFY = 2
/**
 * @since 0.1.0
 * @category codes
 */
export const PRESENCE_UPDATE = 3
/**
 * @since 0.1.0
 * @category codes
 */
export const VOICE_STATE_UPDATE = 4
/**
 * @since 0.1.0
 * @category codes
 */
export const RESUME = 6
/**
 * @since 0.1.0
 * @category codes
 */
export const RECONNECT = 7
/**
 * @since 0.1.0
 * @category codes
 */
export const REQUEST_GUILD_MEMBERS = 8
/**
 * @since 0.1.0
 * @category codes
 */
export const INVALID_SESSION = 9
/**
 * @since 0.1.0
 * @category codes
 */
export const HELLO = 10
/**
 * @since 0.1.0
 * @category codes
 */
export const HEARTBEAT_ACK = 11
/**
 * Which guild the client looks at, and what of it. Not documented, as the next one; clients that people use send it.
 *
 * @since 0.1.0
 * @category codes
 */
export const GUILD_SUBSCRIPTIONS = 14
/**
 * @since 0.1.0
 * @category codes
 */
export const REQUEST_SOUNDBOARD_SOUNDS = 31
/**
 * The same for several guilds at once.
 *
 * @since 0.1.0
 * @category codes
 */
export const GUILD_SUBSCRIPTIONS_BULK = 37
