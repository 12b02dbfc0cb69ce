/**
 * Who is to be woken next. Everything on a thread that waits at a mailbox shares one run queue: a wake-up is a push, not
 * a task of its own.
 *
 * It runs in slices and gives the event loop back after each, so that sockets and timers go on however much is woken; and
 * long fan-outs take turns, each when all that the last one woke has run: what a fan-out has touched is still in the
 * processor's cache when it is handled.
 *
 * @since 0.1.0
 */
import { Context, Effect, type Fiber, Scheduler } from "effect"

/**
 * One who waits, and how it goes on. It says what that took, in messages; a plain wake-up takes 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Waiter {
  readonly wake: () => number
}

/**
 * A waiter that is resumed, and then does so much.
 *
 * @since 0.1.0
 * @category constructors
 */
export const waiter = (resume: () => void, weight = 1): Waiter => ({
  wake: () => {
    resume()
    return weight
  }
})

/**
 * Messages sent and handled before the event loop is given back: a thousand deliveries. While handlers only compute that
 * is 0.2 ms; with a write to a connection for each, 9.
 */
const SLICE = 2048

/** Slices after which what is to be flushed is, though there is more to be woken: some milliseconds' worth. */
const PATIENCE = 8

/**
 * What gathers while messages are handled, and leaves together when that is over.
 *
 * @since 0.1.0
 * @category models
 */
export interface Flushable {
  readonly flush: () => void
}

/** How long an array is kept for. */
const KEPT = 65_536

/**
 * The run queue of a scheduler.
 *
 * @since 0.1.0
 * @category models
 */
export class RunQueue {
  private readonly dispatcher: Scheduler.SchedulerDispatcher
  /** From `next` to `end`: an array that is filled and emptied again and again is not given back each time. */
  private ready: Array<Waiter | undefined> = []
  private next = 0
  private end = 0
  private turns: Array<Waiter> = []
  private gathered: Array<Flushable> = []
  private slices = 0
  private isScheduled = false

  constructor(dispatcher: Scheduler.SchedulerDispatcher) {
    this.dispatcher = dispatcher
  }

  /** Wakes one who waits, after all who were to be woken before. */
  schedule(waiter: Waiter): void {
    this.ready[this.end++] = waiter
    if (!this.isScheduled) this.again()
  }

  /** Waits until all that is to be woken now has been, and for those who took their turn before, to send so many. */
  turn(messages: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      // Whoever is interrupted meanwhile has a turn all the same, and does nothing in it.
      this.turns.push(waiter(() => resume(Effect.void), messages))
      if (!this.isScheduled) this.again()
    })
  }

  /** Has something flushed when nothing is left to be woken, or after a while if that takes longer. */
  afterwards(flushable: Flushable): void {
    this.gathered.push(flushable)
    if (!this.isScheduled) this.again()
  }

  private again(): void {
    this.isScheduled = true
    this.dispatcher.scheduleTask(this.run, 0)
  }

  private readonly run = (): void => {
    try {
      for (let left = SLICE; left > 0;) {
        const waiter = this.ready[this.next]
        if (waiter !== undefined) {
          this.ready[this.next++] = undefined
          left -= waiter.wake()
          continue
        }
        this.empty()
        const turn = this.turns.shift()
        if (turn === undefined) break
        left -= turn.wake()
      }
    } finally {
      const isIdle = this.next === this.end && this.turns.length === 0
      try {
        if (isIdle || ++this.slices >= PATIENCE) this.flush()
      } finally {
        this.isScheduled = false
        if (this.next < this.end || this.turns.length > 0 || this.gathered.length > 0) this.again()
      }
    }
  }

  private flush(): void {
    const { gathered } = this
    this.gathered = []
    this.slices = 0
    for (const one of gathered) one.flush()
  }

  private empty(): void {
    if (this.end > KEPT) this.ready = []
    this.next = 0
    this.end = 0
  }
}

/** One for each scheduler: whoever brings a scheduler of their own has their fibers run by it. */
class RunQueues {
  private readonly known = new WeakMap<Scheduler.Scheduler, RunQueue>()

  of(scheduler: Scheduler.Scheduler): RunQueue {
    const known = this.known.get(scheduler)
    if (known !== undefined) return known
    const made = new RunQueue(scheduler.makeDispatcher())
    this.known.set(scheduler, made)
    return made
  }
}

const Known: Context.Reference<RunQueues> = Context.Reference<RunQueues>("fanfare/domain/RunQueue", {
  defaultValue: () => new RunQueues()
})

/**
 * The run queue that a fiber belongs to.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (fiber: Fiber.Fiber<unknown, unknown>): RunQueue =>
  fiber.getRef(Known).of(fiber.getRef(Scheduler.Scheduler))
