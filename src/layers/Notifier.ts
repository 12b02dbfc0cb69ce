/**
 * Notifiers: who is told when a message calls members who may not be there.
 *
 * @since 0.1.0
 */
import { Layer, Queue } from "effect"
import { Notifier, type Ping } from "../domain/Notifier.ts"

export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  Notifier,
  /**
   * @since 0.1.0
   * @category models
   */
  type Ping
} from "../domain/Notifier.ts"

/**
 * Nobody is told.
 *
 * @since 0.1.0
 * @category layers
 */
export const none: Layer.Layer<never> = Layer.succeed(Notifier, undefined)

/**
 * Into a queue, for whoever sends notifications. When a bounded one is full, no guild waits: up to 1,024 of its messages do,
 * and those that come then are counted (`fanfare.pings.dropped`) and logged.
 *
 * @since 0.1.0
 * @category layers
 */
export const queue = (pings: Queue.Enqueue<Ping>): Layer.Layer<never> =>
  Layer.succeed(Notifier, { pinged: (ping) => Queue.offer(pings, ping) })
