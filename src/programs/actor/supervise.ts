/**
 * An actor's lives, one after the other.
 *
 * @since 0.1.0
 */
import { Cause, Duration, Effect, Exit, Pull, Schedule } from "effect"
import * as Monotonic from "../../domain/Monotonic.ts"
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
 * The death in a cause, if it was one. (A finalizer that dies too makes a defect of it.)
 *
 * @since 0.1.0
 * @category models
 */
export const deathOf = (cause: Cause.Cause<unknown>): Death | undefined => {
  for (const reason of cause.reasons) {
    const why = Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : undefined
    if (why instanceof Death) return why
  }
  return undefined
}

/**
 * Lives until a life ends by itself, or by a death from which the supervision does not start anew. After a time without
 * deaths as long as the intensity's, the schedule starts from its beginning. `stopped` waits until there is to be no
 * further life, but for what is left to do: it answers whether anything is.
 *
 * @since 0.1.0
 * @category supervision
 */
export const supervise = Effect.fnUntraced(function* <E, R>(
  life: Effect.Effect<void, E | Death, R>,
  supervision: Supervision,
  stopped: Effect.Effect<boolean>
): Effect.fn.Return<void, E | Death, R> {
  if (supervision.strategy !== "restart") return yield* life
  const { intensity } = supervision
  const schedule = Monotonic.schedule(supervision.schedule)
  const within = Duration.toMillis(Duration.fromInputUnsafe(intensity.within))
  let step = yield* Schedule.toStepWithSleep(schedule)
  let deaths: ReadonlyArray<number> = []
  while (true) {
    const exit = yield* Effect.exit(life)
    if (Exit.isSuccess(exit)) return
    const death = deathOf(exit.cause)
    if (death === undefined) return yield* Effect.failCause(exit.cause)
    const now = yield* Monotonic.now
    deaths = deaths.filter((at) => now - at < within)
    if (deaths.length >= intensity.times) return yield* Effect.fail(death)
    if (deaths.length === 0) step = yield* Schedule.toStepWithSleep(schedule)
    deaths = [...deaths, now]
    const due = step(undefined).pipe(
      Effect.as("live" as const),
      Pull.catchDone(() => Effect.succeed("die" as const))
    )
    const atOnce = Effect.map(stopped, (isSomethingLeft) => (isSomethingLeft ? "live" : "end"))
    const next = yield* Effect.raceFirst(due, atOnce)
    if (next === "end") return
    if (next === "die") return yield* Effect.fail(death)
  }
})
