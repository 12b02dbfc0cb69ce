/**
 * Permissions: what there is to allow or deny.
 *
 * @see https://discord.com/developers/docs/topics/permissions
 * @since 0.1.0
 */
import { Schema, SchemaGetter } from "effect"

/**
 * A set of permissions: one bit each. On the wire a decimal string, since the bits outgrew JSON's numbers.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Permissions = Schema.String.check(Schema.isPattern(/^\d{1,40}$/)).pipe(
  Schema.decodeTo(Schema.BigInt, { decode: SchemaGetter.BigInt(), encode: SchemaGetter.String() })
)
/**
 * @since 0.1.0
 * @category models
 */
export type Permissions = bigint

/**
 * @since 0.1.0
 * @category bits
 */
export const NONE: Permissions = 0n
/**
 * @since 0.1.0
 * @category bits
 */
export const KICK_MEMBERS: Permissions = 1n << 1n
/**
 * @since 0.1.0
 * @category bits
 */
export const ADMINISTRATOR: Permissions = 1n << 3n
/**
 * @since 0.1.0
 * @category bits
 */
export const MANAGE_CHANNELS: Permissions = 1n << 4n
/**
 * @since 0.1.0
 * @category bits
 */
export const VIEW_CHANNEL: Permissions = 1n << 10n
/**
 * @since 0.1.0
 * @category bits
 */
export const SEND_MESSAGES: Permissions = 1n << 11n
/**
 * @since 0.1.0
 * @category bits
 */
export const SEND_TTS_MESSAGES: Permissions = 1n << 12n
/**
 * @since 0.1.0
 * @category bits
 */
export const MANAGE_MESSAGES: Permissions = 1n << 13n
/**
 * @since 0.1.0
 * @category bits
 */
export const EMBED_LINKS: Permissions = 1n << 14n
/**
 * @since 0.1.0
 * @category bits
 */
export const ATTACH_FILES: Permissions = 1n << 15n
/**
 * @since 0.1.0
 * @category bits
 */
export const READ_MESSAGE_HISTORY: Permissions = 1n << 16n
/**
 * @since 0.1.0
 * @category bits
 */
export const MENTION_EVERYONE: Permissions = 1n << 17n
/**
 * @since 0.1.0
 * @category bits
 */
export const CONNECT: Permissions = 1n << 20n
/**
 * @since 0.1.0
 * @category bits
 */
export const SPEAK: Permissions = 1n << 21n
/**
 * @since 0.1.0
 * @category bits
 */
export const MUTE_MEMBERS: Permissions = 1n << 22n
/**
 * @since 0.1.0
 * @category bits
 */
export const DEAFEN_MEMBERS: Permissions = 1n << 23n
/**
 * @since 0.1.0
 * @category bits
 */
export const MOVE_MEMBERS: Permissions = 1n << 24n
/**
 * @since 0.1.0
 * @category bits
 */
export const CHANGE_NICKNAME: Permissions = 1n << 26n
/**
 * @since 0.1.0
 * @category bits
 */
export const MANAGE_NICKNAMES: Permissions = 1n << 27n
/**
 * @since 0.1.0
 * @category bits
 */
export const MANAGE_ROLES: Permissions = 1n << 28n
/**
 * @since 0.1.0
 * @category bits
 */
export const MODERATE_MEMBERS: Permissions = 1n << 40n
/**
 * What is of use only to who takes part in a call, from PRIORITY_SPEAKER to SET_VOICE_CHANNEL_STATUS.
 *
 * @since 0.1.0
 * @category bits
 */
export const IN_VOICE: Permissions = [8n, 9n, 20n, 21n, 22n, 23n, 24n, 25n, 39n, 42n, 45n, 48n].reduce(
  (all, bit) => all | (1n << bit),
  NONE
)
/**
 * Every permission that Discord has defined: bits 0 to 52, but for 47.
 *
 * @since 0.1.0
 * @category bits
 */
export const ALL: Permissions = ((1n << 53n) - 1n) & ~(1n << 47n)

/**
 * @since 0.1.0
 * @category guards
 */
export const has = (granted: Permissions, wanted: Permissions): boolean => (granted & wanted) === wanted
