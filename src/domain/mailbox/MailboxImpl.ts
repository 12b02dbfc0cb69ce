/**
 * A mailbox at work: what its two sides do to each other.
 *
 * @since 0.1.0
 */
import { type Array as Arr, type Cause, Effect, Exit, type Fiber, Inspectable } from "effect"
import { Buffer, EMPTY } from "./Buffer.ts"
import { type RunQueue, type Taker, type Waiter, waiter } from "./RunQueue.ts"

/**
 * What becomes of a message for which there is no room: its sender waits, it is dropped, or the oldest is.
 *
 * @since 0.1.0
 * @category models
 */
export type Strategy = "suspend" | "dropping" | "sliding"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Messages that have found no room yet, and how their sender is told, once: how many never did. */
interface Pending<in out A> {
  readonly left: Buffer<A>
  readonly resume: (left: number) => void
}

const INTERRUPTED = Exit.interrupt()

const isQuick = <A>(waiter: Waiter & Partial<Taker<A>>): waiter is Taker<A> => waiter.isQuick === true

/** A fiber that is about to give way to others, within its next two steps, may be interrupted there with what it has taken. */
const isAboutToYield = ({ cache, currentOpCount }: AnyFiber): boolean =>
  currentOpCount > 2 && currentOpCount + 2 >= cache.maxOpsBeforeYield

/**
 * @since 0.1.0
 * @category models
 */
export class MailboxImpl<in out A, in out E> extends Buffer<A> {
  readonly capacity: number
  readonly strategy: Strategy
  private readonly runQueue: RunQueue
  private pending: Set<Pending<A>> | undefined = undefined
  /** Who waits, while the mailbox is empty and has not ended. */
  private waiter: (Waiter & Partial<Taker<A>>) | undefined = undefined
  private owner: AnyFiber | undefined = undefined
  private exit: Exit.Exit<never, E> | undefined = undefined

  constructor(capacity: number, strategy: Strategy, runQueue: RunQueue) {
    super()
    this.capacity = capacity
    this.strategy = strategy
    this.runQueue = runQueue
  }

  offerUnsafe(message: A): boolean {
    if (this.exit !== undefined) return false
    if (this.length >= this.capacity) {
      if (this.strategy !== "sliding") return false
      this.drop()
    }
    this.push(message)
    this.wake()
    return true
  }

  get isIdle(): boolean {
    return this.waiter?.isQuick === true
  }

  // A message that never lies in the mailbox makes no old object point to a young one. Of 100,000 that do, each collection of
  // the young generation takes some 2 ms more.
  transferUnsafe(message: A): boolean {
    const { runQueue, waiter } = this
    // Where somebody waits, the mailbox is empty and has not ended.
    if (!runQueue.canTransfer || waiter === undefined || !isQuick(waiter)) return false
    this.waiter = undefined
    runQueue.transfer(waiter, message)
    return true
  }

