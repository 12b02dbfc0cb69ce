/**
 * Text frames as a WebSocket server writes them, put together from what all sessions share: the bytes of an event were
 * encoded once, and only its sequence number is each session's own. What waits for a connection leaves in one write.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 * @since 0.1.0
 */
import { Buffer } from "node:buffer"
import type { Payload } from "../../domain/gateway/Payload.ts"

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
 * What has not been written to a connection yet, in order.
 *
 * @since 0.1.0
 * @category models
 */
export class Waiting {
  private readonly sink: Sink
  private readonly flushes: Flushes
  private payloads: Array<Payload> = []
  private sequences: Array<number> = []
  /** How many bytes wait. */
  bytes = 0

  constructor(sink: Sink, flushes: Flushes) {
    this.sink = sink
    this.flushes = flushes
  }

  push(payload: Payload, sequence: number): void {
    if (this.payloads.push(payload) === 1) this.flushes.add(this)
    this.sequences.push(sequence)
    this.bytes += frameLength(payload, sequence)
  }

  /** Writes all of it, at once. A connection that takes nothing any more is not written to. */
  flush(): void {
    if (this.bytes === 0) return
    const { bytes, payloads, sequences } = this
    this.payloads = []
    this.sequences = []
    this.bytes = 0
    if (!this.sink.writable) return
    const all = Buffer.allocUnsafe(bytes)
    let end = 0
    for (const [index, payload] of payloads.entries()) end = writeFrame(all, end, payload, sequences[index] ?? 0)
    this.sink.write(all)
  }
}

/**
 * The connections for which something waits. They are written to when all that goes on now is over: a fan-out's slice,
 * or a session's whole backlog.
 *
 * @since 0.1.0
 * @category models
 */
export class Flushes {
  private waiting: Array<Waiting> = []

  add(one: Waiting): void {
    if (this.waiting.push(one) === 1) queueMicrotask(this.flush)
  }

  private readonly flush = (): void => {
    const { waiting } = this
    this.waiting = []
    for (const one of waiting) one.flush()
  }
}
