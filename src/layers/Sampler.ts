/**
 * Samplers: how much of a sampled fan-out keeps the trace.
 *
 * @since 0.1.0
 */
import { Layer } from "effect"
import { Sampler } from "../domain/Sampler.ts"
import * as SamplingCurve from "../domain/SamplingCurve.ts"

export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  Sampler
} from "../domain/Sampler.ts"

/**
 * Every recipient keeps the trace. For small fan-outs, and for tests.
 *
 * @since 0.1.0
 * @category layers
 */
export const always: Layer.Layer<Sampler> = Layer.succeed(Sampler, { probability: () => 1 })

/**
 * No recipient keeps the trace: it ends with the fan-out.
 *
 * @since 0.1.0
 * @category layers
 */
export const never: Layer.Layer<Sampler> = Layer.succeed(Sampler, { probability: () => 0 })

/**
 * The larger the fan-out, the fewer keep the trace: by the posts' curve, or by one's own.
 *
 * @since 0.1.0
 * @category layers
 */
export const byFanOutSize = (curve: SamplingCurve.SamplingCurve = SamplingCurve.discord): Layer.Layer<Sampler> =>
  Layer.succeed(Sampler, { probability: curve })
