/**
 * Work that can wait until others have had their turn.
 *
 * @since 0.1.0
 */
import { Effect, Queue, type Scope } from "effect"
import * as Detached from "../../../domain/Detached.ts"

/**
 * A way to leave work to a fiber of its own, which does a piece of it at a turn, in the order in which it comes, and sleeps
 * when there is none. What is left when the scope closes is not done.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<(work: () => void) => void, never, Scope.Scope> = Effect.gen(function* () {
  const waiting = yield* Queue.unbounded<() => void>()
  yield* Queue.take(waiting).pipe(
    Effect.flatMap((work) => Effect.sync(work)),
    // One piece that cannot be done, for lack of memory, say, must not cost all others.
    Effect.catchDefect((defect) => Effect.logError("a leaf of members could not be written anew", defect)),
    Effect.andThen(Effect.yieldNow),
    Effect.forever,
    Detached.forkScoped
  )
  return (work) => void Queue.offerUnsafe(waiting, work)
})
