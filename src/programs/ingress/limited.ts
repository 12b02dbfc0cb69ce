/**
 * How an ingress refuses what is beyond a limit: with Discord's words, and counted by the limit's name.
 *
 * @since 0.1.0
 */
import { Effect, Metric } from "effect"
import * as Detached from "../../domain/Detached.ts"
import type * as Rates from "../../domain/gateway/Rates.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import type { LimitName } from "../../domain/LimitName.ts"
import * as Metrics from "../../domain/Metrics.ts"

/**
 * Refuses what is beyond a limit.
 *
 * @since 0.1.0
 * @category refusals
 */
export const beyond = (limit: LimitName, error: RestError.RestError): Effect.Effect<never, RestError.RestError> =>
  Effect.andThen(Metric.update(Metrics.limited(limit), 1), error)

/** How often the same is said: milliseconds. */
const WARNING_MILLIS = 60_000

/**
 * Counts whom a server refuses, in its callbacks. Of a limit that has a warning, it is logged too, once a minute at most.
 *
 * @since 0.1.0
 * @category refusals
 */
export const counting = (warnings: { readonly [limit in LimitName]?: Effect.Effect<void> }): Effect.Effect<
  (limit: LimitName) => void
> =>
  Effect.map(Effect.context<never>(), (context) => {
    const fork = Detached.runner(context)
    const quietUntil = new Map<LimitName, number>()
    return (limit) => {
      Metrics.limited(limit).updateUnsafe(1, context)
      const warning = warnings[limit]
      const now = performance.now()
      if (warning === undefined || now < (quietUntil.get(limit) ?? 0)) return
      quietUntil.set(limit, now + WARNING_MILLIS)
      fork(warning)
    }
  })

/** These hold for a user or an address as a whole, whatever is asked for. */
const GLOBAL: ReadonlySet<LimitName> = new Set(["requests", "wrong-tokens"])

/**
 * Refuses what comes too often, and says in how many milliseconds it may come again.
 *
 * @since 0.1.0
 * @category refusals
 */
export const tooOften = (limit: LimitName, retryAfter: number): Effect.Effect<never, RestError.RestError> =>
  beyond(limit, RestError.rateLimited(retryAfter, GLOBAL.has(limit)))

/**
 * Goes on if a token was taken.
 *
 * @since 0.1.0
 * @category refusals
 */
export const admitted = ({ isTaken, limit, retryAfter }: Rates.Counted): Effect.Effect<void, RestError.RestError> =>
  isTaken ? Effect.void : tooOften(limit, retryAfter)
