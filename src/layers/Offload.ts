/**
 * Offloads: who executes a fan-out.
 *
 * @since 0.1.0
 */
import { Effect, Layer } from "effect"
import { Offload } from "../domain/Offload.ts"
import { inline as callerSends } from "../domain/Sender.ts"

export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  Offload
} from "../domain/Offload.ts"
export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Recipient,
  /**
   * @since 0.1.0
   * @category models
   */
  type Sender
} from "../domain/Sender.ts"

/**
 * The caller does it itself, in slices. Right for small guilds: nothing is faster while the fan-out is short.
 *
 * @since 0.1.0
 * @category layers
 */
export const inline: Layer.Layer<Offload> = Layer.succeed(Offload, { sender: Effect.succeed(callerSends) })
