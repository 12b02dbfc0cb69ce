/**
 * Which kinds of events a session wants: one bit each.
 *
 * @see https://discord.com/developers/docs/events/gateway#gateway-intents
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category bits
 */
export const GUILDS = 1 << 0
/**
 * @since 0.1.0
 * @category bits
 */
export const GUILD_MEMBERS = 1 << 1
/**
 * @since 0.1.0
 * @category bits
 */
export const GUILD_VOICE_STATES = 1 << 7
/**
 * @since 0.1.0
 * @category bits
 */
export const GUILD_PRESENCES = 1 << 8
/**
 * @since 0.1.0
 * @category bits
 */
export const GUILD_MESSAGES = 1 << 9

/** Every bit that Discord has defined: 0 to 16, 20, 21, 24 and 25. */
const ALL = 0x1ffff | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25)

/**
 * @since 0.1.0
 * @category guards
 */
export const isValid = (intents: number): boolean => intents >= 0 && intents <= ALL && (intents & ~ALL) === 0

/**
 * @since 0.1.0
 * @category guards
 */
export const wants = (intents: number, kind: number): boolean => (intents & kind) === kind
