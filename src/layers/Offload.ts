/**
 * Offloads: who executes a fan-out.
 *
 * @since 0.1.0
 */
import { type Array as Arr, type Cause, type Duration, Effect, Fiber, Layer, Pull, type Scope } from "effect"
import * as Detached from "../domain/Detached.ts"
import * as Mailbox from "../domain/Mailbox.ts"
import { Offload } from "../domain/Offload.ts"
import { makeInline, makePush, Pace, type Push, type Sender, together } from "../domain/Sender.ts"

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
  sender: Effect.sync(makeInline)
})

/** Those that go to the same recipients and come one upon the other go together. */
const grouped = (pushes: ReadonlyArray<Push>): ReadonlyArray<Arr.NonEmptyReadonlyArray<Push>> => {
  const groups: Array<Arr.NonEmptyArray<Push>> = []
  for (const push of pushes) {
    const last = groups.at(-1)
    if (last !== undefined && last[0].recipients === push.recipients) last.push(push)
    else groups.push([push])
  }
  return groups
}

/** What one caller's recipients die of is not another caller's affair. */
const survived = (effect: Effect.Effect<void>) =>
  Effect.catchCause(effect, (cause) => Effect.logError("a fan-out died of a defect", cause))

/** A fiber that sends for others, one fan-out after the other. */
const sending = Effect.fnUntraced(function* (
  capacity: number,
  grace: Duration.Input
): Effect.fn.Return<Sender, never, Scope.Scope> {
  const pushes = yield* Mailbox.bounded<Push, Cause.Done>(capacity)
  const pace = new Pace()
  const sent = Effect.flatMap(Mailbox.takeAll(pushes), (taken) =>
    Effect.forEach(grouped(taken), (group) => survived(together(group, pace)), { discard: true })
  )
  const fiber = yield* Detached.fork(Pull.catchDone(Effect.forever(sent, { disableYield: true }), () => Effect.void))
  yield* Effect.addFinalizer(() =>
    Mailbox.end(pushes).pipe(
      Effect.andThen(Effect.timeoutOption(Fiber.await(fiber), grace)),
      Effect.andThen(Fiber.interrupt(fiber)),
      // Callers that wait for a place go on.
      Effect.andThen(Mailbox.close(pushes))
    )
  )
  const add = (push: Push) =>
    Effect.flatMap(Mailbox.offer(pushes, push), (taken) =>
      // Where nobody sends any more, the caller does: after what went before.
      taken ? Effect.void : Effect.andThen(Fiber.await(fiber), together([push], pace))
    )
  return {
    push: (plan, refused) =>
      Effect.suspend(() => add(makePush(plan, (recipient) => survived(Effect.suspend(() => refused(recipient)))))),
    after: (effect) => Effect.suspend(() => add({ recipients: [effect], at: () => effect }))
  }
})

/**
 * Sender fibers do it, while the caller goes on: how long a caller is busy does not depend on how many its message is
 * for. A caller keeps to one sender, so that what it sends arrives in order; callers are dealt out among the senders in
 * turn. A caller waits when `capacity` of its sender's fan-outs are not done yet. Those that wait and are for the same
 * recipients are done together: when messages come faster than they go out, each costs less.
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
