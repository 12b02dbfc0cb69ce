/**
 * The contract of a sampler: of a sampled message that fans out, which share of the recipients keeps the trace.
 *
 * It is asked only when the message is sampled, once for a fan-out, and never changes what is not sampled.
 *
 * @since 0.1.0
 */
import { Context } from "effect"

/**
 * A sampled message about to be sent to many. `size` is how many it reaches in all, `recipients` how many of them are
 * the sender's to send to: a relay has only a part. `source` names what the fan-out belongs to (a guild), for samplers
 * that share something out between sources.
 *
 * @since 0.1.0
 * @category models
 */
export interface Occasion {
  readonly size: number
  readonly recipients: number
  readonly source: string
}

/**
 * `probability`, in [0, 1], is that of each recipient to keep the trace, and what kept spans are weighted by. Without a
 * `count` each is kept or not by itself. With one, so many are, every choice of them being as likely; a sampler that
 * gives a count sees to it that it is `probability × recipients` on average.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decision {
  readonly probability: number
  readonly count?: number
}

/**
 * @since 0.1.0
 * @category contracts
 */
export class Sampler extends Context.Service<
  Sampler,
  {
    /**
     * A decision that makes no sense, and a sampler that throws, keep no trace: the message is delivered all the same.
     */
    readonly decide: (occasion: Occasion) => Decision
  }
>()("fanfare/domain/Sampler") {}
