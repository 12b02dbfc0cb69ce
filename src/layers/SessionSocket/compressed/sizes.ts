/**
 * A message of one client's own with fewer bytes goes as it is: compressing it would take 30 µs, and save next to nothing.
 *
 * @since 0.1.0
 * @category limits
 */
export const WORTH_IT = 256

/**
 * More bytes are compressed by another thread, for each client: this thread would do nothing else for a millisecond.
 *
 * @since 0.1.0
 * @category limits
 */
export const AT_ONCE = 64 * 1024
