/**
 * Samplers: how much of a sampled fan-out keeps the trace.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Layer, Random } from "effect"
import * as Monotonic from "../domain/Monotonic.ts"
import { type Occasion, Sampler } from "../domain/Sampler.ts"
import * as SamplingCurve from "../domain/SamplingCurve.ts"
import * as SpanBudget from "../domain/SpanBudget.ts"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Decision,
  /**
   * @since 0.1.0
   * @category models
   */
  type Occasion,
  /**
   * @since 0.1.0
   * @category contracts
   */
  Sampler
} from "../domain/Sampler.ts"

const constant = (probability: number): Layer.Layer<Sampler> => {
  const decision = { probability }
  return Layer.succeed(Sampler, { decide: () => decision })
}

/**
 * Every recipient keeps the trace. For small fan-outs, and for tests.
 *
 * @since 0.1.0
 * @category layers
 */
export const always: Layer.Layer<Sampler> = constant(1)

/**
 * No recipient keeps the trace: it ends with the fan-out.
 *
 * @since 0.1.0
 * @category layers
 */
export const never: Layer.Layer<Sampler> = constant(0)

const checked = (name: string, value: number, isRight: boolean, range: string): number => {
  if (isRight) return value
  throw new RangeError(`${name} is ${value}: it must be ${range}`)
}

/**
 * The same share of every fan-out keeps the trace, whatever its size. A ratio outside [0, 1] is a `RangeError`, at once.
 *
 * @since 0.1.0
 * @category layers
 */
export const ratio = (ratio: number): Layer.Layer<Sampler> =>
  constant(checked("the ratio of a sampler", ratio, ratio >= 0 && ratio <= 1, "from 0 to 1"))

/**
 * The larger the fan-out, the fewer keep the trace: by the posts' curve, or by one's own.
 *
 * @since 0.1.0
 * @category layers
 */
export const byFanOutSize = (curve: SamplingCurve.SamplingCurve = SamplingCurve.discord): Layer.Layer<Sampler> =>
  Layer.succeed(Sampler, { decide: ({ size }) => ({ probability: curve(size) }) })

/**
 * At most so many spans of recipients in each second of the clock, over all fan-outs of the program, and of that for
 * each source (guild) what it asks for as long as that is no more than a fair share. Within the budget fan-outs are
 * thinned by the curve.
 *
 * A source that asked for more than its share in one second is thinned accordingly in the next. Nothing is cut off:
 * whatever comes late in a wild second keeps ever less, but never nothing; see `SpanBudget`. A budget below 1 is a
 * `RangeError`, at once.
 *
 * @since 0.1.0
 * @category layers
 */
export const budget = (options: {
  readonly spansPerSecond: number
  readonly curve?: SamplingCurve.SamplingCurve
}): Layer.Layer<Sampler> => {
  const { curve = SamplingCurve.discord } = options
  const spans = options.spansPerSecond
  const total = checked(
    "the budget of a sampler, in spans a second,",
    spans,
    spans >= 1 && spans < Infinity,
    "1 or more"
  )
  return Layer.effect(
    Sampler,
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const random = yield* Random.Random
      const spending = SpanBudget.make(total)
      return {
        decide: ({ recipients, size, source }: Occasion) =>
          spending.decide({
            second: Math.floor(Monotonic.nowUnsafe(clock) / 1000),
            source,
            recipients,
            probability: curve(size),
            draw: random.nextDoubleUnsafe()
          })
      }
    })
  )
}
