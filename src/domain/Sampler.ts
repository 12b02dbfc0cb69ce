/**
 * The contract of a sampler: for a sampled message and a fan-out size, which share of the recipients keeps the trace.
 *
 * It is asked only when the message is sampled, once for a fan-out, and never changes what is not sampled.
 *
 * @since 0.1.0
 */
import { Context } from "effect"

/**
 * @since 0.1.0
 * @category contracts
 */
export class Sampler extends Context.Service<
  Sampler,
  {
    /**
     * The probability, in [0, 1], that each of the `size` recipients keeps the trace. What is no such number, and a
     * sampler that throws, keeps no trace: the message is delivered all the same.
     */
    readonly probability: (size: number) => number
  }
>()("fanfare/domain/Sampler") {}
