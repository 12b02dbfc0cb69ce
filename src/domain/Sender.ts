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
 * is yet to wait for, if anything. It `transfers` to those who are idle, or puts into mailboxes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Push {
  readonly recipients: ReadonlyArray<unknown>
  /** How many of those from one index to another are idle. */
  readonly idle: (from: number, to: number) => number
  readonly at: (index: number, transfers: boolean) => Effect.Effect<void> | undefined
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

  idle(from: number, to: number): number {
    const { recipients } = this.plan
    let idle = 0
    for (let index = from; index < to; index++) {
      const recipient = recipients[index]
      if (recipient !== undefined && Mailbox.isIdle(recipient.mailbox)) idle++
    }
    return idle
  }

  at(index: number, transfers: boolean): Effect.Effect<void> | undefined {
    const { kept, keptMessage, message, recipients } = this.plan
    const keeps = index === this.nextKept
    if (keeps) this.nextKept = ++this.keptIndex < kept.length ? (kept[this.keptIndex] ?? NOBODY) : NOBODY
    const outgoing = keeps ? keptMessage : message
    const recipient = recipients[index]
    if (recipient === undefined) return undefined
    const hand = transfers ? Mailbox.transferUnsafe : Mailbox.offerUnsafe
    if (hand(recipient.mailbox, outgoing)) return undefined
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

/** Messages in one slice: few enough to be in the processor's cache still when they are handled. */
const SLICE = 256

/**
 * Keeps one caller's slices apart: the next waits until everybody has been served whom the last one woke. So a caller
 * never gets ahead of its recipients, and nobody waits for more than one slice of each other caller.
 *
 * @since 0.1.0
 * @category models
 */
export class Pace {
  /** The place in the run queue's line that has to be served first. */
  private last: number | undefined = undefined

  /** Whether the next slice may leave at once. */
  isFree(runQueue: RunQueue.RunQueue): boolean {
    return this.last === undefined || runQueue.hasServed(this.last)
  }

  /** A slice was sent. */
  sent(runQueue: RunQueue.RunQueue): void {
    this.last = runQueue.nextPlace
  }
}

/**
 * Pushes to one list of recipients, in slices: each recipient gets all of the messages, in their order, before the next one
 * gets any. What is touched for the first message is still in the processor's cache for the others. Without a pace no slice
 * waits for its turn.
 *
 * @since 0.1.0
 * @category running
 */
export const together = (pushes: Arr.NonEmptyReadonlyArray<Push>, pace?: Pace): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const runQueue = RunQueue.of(fiber)
    const { length } = pushes[0].recipients
    const count = Math.max(1, Math.floor(SLICE / pushes.length))
    let index = 0
    let end = 0
    let nth = 0

    /**
     * Hands a slice over, up to its end or to somebody who has to be waited for.
     *
     * All of them are looked at first: so the processor fetches their memory for many at once, and not for one after the other.
     * Where it is scattered, as it is after hours, a delivery takes a third of the time (100,000 sessions: 440 ns and 150).
     */
    const send = (): Effect.Effect<void> => {
      const transfers = pushes[0].idle(index, end) > 0
      // Whoever is woken by it may push too: after this slice.
      pace?.sent(runQueue)
      for (; index < end; index++) {
        while (nth < pushes.length) {
          const effect = pushes[nth++]?.at(index, transfers)
          if (effect !== undefined) return effect
        }
        nth = 0
      }
      pace?.sent(runQueue)
      return Effect.void
    }

    const slice = (): Effect.Effect<void> => {
      // A slice that waited for a recipient, or refused one, goes on where it was: it is one slice all the same.
      const isBegun = index < end
      if (!isBegun) end = Math.min(index + count, length)
      if (isBegun || pace === undefined || pace.isFree(runQueue)) return send()
      return runQueue.serve(send, (end - index) * pushes.length)
    }

    return Effect.whileLoop({ while: () => index < length, body: slice, step: () => {} })
  })

/**
 * Sends for one caller, in the caller's own fiber. Nothing is faster while the fan-out is short.
 *
 * @since 0.1.0
 * @category senders
 */
export const makeInline = (): Sender => {
  const pace = new Pace()
  return {
    push: (plan, refused) => Effect.suspend(() => together([makePush(plan, refused)], pace)),
    after: (effect) => effect
  }
}

/**
 * The same for callers that keep no sender: each push waits for its turn.
 *
 * @since 0.1.0
 * @category senders
 */
export const inline: Sender = {
  push: (plan, refused) =>
    Effect.withFiber((fiber) => {
      const pace = new Pace()
      pace.sent(RunQueue.of(fiber))
      return together([makePush(plan, refused)], pace)
    }),
  after: (effect) => effect
}

/**
 * Hands over to a few, whose mailboxes suspend when they are full, and waits for nothing else. An actor tells other actors
 * so: it has a place in the line for each of its own messages.
 *
 * @since 0.1.0
 * @category senders
 */
export const direct: Sender = {
  push: (plan, refused) => Effect.suspend(() => together([makePush(plan, refused)])),
  after: (effect) => effect
}
