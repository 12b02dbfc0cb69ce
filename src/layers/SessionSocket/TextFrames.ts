/**
 * Text frames as a WebSocket server writes them, put together from what all sessions share: the bytes of an event were
 * encoded once, and only its sequence number is each session's own. What waits for a connection leaves in one write.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 * @since 0.1.0
 */
import { Buffer } from "node:buffer"
import type { Payload } from "../../domain/gateway/Payload.ts"
import type { Flushable, RunQueue } from "../../domain/mailbox/RunQueue.ts"

/** The last fragment of a message, which is text. */
const FIN_TEXT = 0x81

/** From here on the length of a frame takes two bytes more, and eight. */
const SHORT = 126
const MEDIUM = 65_536

const BRACE = 0x7d
const ZERO = 0x30

const digits = (value: number): number => {
  let count = 1
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++
  return count
}

/** Bytes of the message: the shared ones, the sequence number, and the brace that closes the object. */
const messageLength = (payload: Payload, sequence: number): number => payload.bytes.length + digits(sequence) + 1

const headerLength = (message: number): number => (message < SHORT ? 2 : message < MEDIUM ? 4 : 10)

/**
 * How many bytes a frame takes.
 *
 * @since 0.1.0
 * @category frames
 */
export const frameLength = (payload: Payload, sequence: number): number => {
  const message = messageLength(payload, sequence)
  return headerLength(message) + message
}

/**
 * Writes a frame into a buffer that has room for it; answers where the next begins.
 *
 * @since 0.1.0
 * @category frames
 */
export const writeFrame = (target: Buffer, start: number, payload: Payload, sequence: number): number => {
  const message = messageLength(payload, sequence)
  const body = start + headerLength(message)
  const end = body + message
  target[start] = FIN_TEXT
  if (message < SHORT) target[start + 1] = message
  else if (message < MEDIUM) {
    target[start + 1] = 126
    target.writeUInt16BE(message, start + 2)
  } else {
    target[start + 1] = 127
    target.writeBigUInt64BE(BigInt(message), start + 2)
  }
  target.set(payload.bytes, body)
  target[end - 1] = BRACE
  let at = end - 2
  let rest = sequence
  do {
    target[at--] = ZERO + (rest % 10)
    rest = Math.floor(rest / 10)
  } while (rest > 0)
  return end
}

/**
 * What takes bytes: a connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sink {
  readonly writable: boolean
  readonly write: (bytes: Uint8Array) => unknown
}

/**
 * What has not been written to a connection yet, in order. It leaves when all has been handled that is to be handled now:
 * in a burst each client gets many frames by one write.
 *
 * @since 0.1.0
 * @category models
 */
export class Waiting implements Flushable {
  private readonly sink: Sink
  private readonly runQueue: RunQueue
  private first: Payload | undefined = undefined
  private sequence = 0
  private others: Array<readonly [payload: Payload, sequence: number]> | undefined = undefined
  /** How many bytes wait. */
  bytes = 0

  constructor(sink: Sink, runQueue: RunQueue) {
    this.sink = sink
    this.runQueue = runQueue
  }

  push(payload: Payload, sequence: number): void {
    this.bytes += frameLength(payload, sequence)
    if (this.first === undefined) {
      this.first = payload
      this.sequence = sequence
      this.runQueue.afterwards(this)
    } else {
      ;(this.others ??= []).push([payload, sequence])
    }
  }

  /** Writes all of it, at once. A connection that takes nothing any more is not written to. */
  flush(): void {
    const { bytes, first, others, sequence } = this
    if (first === undefined) return
    this.first = undefined
    this.others = undefined
    this.bytes = 0
    if (!this.sink.writable) return
    const all = Buffer.allocUnsafe(bytes)
    let end = writeFrame(all, 0, first, sequence)
    if (others !== undefined) for (const [payload, next] of others) end = writeFrame(all, end, payload, next)
    this.sink.write(all)
  }
}
