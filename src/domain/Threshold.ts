/**
 * How much a kept span stands for: OpenTelemetry's probability sampling, in the entry `ot` of `tracestate`.
 *
 * A span that was kept with probability p says so by the rejection threshold `th` = (1 − p)·2⁵⁶, so that whoever counts
 * kept spans can multiply back to the true number. `rv` is 56 bits of randomness that belong to the trace; without it,
 * the last 56 bits of a trace id that is flagged random are. Whoever draws from these decides as all others do.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
 * @since 0.1.0
 */
import { RANDOM, type TraceContext } from "./TraceContext.ts"
import * as TraceState from "./TraceState.ts"

/** Thresholds have more digits than a double holds, so they are counted in whole numbers. */
const RANGE = 2n ** 56n
const DIGITS = 14
const ENTRY = "ot"
const MAX_ENTRY = 256

/**
 * The threshold of a probability in (0, 1]: up to 14 hex digits, trailing zeros left out, "0" for certainty.
 *
 * @example
 * ```ts
 * import { Threshold } from "fanfare"
 *
 * Threshold.fromProbability(1) // "0"
 * Threshold.fromProbability(0.5) // "8"
 * ```
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromProbability = (probability: number): string => {
  const kept = BigInt(Math.round(probability * Number(RANGE)))
  // What was kept cannot have been impossible: the largest threshold stands for a probability above 0.
  const threshold = kept >= RANGE ? 0n : kept < 1n ? RANGE - 1n : RANGE - kept
  return threshold.toString(16).padStart(DIGITS, "0").replace(/0+$/, "") || "0"
}

/**
 * The probability that a threshold stands for; `undefined` when it is not 1 to 14 lower-case hex digits.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toProbability = (threshold: string): number | undefined =>
  /^[0-9a-f]{1,14}$/.test(threshold)
    ? Number(RANGE - BigInt(`0x${threshold.padEnd(DIGITS, "0")}`)) / Number(RANGE)
    : undefined

const subkeys = (traceState: string): ReadonlyArray<string> =>
  TraceState.get(traceState, ENTRY)
    ?.split(";")
    .filter((part) => part !== "") ?? []

const subkey = (traceState: string, name: string): string | undefined =>
  subkeys(traceState)
    .find((part) => part.startsWith(`${name}:`))
    ?.slice(name.length + 1)

/**
 * The threshold in a `tracestate`, if there is one and it is well formed.
 *
 * @since 0.1.0
 * @category getters
 */
export const get = (traceState: string): string | undefined => {
  const threshold = subkey(traceState, "th")
  return threshold === undefined || toProbability(threshold) === undefined ? undefined : threshold
}

/**
 * The probability with which the trace was kept so far. Where nobody said, it is taken for 1: counts are then true
 * within what the first sampler let through.
 *
 * @since 0.1.0
 * @category getters
 */
export const probability = (traceState: string): number => toProbability(get(traceState) ?? "0") ?? 1

/**
 * The `tracestate` after one more choice with the given probability. Choices multiply; one that was certain changes no
 * threshold, but says that there is one. The other subkeys of `ot` stay, as far as there is room; `rv` always does.
 *
 * @since 0.1.0
 * @category combinators
 */
export const keptWith = (traceState: string, chosen: number): string => {
  if (chosen >= 1 && get(traceState) !== undefined) return traceState
  const isRandomness = (part: string) => part.startsWith("rv:")
  const others = subkeys(traceState).filter((part) => !part.startsWith("th:") && !isRandomness(part))
  const parts = [
    `th:${fromProbability(probability(traceState) * Math.min(1, chosen))}`,
    ...subkeys(traceState).filter(isRandomness).slice(0, 1)
  ]
  let length = parts.join().length
  for (const part of others) {
    length += part.length + 1
    if (length <= MAX_ENTRY) parts.push(part)
  }
  return TraceState.set(traceState, ENTRY, parts.join(";"))
}

/**
 * The `tracestate` of a trace that begins here: kept with the given probability, as its randomness (14 hex digits) said.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begin = (probability: number, randomness: string): string =>
  keptWith(TraceState.set("", ENTRY, `rv:${randomness}`), probability)

/**
 * Whether a trace of the given randomness is kept at the given probability: by everybody who asks, or by nobody.
 *
 * @since 0.1.0
 * @category guards
 */
export const keeps = (probability: number, randomness: string): boolean =>
  probability > 0 && randomness >= fromProbability(probability).padEnd(DIGITS, "0")

/**
 * The trace's own randomness, 14 hex digits: `rv`, or else the end of a trace id that is flagged random; `undefined`
 * when it has neither.
 *
 * @since 0.1.0
 * @category getters
 */
export const randomness = ({ flags, traceId, traceState }: TraceContext): string | undefined => {
  const rv = subkey(traceState, "rv")
  if (rv !== undefined && /^[0-9a-f]{14}$/.test(rv)) return rv
  return (flags & RANDOM) === 0 ? undefined : traceId.slice(-DIGITS)
}
