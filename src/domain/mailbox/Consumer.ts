/**
 * The loop of a fiber that lives on its mailbox, made to cost nothing between two messages but the wait itself: it is
 * one object, and a handler that is done when it returns costs no effect.
 *
 * @since 0.1.0
 */
import { Effect, Effectable } from "effect"
import { EMPTY } from "./Buffer.ts"
import type { MailboxImpl, Taker } from "./MailboxImpl.ts"

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
 * The loop, as an effect: it ends by failing, as the mailbox did or as a handler does.
 *
 * While the fiber waits it holds nothing but the wait; and it goes on waiting as long as its handler needs no fiber. What
 * is handled in passing, so to speak, costs neither the wake-up nor the next wait: half a microsecond and more, and some
 * 300 bytes that the collector must copy, since they live until the next message (bench `gc`).
 *
 * @since 0.1.0
 * @category models
 */
export abstract class Consumer<A, QE, E, R> extends Effectable.Class<never, QE | E, R> implements Taker<A> {
  readonly mailbox: MailboxImpl<A, QE>
  private resume: ((next: Effect.Effect<never, QE | E, R>) => void) | undefined = undefined

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
    return Effect.callback((resume) => {
      // The fiber may have given way to others since it found nothing.
      if (this.mailbox.isReady) return resume(this)
      this.resume = resume
      this.mailbox.onArrival(this)
      return this.onInterrupt()
    })
  }

  /** What is done when the wait is interrupted: the fiber may have other things to do after its loop, and must not loop. */
  protected onInterrupt(): Effect.Effect<void> | undefined {
    return Effect.sync(() => {
      this.resume = undefined
      this.mailbox.forget(this)
    })
  }

  /** Whether there is a loop that a message can be handled for: once it was interrupted, nobody handles anything. */
  protected get isWaiting(): boolean {
    return this.resume !== undefined
  }

  wake(): number {
    return this.isWaiting ? this.inPassing(this.mailbox.takeUnsafe()) : 1
  }

  take(message: A): number | undefined {
    if (!this.isWaiting) return undefined
    this.mailbox.taken()
    return this.inPassing(message)
  }

  private inPassing(first: A | typeof EMPTY): number {
    const { mailbox } = this
    let handled = 0
    try {
      for (let message = first; message !== EMPTY; message = mailbox.takeUnsafe()) {
        handled++
        const effect = this.handle(message)
        if (effect !== undefined) {
          this.goOn(Effect.andThen(effect, this))
          return handled
        }
        if (!this.isWaiting) return handled
        if (handled >= BATCH) {
          mailbox.yieldTo(this)
          return handled
        }
      }
      const { end } = mailbox
      if (end === undefined) mailbox.onArrival(this)
      else this.goOn(end)
    } catch (defect) {
      this.goOn(Effect.die(defect))
    }
    return Math.max(handled, 1)
  }

  private goOn(next: Effect.Effect<never, QE | E, R>): void {
    const { resume } = this
    this.resume = undefined
    resume?.(next)
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
