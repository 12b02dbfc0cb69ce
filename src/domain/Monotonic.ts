/**
 * Time that only goes forward: for how long something took, how often it happens, and when it is due.
 *
 * The wall clock is set, by people and by NTP, forward and back; what is reckoned by it is then wrong by as much. It is
 * read only for what people are shown: see "Clocks" in `docs/operating.md`.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Schedule } from "effect"

/**
 * Milliseconds since some moment in the past, with fractions. All threads of a machine count from the same moment, other
 * machines from others.
 *
 * @since 0.1.0
 * @category getters
 */
export const nowUnsafe = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/**
 * As {@link nowUnsafe}, of the clock in context.
 *
 * @since 0.1.0
 * @category getters
 */
export const now: Effect.Effect<number> = Effect.clockWith((clock) => Effect.sync(() => nowUnsafe(clock)))

/**
 * A schedule that goes by monotonic time. Effect tells its schedules the wall clock's, so one with a duration
 * (`Schedule.upTo`, `during`, `fixed`, `windowed`) ends at once, or not for an hour, when that clock is set by an hour.
 *
 * @since 0.1.0
 * @category schedules
 */
export const schedule = <Output, Input, Error, Env>(
  self: Schedule.Schedule<Output, Input, Error, Env>
): Schedule.Schedule<Output, Input, Error, Env> =>
  Schedule.fromStep(
    Effect.map(
      Schedule.toStep(self),
      (step) => (_wall: number, input: Input) => Effect.flatMap(now, (millis) => step(millis, input))
    )
  )
