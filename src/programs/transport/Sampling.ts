/**
 * What a sampler decides, and the randomness that it is carried out by.
 *
 * @since 0.1.0
 */
import { Context, type Fiber, Random } from "effect"
import { type Decision, type Occasion, Sampler } from "../../domain/Sampler.ts"
import * as Threshold from "../../domain/Threshold.ts"
import type * as TraceContext from "../../domain/TraceContext.ts"

/**
 * Whichever fiber this is done in.
 *
 * @since 0.1.0
 * @category models
 */
export type AnyFiber = Fiber.Fiber<unknown, unknown>

/**
 * 56 bits, in hex.
 *
 * @since 0.1.0
 * @category randomness
 */
export const drawn = (fiber: AnyFiber): string => {
  const random = fiber.getRef(Random.Random)
  const half = () =>
    Math.floor(random.nextDoubleUnsafe() * 2 ** 28)
      .toString(16)
      .padStart(7, "0")
  return half() + half()
}

/**
 * The randomness that choices for a trace are made by: its own, or some that is drawn for this choice alone.
 *
 * @since 0.1.0
 * @category randomness
 */
export const randomness = (fiber: AnyFiber, context: TraceContext.TraceContext): string =>
  Threshold.randomness(context) ?? drawn(fiber)

const NOTHING: Decision = { probability: 0 }

/**
 * Tracing never costs a delivery: a sampler that makes no sense, or dies, keeps nothing.
 *
 * @since 0.1.0
 * @category decisions
 */
export const decision = (sampler: Sampler["Service"], occasion: Occasion): Decision => {
  try {
    const { count, probability } = sampler.decide(occasion)
    if (!(probability > 0) || (count !== undefined && !(count > 0))) return NOTHING
    return { probability: Math.min(probability, 1), ...(count === undefined ? undefined : { count }) }
  } catch {
    return NOTHING
  }
}

/**
 * Whether a trace begins where the policy is *start*: what the sampler says of a fan-out to one.
 *
 * @since 0.1.0
 * @category decisions
 */
export const startDecision = (fiber: AnyFiber, source: string): Decision => {
  const sampler = Context.getOrUndefined(fiber.context, Sampler)
  return sampler === undefined ? { probability: 1 } : decision(sampler, { size: 1, recipients: 1, source })
}
