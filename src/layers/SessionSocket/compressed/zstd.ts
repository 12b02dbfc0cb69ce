/**
 * `zstd-stream`: each connection is one frame of Zstandard, and each message a number of blocks in it.
 *
 * A block may be *raw*, which is its length and its bytes as they are. So an event is compressed once for all clients, and each
 * client's sequence number follows in a raw block of its own, as with `zlib-stream`. But a block also goes on with the last
 * three offsets that the blocks before it have used, and those differ between clients: so each shared copy begins with a block
 * that sets them to what a compressor begins with.
 *
 * @see https://discord.com/developers/docs/events/gateway#transport-compression
 * @see https://www.rfc-editor.org/rfc/rfc8878
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as zlib from "node:zlib"
import * as Stream from "./Stream.ts"

/** A window of 2^18 bytes, no content size, no checksum. */
const WINDOW_LOG = 18
const BEGIN = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (WINDOW_LOG - 10) << 3])

/** Sets the three last offsets to 1, 4 and 8, and gives spaces, which JSON may begin with. */
const RESET = Buffer.from("4c0000c12003440800b8dd4a", "hex")
const SPACES = " ".repeat(33)

const BLOCK_HEADER = 3
const IS_LAST = 1
const BYTE = 256

const OPTIONS = {
  params: {
    [zlib.constants.ZSTD_c_windowLog]: WINDOW_LOG,
    [zlib.constants.ZSTD_c_contentSizeFlag]: 0,
    [zlib.constants.ZSTD_c_checksumFlag]: 0,
    [zlib.constants.ZSTD_c_dictIDFlag]: 0
  }
}

const raw = (length: number): ReadonlyArray<number> => {
  const header = length << 3
  return [header % BYTE, (header >> 8) % BYTE, (header >> 16) % BYTE]
}

/** The blocks of a frame, none of which is the last one of the connection's. */
const blocks = (frame: Buffer): Buffer => {
  const all = frame.subarray(BEGIN.length)
  for (let at = 0; at < all.length;) {
    const header = all.readUIntLE(at, BLOCK_HEADER)
    all[at] = (all[at] ?? 0) & ~IS_LAST
    // A block of one byte repeated is that byte, however long it is.
    at += BLOCK_HEADER + (((header >> 1) & 3) === 1 ? 1 : header >> 3)
  }
  return all
}

const alone = (frame: Buffer): Buffer => Buffer.concat([RESET, blocks(frame)])

/**
 * See {@link Stream.streams}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const streams = Stream.streams({
  lead: SPACES,
  begin: BEGIN,
  beforeTail: String.fromCharCode(...raw(Stream.TAIL)),
  afterTail: "",
  compress: (head, dictionary) => {
    const options = dictionary === "" ? OPTIONS : { ...OPTIONS, dictionary: Buffer.from(dictionary, "latin1") }
    return alone(zlib.zstdCompressSync(Buffer.from(head, "latin1"), options)).toString("latin1")
  },
  stored: (bytes) => Buffer.concat([Buffer.from(raw(bytes.length)), bytes]),
  compressed: (bytes) => alone(zlib.zstdCompressSync(bytes, OPTIONS)),
  elsewhere: (bytes) =>
    Effect.callback((resume) => {
      zlib.zstdCompress(bytes, OPTIONS, (error, result) =>
        resume(error === null ? Effect.succeed(alone(result)) : Effect.die(error))
      )
    })
})
