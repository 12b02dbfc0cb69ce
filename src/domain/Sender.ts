/**
 * The contract of a sender: one caller's way to its recipients.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
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
}

const NOBODY = -1

/** Recipients served before others have their turn: few enough to be in the processor's cache yet when they are woken. */
const SLICE = 256

/**
 * The caller does it itself, in slices. Nothing is faster while the fan-out is short.
 *
 * @since 0.1.0
 * @category senders
 */
export const inline: Sender = {
  push: ({ kept, keptMessage, message, recipients }, refused) =>
    Effect.withFiber((fiber) => {
      const runQueue = RunQueue.of(fiber)
      let index = 0
      let keptIndex = 0
      let nextKept = kept[0] ?? NOBODY

      const slice = (): Effect.Effect<void> => {
        const end = Math.min(index + SLICE, recipients.length)
        while (index < end) {
          const keeps = index === nextKept
          if (keeps) nextKept = ++keptIndex < kept.length ? (kept[keptIndex] ?? NOBODY) : NOBODY
          const outgoing = keeps ? keptMessage : message
          const recipient = recipients[index++]
          if (recipient === undefined || Mailbox.offerUnsafe(recipient.mailbox, outgoing)) continue
          // A full mailbox that suspends is waited for; whatever else did not take the message never will.
          return recipient.mailbox.strategy === "suspend"
            ? Effect.flatMap(Mailbox.offer(recipient.mailbox, outgoing), (taken) =>
                taken ? Effect.void : refused(recipient)
              )
            : refused(recipient)
        }
        return index < recipients.length ? runQueue.turn(SLICE) : Effect.void
      }

      return Effect.whileLoop({ while: () => index < recipients.length, body: slice, step: () => {} })
    })
}
