/**
 * Changes that wait at the same time are made at once: what a commit costs, they share.
 *
 * @since 0.1.0
 */
import { Array as Arr, Deferred, Effect, Exit, Fiber, type Scope } from "effect"
import * as Detached from "../../domain/Detached.ts"

interface Waiting<A, B, E> {
  readonly change: A
  readonly answer: Deferred.Deferred<B, E>
}

/**
 * `commit` makes changes in their order, and answers each; all of them succeed or fail together. `most` is how many go
 * together. `background` is what it runs under, in a fiber that nobody interrupts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<A, B, E> {
  readonly commit: (changes: Arr.NonEmptyReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, E>
  readonly most: number
  readonly background: (effect: Effect.Effect<void>) => Effect.Effect<void>
}

/**
 * A way to make changes, each of which waits until it is committed, in the order in which they come. Who gives up before
 * its turn has made none. When the scope closes, those that wait are made yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* <A, B, E>({
  background,
  commit,
  most
}: Options<A, B, E>): Effect.fn.Return<(change: A) => Effect.Effect<B, E>, never, Scope.Scope> {
  const waiting = new Set<Waiting<A, B, E>>()
  let isCommitting = false
  let fiber: Fiber.Fiber<void> | undefined

  const taken = (): ReadonlyArray<Waiting<A, B, E>> => {
    const batch: Array<Waiting<A, B, E>> = []
    for (const one of waiting) {
      if (batch.length === most) break
      waiting.delete(one)
      batch.push(one)
    }
    return batch
  }

  const next = Effect.suspend(() => {
    const batch = taken()
    const changes = batch.map(({ change }) => change)
    if (!Arr.isReadonlyArrayNonEmpty(changes)) return Effect.void
    return Effect.map(Effect.exit(Effect.suspend(() => commit(changes))), (exit) => {
      if (Exit.isFailure(exit)) {
        for (const { answer } of batch) Deferred.doneUnsafe(answer, Exit.failCause(exit.cause))
      } else {
        for (const [{ answer }, said] of Arr.zip(batch, exit.value)) Deferred.doneUnsafe(answer, Exit.succeed(said))
      }
    })
  })

  const all = Effect.whileLoop({
    while: () => {
      isCommitting = waiting.size > 0
      return isCommitting
    },
    body: () => next,
    step: () => {}
  })
  /** It starts when whoever runs just now has had their turn: what they want changed goes with the first. */
  const start = Effect.map(Detached.fork(background(all)), (started) => {
    fiber = started
  })

  yield* Effect.addFinalizer(() => Effect.suspend(() => (fiber === undefined ? Effect.void : Fiber.await(fiber))))

  return (change) =>
    Effect.uninterruptibleMask((restore) => {
      const own: Waiting<A, B, E> = { change, answer: Deferred.makeUnsafe() }
      waiting.add(own)
      const answer = Effect.onInterrupt(restore(Deferred.await(own.answer)), () =>
        Effect.sync(() => waiting.delete(own))
      )
      if (isCommitting) return answer
      isCommitting = true
      return Effect.andThen(start, answer)
    })
})
