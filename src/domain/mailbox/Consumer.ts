/**
 * The loop of a fiber that lives on its mailbox, made to cost nothing between two messages but the wait itself: it is
 * one object, and a handler that is done when it returns costs no effect.
 *
 * @since 0.1.0
 */
import { Effect, Effectable } from "effect"
import { EMPTY } from "./Buffer.ts"
import type { MailboxImpl } from "./MailboxImpl.ts"
import type { Waiter } from "./RunQueue.ts"

/** Messages handled without waiting, before others have their turn. */
const BATCH = 256

/**
 * What is done with a message: nothing more, or an effect that the next message waits for.
 *
 * @since 0.1.0
 * @category models
 */
export type Handled<E, R> = Effect.Effect<unknown, E, R> | undefined

/**
 * The loop, as an effect: it ends by failing, as the mailbox did or as a handler does. While it waits its fiber holds
 * nothing but the wait; it goes on by beginning again.
 *
 * @since 0.1.0
 * @category models
 */
export abstract class Consumer<A, QE, E, R> extends Effectable.Class<never, QE | E, R> implements Waiter {
  readonly mailbox: MailboxImpl<A, QE>
  private resume: ((again: Effect.Effect<never, QE | E, R>) => void) | undefined = undefined

  constructor(mailbox: MailboxImpl<A, QE>) {
    super()
    this.mailbox = mailbox
  }

  abstract handle(message: A): Handled<E, R>

  override asEffect(): Effect.Effect<never, QE | E, R> {
    for (let left = BATCH; left > 0; left--) {
      const message = this.mailbox.takeUnsafe()
      if (message === EMPTY) return this.mailbox.end ?? this.arrival()
      const effect = this.handle(message)
      if (effect !== undefined) return Effect.andThen(effect, this)
    }
    return Effect.andThen(Effect.yieldNow, this)
  }

  // Made anew for each wait: what dies young costs less than what a million keep.
  private arrival(): Effect.Effect<never, QE | E, R> {
    // Nothing to do on interruption: the loop is over then, and nobody else waits here.
    return Effect.callback((resume) => {
      this.resume = resume
      this.mailbox.onArrival(this)
    })
  }

  wake(): void {
    this.resume?.(this)
  }
}

/**
 * A consumer whose handler is a function.
 *
 * @since 0.1.0
 * @category models
 */
export class Handling<A, QE, E, R> extends Consumer<A, QE, E, R> {
  private readonly handler: (message: A) => Effect.Effect<unknown, E, R> | void

  constructor(mailbox: MailboxImpl<A, QE>, handler: (message: A) => Effect.Effect<unknown, E, R> | void) {
    super(mailbox)
    this.handler = handler
  }

  handle(message: A): Handled<E, R> {
    return this.handler(message) ?? undefined
  }
}

/**
 * Handles message after message in this fiber.
 *
 * @since 0.1.0
 * @category running
 */
export const run = <A, QE, E, R>(consumer: Consumer<A, QE, E, R>): Effect.Effect<never, QE | E, R> =>
  Effect.withFiber((fiber) => {
    consumer.mailbox.own(fiber)
    return consumer
  })
