/**
 * Who runs next. All mailboxes of a thread share one line, and whoever is to be woken stands in it once: a wake-up is a
 * push, not a task of its own.
 *
 * The line is served first come, first served, and every place in it is worth a bounded amount: one message of an actor
 * whose handler is an effect (and at most one request that it had parked, see `actor/serve.ts`), up to 1,024 messages of one
 * whose handler is a plain function, or one slice of a fan-out, with what its idle recipients do. So nobody in it waits for
 * more than one such place of each other, whoever else is busy. What a fiber takes by itself (`Mailbox.take`) while there is
 * something to take is paced by Effect's scheduler instead.
 *
 * The line is served in runs of about a millisecond, and the event loop is given back after each: sockets and timers go on
 * however much waits.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, type Fiber, Scheduler } from "effect"
import { Line } from "./Line.ts"
import { Budget, LOOK_EVERY, type MonotonicClock, NextRun } from "./Runs.ts"

/**
 * Somebody in the line. `wake` has them go on, and answers what that took, in messages. Whoever handles many messages looks at the
 * run's time in between.
 *
 * @since 0.1.0
 * @category models
 */
export interface Waiter {
  readonly wake: (time: Pick<Budget, "isOver">) => number
}

/**
 * Somebody in the line for messages. Whoever is `isQuick` handles a message at once when it accepts one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Taker<in A> extends Waiter {
  readonly isQuick: boolean
  readonly accept: (message: A) => void
}

/**
 * A fiber that is resumed. It may do anything then, so the clock is looked at after it; where it sends many messages, it counts for
 * as many.
 *
 * @since 0.1.0
 * @category constructors
 */
export const waiter = (resume: () => void, messages = 0): Waiter => ({
  wake: () => {
    resume()
    return Math.max(messages, LOOK_EVERY)
  }
})

/** Runs after which what was gathered joins the line, though the line was never empty: some 10 ms. */
const GATHERING_RUNS = 8

/**
 * The run queue of a scheduler.
 *
 * @since 0.1.0
 * @category models
 */
export class RunQueue {
  private readonly line = new Line<Waiter>()
  private readonly budget: Budget
  private readonly nextRun: NextRun
  private gathered: Array<Waiter> = []
  private runsWhileGathering = 0
  private mayTransfer = false
  private transfers = 0

  constructor(scheduler: Pick<Scheduler.Scheduler, "makeDispatcher">, clock: MonotonicClock) {
    this.budget = new Budget(clock)
    this.nextRun = new NextRun(scheduler, () => this.run())
  }

  /** Puts somebody at the end of the line. */
  schedule(waiter: Waiter): void {
    this.line.push(waiter)
    this.nextRun.ensure()
  }

  /** Waits for a place in the line. */
  get turn(): Effect.Effect<void> {
    return this.serve(() => Effect.void)
  }

  /**
   * Has something done at such a place, outside of the fiber, and goes on with what that gives. If the fiber is interrupted
   * before its place comes, it is not done. Work that sends many messages says how many.
   */
  serve(work: () => Effect.Effect<void>, messages = 0): Effect.Effect<void> {
    const runWork = (): Effect.Effect<void> => {
      this.mayTransfer = true
      try {
        return work()
      } catch (defect) {
        return Effect.die(defect)
      } finally {
        this.mayTransfer = false
      }
    }
    return Effect.callback((resume) => {
      let isGivenUp = false
      this.schedule(waiter(() => isGivenUp || resume(runWork()), messages))
      return Effect.sync(() => void (isGivenUp = true))
    })
  }

  /** Whether work that is done at a place may have others handle messages there: see {@link transfer}. */
  get canTransfer(): boolean {
    return this.mayTransfer
  }

  /**
   * Has somebody handle a message at the place that is served. What the handler sends lies in mailboxes, and so does all that
   * follows if the handler took an effect, or the run has had its time. So a place is worth no more than one effect and
   * {@link LOOK_EVERY} slow messages.
   */
  transfer<A>(taker: Taker<A>, message: A): void {
    this.mayTransfer = false
    taker.accept(message)
    const isOver = ++this.transfers % LOOK_EVERY === 0 && this.budget.isOver
    this.mayTransfer = taker.isQuick && !isOver
  }

  /** The number of the place that the next to come gets; see {@link hasServed}. */
  get nextPlace(): number {
    return this.line.next
  }

  /**
   * Whether the place with this number has been reached, and so everybody who came before it was served. It is reached as soon
   * as whoever stands there is about to be woken.
   */
  hasServed(place: number): boolean {
    return this.line.served > place
  }

  /** Has somebody join the line when it is next empty, or after some runs: what gathers until then leaves together. */
  gather(waiter: Waiter): void {
    this.gathered.push(waiter)
    this.nextRun.ensure()
  }

  private run(): void {
    const { budget } = this
    budget.renew()
    try {
      for (let waiter = this.next(); waiter !== undefined; waiter = this.next()) {
        if (!budget.spend(waiter.wake(budget))) break
      }
    } finally {
      if (this.gathered.length > 0 && ++this.runsWhileGathering >= GATHERING_RUNS) this.release()
      this.nextRun.done()
      if (this.line.length > 0 || this.gathered.length > 0) this.nextRun.ensure()
    }
  }

  /** The first in the line. Where nobody stands there, what has gathered comes. */
  private next(): Waiter | undefined {
    if (this.line.length === 0) this.release()
    return this.line.shift()
  }

  /** Those who gathered join the line. */
  private release(): void {
    const { gathered } = this
    if (gathered.length === 0) return
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
 * Waits for a place in the fiber's line: until others have had a turn.
 *
 * @since 0.1.0
 * @category running
 */
export const turn: Effect.Effect<void> = Effect.withFiber((fiber) => of(fiber).turn)
