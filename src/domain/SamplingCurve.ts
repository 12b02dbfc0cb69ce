/**
 * How much of a fan-out is worth a span, by its size.
 *
 * The posts name three points: a message to one recipient keeps its trace always, to 100 in 10 % of the recipients, to
 * 10,000 and more in 0.1 %. Between them the curve is straight on log–log axes.
 *
 * @since 0.1.0
 */

/**
 * From the number of recipients to the probability, in [0, 1], that each keeps the trace.
 *
 * @since 0.1.0
 * @category models
 */
export type SamplingCurve = (size: number) => number

/**
 * A curve through the given points, `[size, probability]`: flat before the first and after the last, straight on
 * log–log axes between. Sizes are above 0 and rise, probabilities are above 0 and at most 1: anything else is a
 * `RangeError`, at once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const through = (
  points: readonly [readonly [number, number], ...ReadonlyArray<readonly [number, number]>]
): SamplingCurve => {
  points.forEach(([size, probability], index) => {
    if (!(size > (points[index - 1]?.[0] ?? 0) && probability > 0 && probability <= 1)) {
      throw new RangeError(
        `point ${index} of a sampling curve is [${size}, ${probability}]: sizes must be above 0 and rise, ` +
          `probabilities be above 0 and at most 1`
      )
    }
  })
  return (size) => {
    let [lower, lowerProbability] = points[0]
    if (!(size > lower)) return lowerProbability
    for (const [upper, upperProbability] of points) {
      if (size < upper) {
        const share = Math.log(size / lower) / Math.log(upper / lower)
        return lowerProbability * (upperProbability / lowerProbability) ** share
      }
      lower = upper
      lowerProbability = upperProbability
    }
    return lowerProbability
  }
}

/**
 * The posts' curve.
 *
 * @example
 * ```ts
 * import { SamplingCurve } from "fanfare"
 *
 * SamplingCurve.discord(1) // 1
 * SamplingCurve.discord(100) // 0.1
 * SamplingCurve.discord(1_000_000) // 0.001
 * ```
 *
 * @since 0.1.0
 * @category curves
 */
export const discord: SamplingCurve = through([
  [1, 1],
  [100, 0.1],
  [10_000, 0.001]
])
