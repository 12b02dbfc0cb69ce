/**
 * Text frames as a WebSocket server writes them, put together from what all sessions share: an event was encoded once, and
 * only its sequence number is each session's own. What waits for a connection leaves in one write.
 *
 * Frames are strings of octets, a character for each byte: Node writes such a string to a connection without making a
 * buffer of it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 * @since 0.1.0
 */
import type { Payload } from "../../domain/gateway/Payload.ts"
import type { RunQueue, Waiter } from "../../domain/mailbox/RunQueue.ts"

/** The last fragment of a message, which is text. */
const FIN_TEXT = "\x81"

/** From here on the length of a frame takes two bytes more, and eight. */
const SHORT = 126
const MEDIUM = 65_536

const octets = (value: number, count: number): string =>
  count === 0 ? "" : octets(Math.floor(value / 256), count - 1) + String.fromCharCode(value % 256)

const header = (length: number): string => {
  if (length < SHORT) return FIN_TEXT + String.fromCharCode(length)
  return length < MEDIUM ? `${FIN_TEXT}\x7e${octets(length, 2)}` : `${FIN_TEXT}\x7f${octets(length, 8)}`
}

/**
 * The frame of an event, for the session whose `sequence`-th it is.
 *
 * @since 0.1.0
 * @category frames
 */
export const frame = ({ octets }: Payload, sequence: number): string => {
  const tail = `${sequence}}`
  return header(octets.length + tail.length) + octets + tail
}

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

  push(payload: Payload, sequence: number): void {
    if (this.frames === "") this.runQueue.gather(this)
    this.frames += frame(payload, sequence)
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
