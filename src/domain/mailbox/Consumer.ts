/**
 * The loop of a fiber that lives on its mailbox, made to cost nothing between two messages but the wait itself: it is
 * one object, and a handler that is done when it returns costs no effect.
 *
 * @since 0.1.0
 */
import { Effect, Effectable } from "effect"
import { EMPTY } from "./Buffer.ts"
import type { MailboxImpl } from "./MailboxImpl.ts"
import type { Taker, Waiter } from "./RunQueue.ts"
import { LOOK_EVERY } from "./Runs.ts"

/**
 * Messages that plain functions handle at one place in the line, as far as the run has time: as many as a mailbox holds, unless it
 * is told otherwise. So whoever was slow and is quick again catches up, however many send something meanwhile.
 */
const BATCH = 1024

/**
 * What is done with a message: nothing more, or an effect that the next message waits for.
 *
 * @since 0.1.0
 * @category models
 */
export type Handled<E, R> = Effect.Effect<unknown, E, R> | undefined

/**
 * The loop, as an effect: it ends by failing, as the mailbox did or as a handler does. Run it by {@link run}.
 *
 * The fiber waits in the run queue's line for each message whose handler is an effect. It goes on waiting while handlers
 * are done when they return: such a message costs neither the wake-up nor the next wait, which are half a microsecond and
 * 300 bytes that the collector must copy, since they live until the next message (bench `gc`).
 *
 * A wait has no cleanup of its own: the loop never comes back from a wait, so each cleanup would stay on the fiber's stack
 * for as long as the fiber lives.
 *
 * @since 0.1.0
 * @category models
 */
export abstract class Consumer<A, QE, E, R> extends Effectable.Class<never, QE | E, R> implements Taker<A> {
  readonly mailbox: MailboxImpl<A, QE>
  /** Whether the last message was done with when its handler returned: the next will be too, most likely. */
  isQuick = false
  /** There while the fiber waits: messages are handled for it meanwhile. */
  private resume: ((next: Effect.Effect<never, QE | E, R>) => void) | undefined = undefined

  constructor(mailbox: MailboxImpl<A, QE>) {
    super()
    this.mailbox = mailbox
  }

  abstract handle(message: A): Handled<E, R>

  /** Waits for the next message, and so on. (Made anew for each wait: to die young costs less than what a million keep.) */
  override asEffect(): Effect.Effect<never, QE | E, R> {
    return Effect.callback((resume) => {
      this.resume = resume
      this.mailbox.onReady(this)
    })
  }

  /** The whole loop. When its fiber is interrupted it handles nothing more, whatever else the fiber has yet to do. */
  get loop(): Effect.Effect<never, QE | E, R> {
    return Effect.onInterrupt(this, () =>
      Effect.sync(() => {
        this.resume = undefined
        this.mailbox.forget(this)
      })
    )
  }

  wake(time: Parameters<Waiter["wake"]>[0]): number {
    const { mailbox } = this
    let handled = 0
    try {
      while (this.resume !== undefined) {
        const isEnough = handled === BATCH || (handled > 0 && handled % LOOK_EVERY === 0 && time.isOver)
        const message = isEnough ? EMPTY : mailbox.takeUnsafe()
        if (message === EMPTY) {
          if (mailbox.end === undefined) mailbox.onReady(this)
          else this.goOn(mailbox.end)
          break
        }
        handled++
        const effect = this.handle(message)
        this.isQuick = effect === undefined
        if (effect !== undefined) {
          this.goOn(Effect.andThen(effect, this))
          return handled + LOOK_EVERY
        }
      }
    } catch (defect) {
      this.goOn(Effect.die(defect))
    }
    return Math.max(handled, 1)
  }

  accept(message: A): void {
    try {
      const effect = this.handle(message)
      if (effect !== undefined) {
        this.isQuick = false
        this.goOn(Effect.andThen(effect, this))
      } else if (this.resume !== undefined) this.mailbox.onReady(this)
    } catch (defect) {
      this.isQuick = false
      this.goOn(Effect.die(defect))
    }
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
    return consumer.loop
  })
