/** Small hashes that model and clients compute alike: what a client saw is one number, however much it was. */

/** A 32-bit number for a text. */
export const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) | 0
}

/** Odd, so that multiplying by it loses nothing. */
const STEP = 0x5bd1e995
const FOLD = 0x27d4eb2f

/** `base` to the power of `exponent`, modulo 2³². */
const power = (base: number, exponent: number): number => {
  let result = 1
  let factor = base
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = Math.imul(result, factor)
    factor = Math.imul(factor, factor)
  }
  return result
}

/**
 * The hash after a message. Messages count in their order. What came since the last one (`window`) is folded in as a sum: the
 * several events of one change may come in any order, but between the same two messages.
 */
export const afterMessage = (hash: number, window: number, token: number): number =>
  (Math.imul(hash, STEP) + Math.imul(window, FOLD) + token) | 0

/** What a difference of hash and window between two that see the same becomes after so many messages that both see. */
export const differenceAfter = (hash: number, window: number, messages: number): number =>
  messages === 0 ? hash : Math.imul((Math.imul(hash, STEP) + Math.imul(window, FOLD)) | 0, power(STEP, messages - 1))
