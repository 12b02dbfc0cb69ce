/**
 * Frames as a WebSocket server writes them: strings of octets, a character for each byte. Node writes such a string to a
 * connection without making a buffer of it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 * @since 0.1.0
 */

/**
 * The last fragment of a message, which is text.
 *
 * @since 0.1.0
 * @category opcodes
 */
export const TEXT = "\x81"

/**
 * The last fragment of a message, which is binary.
 *
 * @since 0.1.0
 * @category opcodes
 */
export const BINARY = "\x82"

/** From here on the length of a frame takes two bytes more, and eight. */
const SHORT = 126
const MEDIUM = 65_536

const octets = (value: number, count: number): string =>
  count === 0 ? "" : octets(Math.floor(value / 256), count - 1) + String.fromCharCode(value % 256)

/**
 * What comes before so many bytes.
 *
 * @since 0.1.0
 * @category frames
 */
export const header = (opcode: typeof TEXT | typeof BINARY, length: number): string => {
  if (length < SHORT) return opcode + String.fromCharCode(length)
  return length < MEDIUM ? `${opcode}\x7e${octets(length, 2)}` : `${opcode}\x7f${octets(length, 8)}`
}
