/**
 * When a run queue runs next, and for how long.
 *
 * @since 0.1.0
 */
import type { Clock, Scheduler } from "effect"
import { outside } from "../AsyncContext.ts"

/** Nanoseconds after which a run ends, as soon as the clock is looked at: 1 ms. */
const NANOS = 1_000_000n

/**
 * Messages after which a run ends too: some 0.3 ms of plain deliveries. So all other fibers have the thread as often, also where
 * the clock stands still, as it does with fake timers.
 */
const MESSAGES = 4096

/**
 * Messages between two looks at the clock, which take 0.1 µs each.
 *
 * @since 0.1.0
 * @category constants
 */
export const LOOK_EVERY = 64

/**
 * The clock that runs are measured by.
 *
 * @since 0.1.0
 * @category models
 */
export type MonotonicClock = Pick<Clock.Clock, "monotonicTimeNanosUnsafe">

/**
 * What one run may do: so many messages, and about a millisecond of them.
 *
 * @since 0.1.0
 * @category models
 */
export class Budget {
  private readonly clock: MonotonicClock
  private end = 0n
  private messages = 0
  private nextLook = 0

  constructor(clock: MonotonicClock) {
    this.clock = clock
  }

  /** A run begins. */
  renew(): void {
    this.end = this.clock.monotonicTimeNanosUnsafe() + NANOS
    this.messages = 0
    this.nextLook = LOOK_EVERY
  }

  /** A place was served that was worth so many messages. Answers whether there is time for another. */
  spend(messages: number): boolean {
    this.messages += messages
    if (this.messages < this.nextLook) return true
    this.nextLook = this.messages + LOOK_EVERY
    return this.messages < MESSAGES && !this.isOver
  }

  /** Whether the run has had its time, by the clock. */
  get isOver(): boolean {
    return this.clock.monotonicTimeNanosUnsafe() >= this.end
  }
}

/**
 * The timer that brings the next run is not relied on where it has been replaced, as tests with fake timers do: it may never
 * fire. So a run is asked for again and again then.
 */
const timer = (): unknown => globalThis.setImmediate
const timerAtLoad = timer()

/**
 * Brings the next run, once, however often it is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export class NextRun {
  private readonly scheduler: Pick<Scheduler.Scheduler, "makeDispatcher">
  private readonly run: () => void
  private isScheduled = false

  constructor(scheduler: Pick<Scheduler.Scheduler, "makeDispatcher">, run: () => void) {
    this.scheduler = scheduler
    this.run = run
  }

  ensure(): void {
    if (!this.isScheduled) this.schedule()
  }

  /** Not a part of `ensure`, where what the function captures would take 50 bytes for each message. */
  private schedule(): void {
    this.isScheduled = timer() === timerAtLoad
    // A run is for everybody. And a dispatcher that waits for a timer which never fires is not asked again.
    outside(() => this.scheduler.makeDispatcher().scheduleTask(this.run, 0))
  }

  /** It has run. */
  done(): void {
    this.isScheduled = false
  }
}
