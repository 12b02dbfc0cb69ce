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

/**
 * Those at the indices `kept` get the enveloped message, all others the bare one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const thinned = <R, M>(
  recipients: ReadonlyArray<R>,
  message: M,
  enveloped: Envelope<M>,
  kept: ReadonlyArray<number>
): Plan<R, M> => ({ recipients, message, kept, keptMessage: enveloped })

/**
 * Which of `size` recipients keep the trace, each with the given probability and independently of the others.
 *
 * Draws the gaps between kept recipients, which are geometrically distributed, so that the cost follows the number
 * kept: a fan-out to a million under the posts' curve draws about a thousand numbers. `random` gives numbers in [0, 1).
 *
 * @since 0.1.0
 * @category sampling
 */
export const keep = (size: number, probability: number, random: () => number): ReadonlyArray<number> => {
  if (probability >= 1) return Array.from({ length: size }, (_, index) => index)
  const kept: Array<number> = []
  if (!(probability > 0)) return kept
  const scale = 1 / Math.log1p(-probability)
  // 1 − random() lies in (0, 1]: the logarithm of 0 would be an infinite gap out of bad luck alone.
  const gap = () => 1 + Math.floor(Math.log(1 - random()) * scale)
  for (let index = gap() - 1; index < size; index += gap()) kept.push(index)
  return kept
}
