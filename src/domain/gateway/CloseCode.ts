/**
 * How the gateway closes a connection, as Discord documents it.
 *
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 * @since 0.1.0
 */

/**
 * `reason` is text for people. Clients go by `code`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Close {
  readonly code: number
  readonly reason: string
}

/**
 * The server is going away, or wants this connection elsewhere: come back.
 *
 * @since 0.1.0
 * @category closes
 */
export const GOING_AWAY: Close = { code: 1001, reason: "The server is going away." }
/**
 * There is no room for this connection now: come back in a while. (1013 is registered with the WebSocket protocol's codes.)
 *
 * @see https://www.iana.org/assignments/websocket
 * @since 0.1.0
 * @category closes
 */
export const TRY_AGAIN_LATER: Close = {
  code: 1013,
  reason: "Try again later: too many connections have not identified."
}
/**
 * @since 0.1.0
 * @category closes
 */
export const UNKNOWN_ERROR: Close = { code: 4000, reason: "Unknown error." }
/**
 * The client reads more slowly than its guilds talk. It may reconnect.
 *
 * @since 0.1.0
 * @category closes
 */
export const TOO_SLOW: Close = { code: 4000, reason: "Too slow: more was waiting for you than is kept." }
/**
 * @since 0.1.0
 * @category closes
 */
export const UNKNOWN_OPCODE: Close = { code: 4001, reason: "Unknown opcode." }
/**
 * @since 0.1.0
 * @category closes
 */
export const DECODE_ERROR: Close = { code: 4002, reason: "Error while decoding payload." }
/**
 * @since 0.1.0
 * @category closes
 */
export const UNSUPPORTED_ENCODING: Close = { code: 4002, reason: "Unsupported encoding: ask for encoding=json." }
/**
 * @since 0.1.0
 * @category closes
 */
export const UNSUPPORTED_COMPRESSION: Close = {
  code: 4002,
  reason: "Unsupported compression: ask for zlib-stream, zstd-stream or none."
}
/**
 * @since 0.1.0
 * @category closes
 */
export const NOT_AUTHENTICATED: Close = { code: 4003, reason: "Not authenticated." }
/**
 * @since 0.1.0
 * @category closes
 */
export const AUTHENTICATION_FAILED: Close = { code: 4004, reason: "Authentication failed." }
/**
 * @since 0.1.0
 * @category closes
 */
export const ALREADY_AUTHENTICATED: Close = { code: 4005, reason: "Already authenticated." }
/**
 * @since 0.1.0
 * @category closes
 */
export const RATE_LIMITED: Close = { code: 4008, reason: "Rate limited." }
/**
 * @since 0.1.0
 * @category closes
 */
export const SESSION_TIMED_OUT: Close = { code: 4009, reason: "Session timed out." }
/**
 * @since 0.1.0
 * @category closes
 */
export const INVALID_SHARD: Close = { code: 4010, reason: "Invalid shard." }
/**
 * @since 0.1.0
 * @category closes
 */
export const INVALID_API_VERSION: Close = { code: 4012, reason: "Invalid API version." }
/**
 * @since 0.1.0
 * @category closes
 */
export const INVALID_INTENTS: Close = { code: 4013, reason: "Invalid intent(s)." }
