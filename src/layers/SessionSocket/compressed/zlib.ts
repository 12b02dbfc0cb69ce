/**
 * `zlib-stream`: each connection is one zlib stream, and each message ends where the stream is flushed.
 *
 * A stream consists of blocks, and a block may be *stored*, which is its length and its bytes as they are. So an event is
 * deflated once for all clients, and each client's sequence number follows in a stored block of its own. Nothing is kept for a
 * client but what it had last, and that is shared.
 *
 * @see https://discord.com/developers/docs/events/gateway#transport-compression
 * @see https://www.rfc-editor.org/rfc/rfc1951
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as zlib from "node:zlib"
import type { Payload } from "../../../domain/gateway/Payload.ts"
import type { Framing } from "../Framing.ts"
import { type Codec, Copies, Follower } from "./Cohorts.ts"
import { AT_ONCE, WORTH_IT } from "./sizes.ts"

const BEGIN = Buffer.from([0x78, 0x9c])

/** The length of an empty stored block and its complement: what clients look for at the end of a message. */
const EMPTY = [0x00, 0x00, 0xff, 0xff]

/** The number of an event and the end of its JSON, with spaces: as long for all, or copies could not refer past it. */
const TAIL = 11
const BEFORE_TAIL = String.fromCharCode(TAIL, 0x00, ~TAIL & 0xff, 0xff)
const AFTER_TAIL = String.fromCharCode(0x00, ...EMPTY)

const FLUSHED = { finishFlush: zlib.constants.Z_SYNC_FLUSH }

/** A flush is an empty stored block at the beginning of a byte. Instead of its length comes that of a client's tail. */
const codec: Codec = {
  lead: "",
  tail: TAIL,
  overhead: BEFORE_TAIL.length + TAIL + AFTER_TAIL.length,
  compress: (head, dictionary) => {
    const options = dictionary === "" ? FLUSHED : { ...FLUSHED, dictionary: Buffer.from(dictionary, "latin1") }
    const deflated = zlib.deflateRawSync(Buffer.from(head, "latin1"), options)
    return deflated.toString("latin1", 0, deflated.length - EMPTY.length)
  }
}

const stored = (bytes: Buffer): Buffer => {
  const { length } = bytes
  const header = [0x00, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]
  return Buffer.concat([Buffer.from(header), bytes, Buffer.from([0x00, ...EMPTY])])
}

const deflated = (bytes: Buffer): Effect.Effect<Buffer> =>
  bytes.length <= AT_ONCE
    ? Effect.sync(() => zlib.deflateRawSync(bytes, FLUSHED))
    : Effect.callback((resume) => {
        zlib.deflateRaw(bytes, FLUSHED, (error, result) =>
          resume(error === null ? Effect.succeed(result) : Effect.die(error))
        )
      })

class ZlibStream implements Framing {
  private readonly follower: Follower
  private hasBegun = false

  constructor(copies: Copies) {
    this.follower = new Follower(copies)
  }

  event(payload: Payload, sequence: number): string | undefined {
    if (!this.hasBegun || payload.octets.length > AT_ONCE) return undefined
    return this.follower.frame(payload) + BEFORE_TAIL + `${sequence}}`.padEnd(TAIL) + AFTER_TAIL
  }

  own(text: string): Effect.Effect<Uint8Array> {
    const bytes = Buffer.from(text)
    const message = bytes.length < WORTH_IT ? Effect.succeed(stored(bytes)) : deflated(bytes)
    return Effect.map(message, (message) => (this.hasBegun ? message : Buffer.concat([BEGIN, message])))
  }

  sent(): void {
    this.hasBegun = true
    this.follower.leave()
  }
}

/**
 * Makes the streams of clients that share copies, which refer back no farther than this, in bytes: 8 KiB unless it says
 * otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const streams = (farthest?: number): (() => Framing) => {
  const copies = new Copies(codec, farthest)
  return () => new ZlibStream(copies)
}
