/**
 * The plan of a fan-out: one message, its recipients, and which of them keep the trace. Guild and relay plan alike.
 *
 * All recipients share one message, and those that keep the trace share one envelope: a plan holds nothing per
 * recipient but the list of them.
 *
 * @since 0.1.0
 */
import type { Envelope } from "./Envelope.ts"

/**
 * `kept` are indices into `recipients`, ascending. They get `keptMessage`, everyone else `message`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plan<out R, out M> {
  readonly recipients: ReadonlyArray<R>
  readonly message: M | Envelope<M>
  readonly kept: ReadonlyArray<number>
  readonly keptMessage: M | Envelope<M>
}

/**
 * All recipients get the same.
 *
 * @since 0.1.0
 * @category constructors
 */
export const uniform = <R, M>(recipients: ReadonlyArray<R>, message: M | Envelope<M>): Plan<R, M> => ({
  recipients,
  message,
  kept: [],
  keptMessage: message
})
