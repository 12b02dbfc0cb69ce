/**
 * Messages on their way to those who wait for them: each with its mailbox, in the order of the run queue.
 *
 * A message could as well lie in the mailbox itself. But a young object in an old one is a place that V8 remembers until
 * it next collects, and a fan-out to a million makes a million of them, which take it 25 ms to look at. Here they are the
 * same few places over and over.
 *
 * @since 0.1.0
 */
import { EMPTY } from "./Buffer.ts"
import type { RunQueue, Waiter } from "./RunQueue.ts"

/**
 * What a message arrives at; it says what was done with it, as a waiter does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Destination<in A> {
  readonly arrive: (message: A) => number
}

interface Cell<in out A> {
  destination: Destination<A> | undefined
  message: A | typeof EMPTY
}

/** How many cells are kept. */
const KEPT = 65_536

/**
 * Shared by mailboxes that are all alike.
 *
 * @since 0.1.0
 * @category models
 */
export class Post<in out A> implements Waiter {
  readonly runQueue: RunQueue
  /** What is under way is from `next` to `end`. */
  private cells: Array<Cell<A>> = []
  private next = 0
  private end = 0

  constructor(runQueue: RunQueue) {
    this.runQueue = runQueue
  }

  hand(destination: Destination<A>, message: A): void {
    const cell = this.cells[this.end]
    if (cell === undefined) this.cells.push({ destination, message })
    else {
      cell.destination = destination
      cell.message = message
    }
    this.end++
    this.runQueue.schedule(this)
  }

  /** The next message arrives. */
  wake(): number {
    const cell = this.cells[this.next++]
    if (this.next === this.end) {
      this.next = 0
      this.end = 0
      if (this.cells.length > KEPT) this.cells = []
    }
    if (cell === undefined) return 1
    const { destination, message } = cell
    cell.destination = undefined
    cell.message = EMPTY
    return destination === undefined || message === EMPTY ? 1 : destination.arrive(message)
  }
}
