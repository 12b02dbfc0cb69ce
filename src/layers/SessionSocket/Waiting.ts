/**
 * What waits for a connection leaves in one write.
 *
 * @since 0.1.0
 */
import type { RunQueue, Waiter } from "../../domain/mailbox/RunQueue.ts"

/**
 * What takes octets: a connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sink {
  readonly writable: boolean
  readonly write: (octets: string, encoding: "latin1") => unknown
}

/** What a write counts for, in messages that a session handles: it takes 5 to 8 µs. */
const WRITE_WEIGHT = 16

/**
 * What has not been written to a connection yet, in order. It leaves when all has been handled that is to be handled now:
 * in a burst each client gets many frames by one write.
 *
 * @since 0.1.0
 * @category models
 */
export class Waiting implements Waiter {
  private readonly sink: Sink
  private readonly runQueue: RunQueue
  private frames = ""

  constructor(sink: Sink, runQueue: RunQueue) {
    this.sink = sink
    this.runQueue = runQueue
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.frames.length
  }

  push(frame: string): void {
    if (this.frames === "") this.runQueue.gather(this)
    this.frames += frame
  }

  wake(): number {
    this.flush()
    return WRITE_WEIGHT
  }

  /** Writes all of it, at once. A connection that takes nothing any more is not written to. */
  flush(): void {
    const { frames } = this
    this.frames = ""
    if (frames !== "" && this.sink.writable) this.sink.write(frames, "latin1")
  }
}