  offer(message: A): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      if (this.offerUnsafe(message)) return Effect.succeed(true)
      if (this.strategy !== "suspend") return Effect.succeed(false)
      return Effect.map(this.wait([message]), (left) => left === 0)
    })
  }

  /** Answers with those that were not taken. */
  offerAll<B extends A>(messages: Iterable<B>): Effect.Effect<Array<B>> {
    return Effect.suspend(() => {
      const all = Array.from(messages)
      let taken = 0
      for (const message of all) {
        if (!this.offerUnsafe(message)) break
        taken++
      }
      const rest = all.slice(taken)
      if (rest.length === 0 || this.strategy !== "suspend") return Effect.succeed(rest)
      return Effect.map(this.wait(rest), (left) => rest.slice(rest.length - left))
    })
  }

  /** Whether this is the first end. What is in the mailbox can still be taken. */
  failCauseUnsafe(cause: Cause.Cause<E>): boolean {
    if (this.exit !== undefined) return false
    this.exit = Exit.failCause(cause)
    this.wake()
    return true
  }

  /** Drops what is in the mailbox, and what its senders wait to put into it; whether it had not ended before. */
  shutdownUnsafe(): boolean {
    const { pending } = this
    if (this.exit !== undefined && this.length === 0 && pending === undefined) return false
    this.clear()
    this.pending = undefined
    this.exit ??= INTERRUPTED
    for (const { left, resume } of pending ?? []) this.runQueue.schedule(waiter(() => resume(left.length)))
    this.wake()
    return true
  }

  /**
   * Ends the mailbox at once, and answers with what was accepted and never taken. Senders that wait for room are told that
   * their messages were not accepted.
   */
  closeUnsafe(): Array<A> {
    const left: Array<A> = []
    for (let message = this.shift(); message !== EMPTY; message = this.shift()) left.push(message)
    this.shutdownUnsafe()
    return left
  }

  /** How the mailbox has ended, once nothing is left in it. */
  get end(): Exit.Exit<never, E> | undefined {
    return this.length === 0 ? this.exit : undefined
  }

  /** Whether there is something to take, or nothing more will come. */
  get isReady(): boolean {
    return this.length > 0 || this.exit !== undefined
  }

  takeUnsafe(): A | typeof EMPTY {
    const message = this.shift()
    if (this.pending !== undefined) this.admit()
    return message
  }

  take(): Effect.Effect<A, E> {
    return this.taking(() => this.takeUnsafe())
  }

  takeAll(): Effect.Effect<Arr.NonEmptyArray<A>, E> {
    return this.taking(() => {
      const first = this.shift()
      if (first === EMPTY) return EMPTY
      const all: Arr.NonEmptyArray<A> = [first]
      for (let next = this.shift(); next !== EMPTY; next = this.shift()) all.push(next)
      if (this.pending !== undefined) this.admit()
      return all
    })
  }

  /** Takes when there is something. Nothing is taken that might not arrive: see {@link isAboutToYield}. */
  private taking<B>(take: () => B | typeof EMPTY): Effect.Effect<B, E> {
    return Effect.withFiber((fiber) => {
      if (isAboutToYield(fiber)) return Effect.andThen(Effect.yieldNow, this.taking(take))
      const taken = take()
      if (taken !== EMPTY) return Effect.succeed(taken)
      return this.end ?? Effect.andThen(this.arrival(fiber), this.taking(take))
    })
  }

  private arrival(fiber: AnyFiber): Effect.Effect<void> {
    return Effect.callback((resume) => {
      this.own(fiber)
      // The fiber may have given way to others since it found nothing.
      if (this.isReady) return resume(Effect.void)
      const arrived = waiter(() => resume(Effect.void))
      this.waiter = arrived
      return Effect.sync(() => this.forget(arrived))
    })
  }

  /** Makes the fiber the one who takes. Dies if another waits: it would never be woken. */
  own(fiber: AnyFiber): void {
    if (this.waiter !== undefined && this.owner !== fiber && this.owner?.pollUnsafe() === undefined) {
      throw new Error("A mailbox has one consumer, and another fiber waits at this one: use a Queue or a PubSub")
    }
    this.owner = fiber
  }

  /** Wakes the waiter when there is something to take, or nothing more will come: at its place in the line. */
  onReady(waiter: Waiter & Partial<Taker<A>>): void {
    if (this.isReady) this.runQueue.schedule(waiter)
    else this.waiter = waiter
  }

  /** The waiter waits no more. */
  forget(waiter: Waiter): void {
    if (this.waiter === waiter) this.waiter = undefined
  }

  private wake(): void {
    const { waiter } = this
    if (waiter === undefined) return
    this.waiter = undefined
    // Cleared before: a scheduler may run it at once, and then it waits here again.
    this.runQueue.schedule(waiter)
  }

  /** Waits until all messages have found room, or never will; answers how many have not. */
  private wait(messages: ReadonlyArray<A>): Effect.Effect<number> {
    return Effect.callback<number>((resume) => {
      if (this.exit !== undefined) return resume(Effect.succeed(messages.length))
      // There may be room by now: the fiber may have given way to others since it found none.
      const left = new Buffer<A>()
      for (const message of messages) if (left.length > 0 || !this.offerUnsafe(message)) left.push(message)
      if (left.length === 0) return resume(Effect.succeed(0))
      const pending: Pending<A> = { left, resume: (left) => resume(Effect.succeed(left)) }
      ;(this.pending ??= new Set()).add(pending)
      return Effect.sync(() => {
        this.pending?.delete(pending)
        if (this.pending?.size === 0) this.pending = undefined
      })
    })
  }

  /** Lets in those who have waited longest. */
  private admit(): void {
    for (const pending of this.pending ?? []) {
      const { left, resume } = pending
      while (left.length > 0 && this.length < this.capacity) {
        const message = left.shift()
        if (message !== EMPTY) this.push(message)
      }
      if (left.length > 0) return
      this.pending?.delete(pending)
      this.runQueue.schedule(waiter(() => resume(0)))
    }
    this.pending = undefined
  }

  /** As it is logged: without the fibers at its two sides. */
  toJSON(): unknown {
    const { capacity, exit, length, strategy } = this
    return { _id: "fanfare/Mailbox", strategy, capacity: String(capacity), length, ended: exit !== undefined }
  }

  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}
