/**
 * How an ingress refuses what is beyond a limit: with Discord's words, and counted by the limit's name.
 *
 * @since 0.1.0
 */
import { Effect, Metric } from "effect"
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
