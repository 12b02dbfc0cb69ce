/**
 * The contract of a sender: one caller's way to its recipients.
 *
 * @since 0.1.0
 */
import { type Array as Arr, Effect } from "effect"
import type { Plan } from "./FanOut.ts"
import * as Mailbox from "./Mailbox.ts"
import * as RunQueue from "./mailbox/RunQueue.ts"

/**
 * Somebody whom a fan-out can reach.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recipient<in M> {
  readonly mailbox: Mailbox.Outbox<M>
}

/**
 * What is pushed through one sender reaches each recipient in the order of the pushes, nothing lost and nothing twice.
 *
 * A recipient whose mailbox suspends when full is waited for: that is backpressure. One whose mailbox drops, or has
 * ended, is handed to `refused` instead, once, and its message is not delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sender {
  readonly push: <M, R extends Recipient<M>>(
    plan: Plan<R, M>,
    refused: (recipient: R) => Effect.Effect<void>
  ) => Effect.Effect<void>
  /** Runs an effect once all that was pushed before has reached its recipients. It does so like a push: perhaps later. */
  readonly after: (effect: Effect.Effect<void>) => Effect.Effect<void>
}

const NOBODY = -1

/**
 * One push, recipient by recipient: `at` hands over to the one at an index, in ascending order, and answers with what there
 * is yet to wait for, if anything.
 *
 * @since 0.1.0
 * @category models
 */
export interface Push {
  readonly recipients: ReadonlyArray<unknown>
  readonly at: (index: number) => Effect.Effect<void> | undefined
}

class PushImpl<M, R extends Recipient<M>> implements Push {
  private readonly plan: Plan<R, M>
  private readonly refused: (recipient: R) => Effect.Effect<void>
  private keptIndex = 0
  private nextKept: number

  constructor(plan: Plan<R, M>, refused: (recipient: R) => Effect.Effect<void>) {
    this.plan = plan
    this.refused = refused
    this.nextKept = plan.kept[0] ?? NOBODY
  }

  get recipients(): ReadonlyArray<R> {
    return this.plan.recipients
  }

  at(index: number): Effect.Effect<void> | undefined {
    const { kept, keptMessage, message, recipients } = this.plan
    const keeps = index === this.nextKept
    if (keeps) this.nextKept = ++this.keptIndex < kept.length ? (kept[this.keptIndex] ?? NOBODY) : NOBODY
    const outgoing = keeps ? keptMessage : message
    const recipient = recipients[index]
    if (recipient === undefined || Mailbox.offerUnsafe(recipient.mailbox, outgoing)) return undefined
    // A full mailbox that suspends is waited for; whatever else did not take the message never will.
    return recipient.mailbox.strategy === "suspend"
      ? Effect.flatMap(Mailbox.offer(recipient.mailbox, outgoing), (taken) =>
          taken ? Effect.void : this.refused(recipient)
        )
      : this.refused(recipient)
  }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const makePush = <M, R extends Recipient<M>>(
  plan: Plan<R, M>,
  refused: (recipient: R) => Effect.Effect<void>
): Push => new PushImpl(plan, refused)

/** Messages handed over before others have their turn: few enough to be in the processor's cache yet when they are handled. */
const SLICE = 256

/**
 * Pushes to one list of recipients, in slices: each recipient gets all of the messages, in their order, before the next one
 * gets any. What is touched for the first message is still in the processor's cache for the others.
 *
 * @since 0.1.0
 * @category running
 */
export const together = (pushes: Arr.NonEmptyReadonlyArray<Push>): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const runQueue = RunQueue.of(fiber)
    const { length } = pushes[0].recipients
    const count = Math.max(1, Math.floor(SLICE / pushes.length))
    let index = 0
    let nth = 0

    const slice = (): Effect.Effect<void> => {
      for (const end = Math.min(index + count, length); index < end; index++) {
        while (nth < pushes.length) {
          const effect = pushes[nth++]?.at(index)
          if (effect !== undefined) return effect
        }
        nth = 0
      }
      return index < length ? runQueue.turn(count * pushes.length) : Effect.void
    }

    return Effect.whileLoop({ while: () => index < length, body: slice, step: () => {} })
  })

/**
 * The caller does it itself, in slices. Nothing is faster while the fan-out is short.
 *
 * @since 0.1.0
 * @category senders
 */
export const inline: Sender = {
  push: (plan, refused) => Effect.suspend(() => together([makePush(plan, refused)])),
  after: (effect) => effect
}
