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
import * as Stream from "./Stream.ts"

/** The length of an empty stored block and its complement: what clients look for at the end of a message. */
const EMPTY = [0x00, 0x00, 0xff, 0xff]

const FLUSHED = { finishFlush: zlib.constants.Z_SYNC_FLUSH }

const stored = (bytes: Buffer): Buffer => {
  const { length } = bytes
  const header = [0x00, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]
  return Buffer.concat([Buffer.from(header), bytes, Buffer.from([0x00, ...EMPTY])])
}

/**
 * See {@link Stream.streams}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const streams = Stream.streams({
  lead: "",
  begin: Buffer.from([0x78, 0x9c]),
  // A flush is an empty stored block at the beginning of a byte. Instead of its length comes that of a client's tail.
  beforeTail: String.fromCharCode(Stream.TAIL, 0x00, ~Stream.TAIL & 0xff, 0xff),
  afterTail: String.fromCharCode(0x00, ...EMPTY),
  compress: (head, dictionary) => {
    const options = dictionary === "" ? FLUSHED : { ...FLUSHED, dictionary: Buffer.from(dictionary, "latin1") }
    const deflated = zlib.deflateRawSync(Buffer.from(head, "latin1"), options)
    return deflated.toString("latin1", 0, deflated.length - EMPTY.length)
  },
  stored,
  compressed: (bytes) => zlib.deflateRawSync(bytes, FLUSHED),
  elsewhere: (bytes) =>
    Effect.callback((resume) => {
      zlib.deflateRaw(bytes, FLUSHED, (error, result) =>
        resume(error === null ? Effect.succeed(result) : Effect.die(error))
      )
    })
})
