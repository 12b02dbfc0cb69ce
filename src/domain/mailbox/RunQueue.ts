/**
 * Who runs next. All mailboxes of a thread share one line, and whoever is to be woken stands in it once: a wake-up is a
 * push, not a task of its own.
 *
 * The line is served first come, first served, and every place in it is worth a bounded amount: one message of an actor
 * whose handler is an effect (and one request of it that had to wait), up to 256 messages of one whose handler is a plain
 * function, or one slice of a fan-out, with what its idle recipients do. So nobody waits for more than one such place of
 * each other, whoever else is busy.
 *
 * The line is served in runs of about a millisecond, and the event loop is given back after each: sockets and timers go on
 * however much waits.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, type Fiber, Scheduler } from "effect"
import { outside } from "../AsyncContext.ts"
import { Line } from "./Line.ts"

/**
 * Somebody in the line. `wake` has them go on, and answers what that took, in messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Waiter {
  readonly wake: () => number
}

/**
 * A waiter that is resumed, and does so many messages' work by that.
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

/** Messages that one run handles at most: some 0.3 ms of plain deliveries. */
const RUN_MESSAGES = 4096

/** Nanoseconds after which a run begins nothing more: 1 ms. What it has begun takes another two to four at most. */
const RUN_NANOS = 1_000_000n

/**
 * Messages between two looks at the clock, which take 0.1 µs each.
 *
 * @since 0.1.0
 * @category constants
 */
export const LOOK_EVERY = 64

/** Runs after which what was gathered joins the line, though the line was never empty: some 10 ms. */
const GATHERING_RUNS = 8

/**
 * The timer that brings the next run is not relied on once it has been replaced, as tests with fake timers do: it may never
 * fire.
 */
const timer = (): unknown => globalThis.setImmediate
const timerAtLoad = timer()

/**
 * The run queue of a scheduler.
 *
 * @since 0.1.0
 * @category models
 */
export class RunQueue {
  private readonly scheduler: Pick<Scheduler.Scheduler, "makeDispatcher">
  private readonly clock: Pick<Clock.Clock, "monotonicTimeNanosUnsafe">
  private readonly line = new Line<Waiter>()
  private gathered: Array<Waiter> = []
  private runsWhileGathering = 0
  private isScheduled = false
  /** When the run that is under way has had its time. */
  private end = 0n
  private transfers = 0
  /** Whether what is done at the place that is served may have others handle messages there: see {@link transferred}. */
  canTransfer = false

  constructor(
    scheduler: Pick<Scheduler.Scheduler, "makeDispatcher">,
    clock: Pick<Clock.Clock, "monotonicTimeNanosUnsafe">
  ) {
    this.scheduler = scheduler
    this.clock = clock
  }

  /** Puts somebody at the end of the line. */
  schedule(waiter: Waiter): void {
    this.line.push(waiter)
    this.ensureRun()
  }

  /** Waits for a place in the line that is worth so many messages. */
  turn(messages: number): Effect.Effect<void> {
    return this.serve(() => Effect.void, messages)
  }

  /**
   * Has something done at such a place, outside of the fiber, and goes on with what that gives. What a fiber gives up before
   * is not done.
   */
  serve(work: () => Effect.Effect<void>, messages: number): Effect.Effect<void> {
    const done = (): Effect.Effect<void> => {
      this.canTransfer = true
      try {
        return work()
      } catch (defect) {
        return Effect.die(defect)
      } finally {
        this.canTransfer = false
      }
    }
    return Effect.callback((resume) => {
      let isGivenUp = false
      this.schedule(waiter(() => isGivenUp || resume(done()), messages))
      return Effect.sync(() => void (isGivenUp = true))
    })
  }

  /**
   * Somebody handled a message at the place that is served. Others may too, unless that took an effect or the run has had its
   * time: then they stand in line. So a place is worth no more than one effect and {@link LOOK_EVERY} slow messages.
   */
  transferred(isQuick: boolean): void {
    const isOver = ++this.transfers % LOOK_EVERY === 0 && this.clock.monotonicTimeNanosUnsafe() >= this.end
    this.canTransfer = isQuick && !isOver
  }

  /** The number of the place that the next to come gets; see {@link hasServed}. */
  get nextPlace(): number {
    return this.line.next
  }

  /** Whether the place with this number has been served, and so everybody who came before. */
  hasServed(place: number): boolean {
    return this.line.served > place
  }

  /** Has somebody join the line when it is next empty, or after some runs: what gathers until then leaves together. */
  gather(waiter: Waiter): void {
    this.gathered.push(waiter)
    this.ensureRun()
  }

  private ensureRun(): void {
    if (!this.isScheduled || timer() !== timerAtLoad) this.scheduleRun()
  }

  private scheduleRun(): void {
    this.isScheduled = timer() === timerAtLoad
    // A run is for everybody. And a dispatcher that waits for a timer which never fires is not asked again.
    outside(() => this.scheduler.makeDispatcher().scheduleTask(this.run, 0))
  }

  private readonly run = (): void => {
    const { clock, line } = this
    this.end = clock.monotonicTimeNanosUnsafe() + RUN_NANOS
    try {
      for (let left = RUN_MESSAGES, unseen = 0; left > 0;) {
        if (line.length === 0) this.release()
        const waiter = line.shift()
        if (waiter === undefined) break
        const messages = waiter.wake()
        left -= messages
        unseen += messages
        if (unseen >= LOOK_EVERY) {
          unseen = 0
          if (clock.monotonicTimeNanosUnsafe() >= this.end) break
        }
      }
    } finally {
      if (this.gathered.length > 0 && ++this.runsWhileGathering >= GATHERING_RUNS) this.release()
      this.isScheduled = false
      if (line.length > 0 || this.gathered.length > 0) this.ensureRun()
    }
  }

  /** Those who gathered join the line. */
  private release(): void {
    const { gathered } = this
    this.gathered = []
    this.runsWhileGathering = 0
    for (const waiter of gathered) this.line.push(waiter)
  }
}

/** One for each scheduler: an app that brings a scheduler of its own has its fibers run by it. */
class RunQueues {
  private readonly known = new WeakMap<Scheduler.Scheduler, RunQueue>()
  // The real one, whichever clock a fiber has: a run ends so that others have the thread.
  private readonly clock = Context.get(Context.empty(), Clock.Clock)

  of(scheduler: Scheduler.Scheduler): RunQueue {
    const known = this.known.get(scheduler)
    if (known !== undefined) return known
    const made = new RunQueue(scheduler, this.clock)
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

/**
 * Waits for a place in the fiber's line that is worth so many messages: until others have had a turn.
 *
 * @since 0.1.0
 * @category running
 */
export const turn = (messages: number): Effect.Effect<void> => Effect.withFiber((fiber) => of(fiber).turn(messages))
