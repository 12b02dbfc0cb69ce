/**
 * An actor's lives, one after the other.
 *
 * @since 0.1.0
 */
import { type Cause, Clock, Duration, Effect, Pull, Schedule } from "effect"
import type { Supervision } from "../../domain/Supervision.ts"

/**
 * The end of a life by a defect.
 *
 * @since 0.1.0
 * @category models
 */
export class Death {
  readonly _tag = "Death"
  readonly cause: Cause.Cause<unknown>
  constructor(cause: Cause.Cause<unknown>) {
    this.cause = cause
  }
}

/**
 * Lives until a life ends by itself, or by a death from which the supervision does not start anew. After a time without
 * deaths as long as the intensity's, the schedule starts from its beginning.
 *
 * @since 0.1.0
 * @category supervision
 */
export const supervise = Effect.fnUntraced(function* <E, R>(
  life: Effect.Effect<void, E | Death, R>,
  supervision: Supervision
): Effect.fn.Return<void, E | Death, R> {
  if (supervision.strategy !== "restart") return yield* life
  const { intensity, schedule } = supervision
  const within = Duration.toMillis(Duration.fromInputUnsafe(intensity.within))
  let step = yield* Schedule.toStepWithSleep(schedule)
  let deaths: ReadonlyArray<number> = []
  const mayLiveAgain = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    deaths = deaths.filter((at) => now - at < within)
    if (deaths.length >= intensity.times) return false
    if (deaths.length === 0) step = yield* Schedule.toStepWithSleep(schedule)
    deaths = [...deaths, now]
    return yield* step(undefined).pipe(
      Effect.as(true),
      Pull.catchDone(() => Effect.succeed(false))
    )
  })
  const live: Effect.Effect<void, E | Death, R> = Effect.catchIf(
    life,
    (error): error is E | Death => error instanceof Death,
    (death) => Effect.flatMap(mayLiveAgain, (again) => (again ? live : Effect.fail(death)))
  )
  return yield* live
})
