/**
 * Offloads: who executes a fan-out.
 *
 * @since 0.1.0
 */
import { type Array as Arr, type Cause, type Duration, Effect, Fiber, Layer, Pull } from "effect"
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

/** A sender's fiber. `close` has it send what it has been given, if that takes no longer than `grace`. */
interface Sending {
  readonly sender: Sender
  readonly fiber: Fiber.Fiber<void>
  readonly end: Effect.Effect<unknown>
  readonly close: Effect.Effect<void>
}

/** Starts a fiber that sends for one caller, one fan-out after the other. */
const sending = Effect.fnUntraced(function* (capacity: number, grace: Duration.Input): Effect.fn.Return<Sending> {
  const pushes = yield* Mailbox.bounded<Push, Cause.Done>(capacity)
  const pace = new Pace()
  const sent = Effect.flatMap(Mailbox.takeAll(pushes), (taken) =>
    Effect.forEach(grouped(taken), (group) => survived(together(group, pace)), { discard: true })
  )
  const fiber = yield* Detached.fork(Pull.catchDone(Effect.forever(sent, { disableYield: true }), () => Effect.void))
  const add = (push: Push) =>
    Effect.flatMap(Mailbox.offer(pushes, push), (taken) =>
      // Where nobody sends any more, the caller does: after what went before.
      taken ? Effect.void : Effect.andThen(Fiber.await(fiber), together([push], pace))
    )
  const end = Mailbox.end(pushes)
  return {
    fiber,
    end,
    close: end.pipe(
      Effect.andThen(Effect.timeoutOption(Fiber.await(fiber), grace)),
      Effect.andThen(Fiber.interrupt(fiber)),
      // Callers that wait for a place go on.
      Effect.andThen(Mailbox.close(pushes)),
      Effect.asVoid
    ),
    sender: {
      push: (plan, refused) =>
        Effect.suspend(() => add(makePush(plan, (recipient) => survived(Effect.suspend(() => refused(recipient)))))),
      after: (effect) => Effect.suspend(() => add({ recipients: [effect], look: () => {}, at: () => effect }))
    }
  }
})

/**
 * A fiber of each caller's own does it, while the caller goes on: how long a caller is busy does not depend on how many its
 * message is for. No caller waits for another's fan-outs. It waits when `capacity` of its own are not done yet. Those that
 * wait and are for the same recipients are done together: when messages come faster than they go out, each costs less.
 *
 * What a caller has handed over is sent, also when the caller's scope closes. When the Layer's does, it is sent if that takes
 * no longer than `grace`.
 *
 * @since 0.1.0
 * @category layers
 */
export const senders = ({
  capacity = 64,
  grace = "5 seconds"
}: {
  readonly capacity?: number
  readonly grace?: Duration.Input
} = {}): Layer.Layer<Offload> =>
  Layer.effect(
    Offload,
    Effect.gen(function* () {
      const all = new Set<Sending>()
      yield* Effect.addFinalizer(() =>
        Effect.forEach(Array.from(all), ({ close }) => close, { concurrency: "unbounded", discard: true })
      )
      const started = Effect.map(sending(capacity, grace), (one) => {
        all.add(one)
        one.fiber.addObserver(() => all.delete(one))
        return one
      })
      const sender = Effect.acquireRelease(started, ({ end }) => end)
      return { workers: [], sender: Effect.map(sender, ({ sender }) => sender) }
    })
  )
