/**
 * One client's compressed stream: shared copies of events, each with the client's own number, and messages of its own between
 * them.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Payload } from "../../../domain/gateway/Payload.ts"
import type { Framing } from "../Framing.ts"
import { type Codec, Copies, Follower } from "./Cohorts.ts"

/** A smaller message of one client's own goes as it is: compressing it would take 30 µs, and save next to nothing. */
const WORTH_IT = 256

/**
 * More bytes are compressed by another thread, for each client: this thread would do nothing else for a millisecond.
 *
 * @since 0.1.0
 * @category limits
 */
export const AT_ONCE = 64 * 1024

/**
 * Bytes that a client's own tail has when it is decompressed, its event's number with spaces: as many for all, or copies could
 * not refer past it.
 *
 * @since 0.1.0
 * @category constants
 */
export const TAIL = 11

/**
 * What a stream is made of: how it begins, what stands before and after each client's tail, which goes as it is, and messages
 * of a client's own: as they are (`stored`), and compressed, here (`compressed`) or by another thread (`elsewhere`).
 *
 * @since 0.1.0
 * @category models
 */
export interface Format extends Pick<Codec, "lead" | "compress"> {
  readonly begin: Buffer
  readonly beforeTail: string
  readonly afterTail: string
  readonly stored: (bytes: Buffer) => Buffer
  readonly compressed: (bytes: Buffer) => Buffer
  readonly elsewhere: (bytes: Buffer) => Effect.Effect<Buffer>
}

class Stream implements Framing {
  private readonly format: Format
  private readonly follower: Follower
  private hasBegun = false

  constructor(format: Format, copies: Copies) {
    this.format = format
    this.follower = new Follower(copies)
  }

  event(payload: Payload, sequence: number): string | undefined {
    if (!this.hasBegun || payload.octets.length > AT_ONCE) return undefined
    const { afterTail, beforeTail } = this.format
    return this.follower.frame(payload) + beforeTail + `${sequence}}`.padEnd(TAIL) + afterTail
  }

  own(text: string): Effect.Effect<Uint8Array> {
    return Effect.map(this.message(Buffer.from(text)), (message) =>
      this.hasBegun ? message : Buffer.concat([this.format.begin, message])
    )
  }

  sent(): void {
    this.hasBegun = true
    this.follower.leave()
  }

  private message(bytes: Buffer): Effect.Effect<Buffer> {
    const { compressed, elsewhere, stored } = this.format
    if (bytes.length > AT_ONCE) return elsewhere(bytes)
    return Effect.sync(() => (bytes.length < WORTH_IT ? stored(bytes) : compressed(bytes)))
  }
}

/**
 * Makes the streams of clients that share copies, which refer back no farther than this, in bytes: 8 KiB unless it says
 * otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const streams =
  (format: Format) =>
  (farthest?: number): (() => Framing) => {
    const { afterTail, beforeTail, compress, lead } = format
    const overhead = beforeTail.length + TAIL + afterTail.length
    const copies = new Copies({ lead, tail: TAIL, overhead, compress }, farthest)
    return () => new Stream(format, copies)
  }
