/**
 * The contract of a sender: one caller's way to its recipients.
 *
 * @since 0.1.0
 */
import { type Array as Arr, Effect } from "effect"
import type { Envelope } from "./Envelope.ts"
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
 * ended, is handed to `refused` instead, once, and its message is not delivered. A push that is interrupted stops where it is.
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
 * One push, recipient by recipient, in ascending order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Push {
  readonly recipients: ReadonlyArray<unknown>
  /**
   * Looks at the recipients from one index to another, which come next: so the processor fetches their memory for many at once,
   * and not for one after the other.
   */
  readonly look: (from: number, to: number) => void
  /** Hands over to the recipient at an index. Answers with what there is yet to wait for, if anything. */
  readonly at: (index: number) => Effect.Effect<void> | undefined
}

class PushImpl<M, R extends Recipient<M>> implements Push {
  private readonly plan: Plan<R, M>
  private readonly refused: (recipient: R) => Effect.Effect<void>
  /** Where nobody is, messages are put into mailboxes without asking again. */
  private isAnyIdle = true
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

  look(from: number, to: number): void {
    const { recipients } = this.plan
    let idle = 0
    for (let index = from; index < to; index++) {
      const recipient = recipients[index]
      if (recipient !== undefined && Mailbox.isIdle(recipient.mailbox)) idle++
    }
    this.isAnyIdle = idle > 0
  }

  at(index: number): Effect.Effect<void> | undefined {
    const { kept, keptMessage, message, recipients } = this.plan
    const keeps = index === this.nextKept
    if (keeps) this.nextKept = ++this.keptIndex < kept.length ? (kept[this.keptIndex] ?? NOBODY) : NOBODY
    const outgoing = keeps ? keptMessage : message
    const recipient = recipients[index]
    if (recipient === undefined) return undefined
    const hand = this.isAnyIdle ? Mailbox.deliverUnsafe : Mailbox.offerUnsafe
    return hand(recipient.mailbox, outgoing) ? undefined : this.full(recipient, outgoing)
  }

  /**
   * A full mailbox that suspends is waited for; whatever else did not take the message never will. Not a part of `at`, where
   * what the function captures would take 50 bytes for each recipient.
   */
  private full(recipient: R, outgoing: M | Envelope<M>): Effect.Effect<void> {
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

/** Recipients of one slice that may refuse before others have a turn. A session that is ended takes 20 µs. */
const REFUSALS = 16

/**
 * Keeps one caller's slices apart: the next waits until everybody has been served whom the last one woke. So nobody waits for
 * more than one slice of each other caller, and a caller does not get ahead of recipients that handle by functions and keep up.
 * How far it gets ahead of all others is limited by their mailboxes.
 *
 * @since 0.1.0
 * @category models
 */
export class Pace {
  /** The place in the run queue's line that has to be served first. */
  private last: number | undefined = undefined

  /** One whose first slice already waits for those who stand in the line now. */
  static behind(runQueue: RunQueue.RunQueue): Pace {
    const pace = new Pace()
    pace.sent(runQueue)
    return pace
  }

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
export const together = (pushes: Arr.NonEmptyReadonlyArray<Push>, pace: Pace | undefined): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const runQueue = RunQueue.of(fiber)
    const { length } = pushes[0].recipients
    const count = Math.max(1, Math.floor(SLICE / pushes.length))
    let index = 0
    let end = 0
    let nth = 0
    let stops = 0

    /** Hands a slice over, up to its end or to somebody who has to be waited for. */
    const send = (): Effect.Effect<void> => {
      // Here, for recipients that push through the same pace as they handle a message: their slices come after this one.
      pace?.sent(runQueue)
      for (; index < end; index++) {
        while (nth < pushes.length) {
          const effect = pushes[nth++]?.at(index)
          if (effect !== undefined) return effect
        }
        nth = 0
      }
      // And here, for the next slice, which comes after all whom this one woke.
      pace?.sent(runQueue)
      return Effect.void
    }

    const begin = (): Effect.Effect<void> => {
      // Where recipients' memory is scattered, as it is after hours, a delivery takes a third of the time so (100,000 sessions:
      // 440 ns and 150).
      pushes[0].look(index, end)
      return send()
    }

    const slice = (): Effect.Effect<void> => {
      // One that waited for a recipient, or refused one, goes on where it was.
      if (index < end) return ++stops % REFUSALS === 0 ? runQueue.serve(send) : send()
      end = Math.min(index + count, length)
      if (pace === undefined || pace.isFree(runQueue)) return begin()
      return runQueue.serve(begin, (end - index) * pushes.length)
    }

    return Effect.whileLoop({ while: () => index < length, body: slice, step: () => {} })
  })

/** Sends in the fiber of whoever pushes, each push at the pace that is made for it. */
const inCaller = (paceFor: (runQueue: RunQueue.RunQueue) => Pace | undefined): Sender => ({
  push: (plan, refused) =>
    Effect.withFiber((fiber) => together([makePush(plan, refused)], paceFor(RunQueue.of(fiber)))),
  after: (effect) => effect
})

/**
 * Sends for one caller, in the caller's own fiber. Nothing is faster while the fan-out is short.
 *
 * @since 0.1.0
 * @category senders
 */
export const makeInline = (): Sender => {
  const pace = new Pace()
  return inCaller(() => pace)
}

/**
 * The same for callers that keep no sender: each push waits for its turn.
 *
 * @since 0.1.0
 * @category senders
 */
export const inline: Sender = inCaller(Pace.behind)

/**
 * Hands over to a few, whose mailboxes suspend when they are full, and waits for nothing else. An actor tells other actors
 * so: it has a place in the line for each of its own messages.
 *
 * @since 0.1.0
 * @category senders
 */
export const direct: Sender = inCaller(() => undefined)
