/**
 * The `tracestate` list, as far as Fanfare writes it: the sampling threshold `th` in OpenTelemetry's entry `ot`.
 *
 * A span that was kept with probability p says so by the threshold T = (1 − p)·2⁵⁶, so that whoever counts kept spans
 * can multiply back to the true number.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 * @since 0.1.0
 */

/** Thresholds have more digits than a double holds, so they are counted in whole numbers. */
const RANGE = 2n ** 56n
const DIGITS = 14
/** The most entries that a list may have; those at the end are dropped first. */
const MAX_ENTRIES = 32

/**
 * The threshold of a probability in (0, 1]: up to 14 hex digits, trailing zeros left out, "0" for certainty.
 *
 * @example
 * ```ts
 * import { TraceState } from "fanfare"
 *
 * TraceState.thresholdOf(1) // "0"
 * TraceState.thresholdOf(0.5) // "8"
 * ```
 *
 * @since 0.1.0
 * @category conversions
 */
export const thresholdOf = (probability: number): string => {
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
export const probabilityOf = (threshold: string): number | undefined =>
  /^[0-9a-f]{1,14}$/.test(threshold)
    ? Number(RANGE - BigInt(`0x${threshold.padEnd(DIGITS, "0")}`)) / Number(RANGE)
    : undefined

const entries = (traceState: string): ReadonlyArray<string> =>
  traceState
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")

const isOt = (entry: string): boolean => entry.startsWith("ot=")

const subkeys = (traceState: string): ReadonlyArray<string> =>
  entries(traceState)
    .find(isOt)
    ?.slice(3)
    .split(";")
    .filter((part) => part !== "") ?? []

/**
 * The threshold in the list, if there is one.
 *
 * @since 0.1.0
 * @category getters
 */
export const threshold = (traceState: string): string | undefined =>
  subkeys(traceState)
    .find((part) => part.startsWith("th:"))
    ?.slice(3)

/**
 * The probability with which the trace was kept so far: 1 when the list does not say.
 *
 * @since 0.1.0
 * @category getters
 */
export const probability = (traceState: string): number => probabilityOf(threshold(traceState) ?? "") ?? 1

/**
 * The list after one more choice with the given probability: `ot` moves to the front, as the specification asks of the
 * entry that changed, and its other subkeys stay. Choices multiply; one that was certain changes nothing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const keptWith = (traceState: string, chosen: number): string => {
  if (chosen >= 1) return traceState
  const kept = `th:${thresholdOf(probability(traceState) * chosen)}`
  const ot = `ot=${[kept, ...subkeys(traceState).filter((part) => !part.startsWith("th:"))].join(";")}`
  return [ot, ...entries(traceState).filter((entry) => !isOt(entry))].slice(0, MAX_ENTRIES).join(",")
}
