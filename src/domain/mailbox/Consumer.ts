/**
 * The loop of a fiber that lives on its mailbox, made to cost nothing between two messages but the wait itself: it is
 * one object, and a handler that is done when it returns costs no effect.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { EMPTY } from "./Buffer.ts"
import type { MailboxImpl } from "./MailboxImpl.ts"

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
 * @since 0.1.0
 * @category models
 */
export abstract class Consumer<A, QE, E, R> {
  readonly mailbox: MailboxImpl<A, QE>
  private readonly idle: Effect.Effect<void>

  constructor(mailbox: MailboxImpl<A, QE>) {
    this.mailbox = mailbox
    // Nothing to do on interruption: the loop is over then, and nobody else waits here.
    this.idle = Effect.callback((resume) => mailbox.onArrival(resume))
  }

  abstract handle(message: A): Handled<E, R>

  while(): boolean {
    return true
  }

  step(): void {}

  body(): Effect.Effect<unknown, QE | E, R> {
    for (let left = BATCH; left > 0; left--) {
      const message = this.mailbox.takeUnsafe()
      if (message === EMPTY) return this.mailbox.end ?? this.idle
      const effect = this.handle(message)
      if (effect !== undefined) return effect
    }
    return Effect.yieldNow
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
 * Handles message after message in this fiber. Ends by failing: as the mailbox did, or as a handler does.
 *
 * @since 0.1.0
 * @category running
 */
export const run = <A, QE, E, R>(consumer: Consumer<A, QE, E, R>): Effect.Effect<void, QE | E, R> =>
  Effect.withFiber((fiber) => {
    consumer.mailbox.own(fiber)
    return Effect.whileLoop(consumer)
  })
