/**
 * Offloads: who executes a fan-out.
 *
 * @since 0.1.0
 */
import { Cause, Context, type Duration, Effect, Fiber, Layer, type Scope } from "effect"
import * as Mailbox from "../domain/Mailbox.ts"
import { Offload } from "../domain/Offload.ts"
import * as Propagation from "../domain/Propagation.ts"
import { inline as callerSends, type Sender } from "../domain/Sender.ts"

export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  Offload
} from "../domain/Offload.ts"
export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Recipient,
  /**
   * @since 0.1.0
   * @category models
   */
  type Sender
} from "../domain/Sender.ts"

/**
 * The caller does it itself, in slices. Right for small guilds: nothing is faster while the fan-out is short.
 *
 * @since 0.1.0
 * @category layers
 */
export const inline: Layer.Layer<Offload> = Layer.succeed(Offload, {
  workers: [],
  sender: Effect.succeed(callerSends)
})

/** A fiber that sends for others, one fan-out after the other. */
const sending = Effect.fnUntraced(function* (
  capacity: number,
  grace: Duration.Input
): Effect.fn.Return<Sender, never, Scope.Scope> {
  const fanOuts = yield* Mailbox.bounded<Effect.Effect<void>, Cause.Done>(capacity)
  // What one caller's recipients die of is not another caller's affair.
  const survived = (fanOut: Effect.Effect<void>) =>
    Effect.catchCause(fanOut, (cause) => Effect.logError("a fan-out died of a defect", cause))
  const fiber = yield* Effect.updateContext(
    Effect.forkDetach(Mailbox.consume(fanOuts, survived)),
    (context: Context.Context<never>) => Propagation.withoutTrace(context)
  )
  yield* Effect.addFinalizer(() =>
    Mailbox.end(fanOuts).pipe(
      Effect.andThen(Effect.timeoutOption(Fiber.await(fiber), grace)),
      Effect.andThen(Fiber.interrupt(fiber))
    )
  )
  return {
    push: (plan, refused) => {
      const fanOut = callerSends.push(plan, refused)
      return Effect.flatMap(Mailbox.offer(fanOuts, fanOut), (taken) =>
        // Where nobody sends any more, the caller does: after what went before.
        taken ? Effect.void : Effect.andThen(Fiber.await(fiber), fanOut)
      )
    }
  }
})

/**
 * Sender fibers do it, while the caller goes on: how long a caller is busy does not depend on how many its message is
 * for. A caller keeps to one sender, so that what it sends arrives in order; callers are dealt out among the senders in
 * turn. A caller waits when `capacity` of its sender's fan-outs are not done yet.
 *
 * When the Layer's scope closes, what has been taken is sent yet, if that takes no longer than `grace`.
 *
 * @since 0.1.0
 * @category layers
 */
export const senders = ({
  capacity = 64,
  count = 8,
  grace = "5 seconds"
}: {
  readonly count?: number
  readonly capacity?: number
  readonly grace?: Duration.Input
} = {}): Layer.Layer<Offload> =>
  Layer.effect(
    Offload,
    Effect.gen(function* () {
      const first = yield* sending(capacity, grace)
      const others = yield* Effect.replicateEffect(sending(capacity, grace), Math.max(0, count - 1))
      const all = [first, ...others]
      let callers = 0
      return { workers: [], sender: Effect.sync(() => all[callers++ % all.length] ?? first) }
    })
  )
