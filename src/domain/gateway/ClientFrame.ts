/**
 * What a client sends, as a closed union.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 * @since 0.1.0
 */
import { Option, Result, Schema } from "effect"
import * as CloseCode from "./CloseCode.ts"
import * as Opcode from "./Opcode.ts"

/**
 * The most bytes that a frame may have.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_BYTES = 4096

/**
 * @since 0.1.0
 * @category schemas
 */
export const Heartbeat = Schema.Struct({ op: Schema.Literal(Opcode.HEARTBEAT), d: Schema.NullOr(Schema.Int) })

/**
 * @since 0.1.0
 * @category schemas
 */
export const Identify = Schema.Struct({
  op: Schema.Literal(Opcode.IDENTIFY),
  d: Schema.Struct({
    token: Schema.String,
    intents: Schema.Int,
    shard: Schema.optionalKey(Schema.Tuple([Schema.Int, Schema.Int]))
  })
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Resume = Schema.Struct({
  op: Schema.Literal(Opcode.RESUME),
  d: Schema.Struct({ token: Schema.String, session_id: Schema.String, seq: Schema.Int })
})

/**
 * Operations that are understood and have no effect yet: presence, voice state, member and sound requests.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Unserved = Schema.Struct({
  op: Schema.Literals([
    Opcode.PRESENCE_UPDATE,
    Opcode.VOICE_STATE_UPDATE,
    Opcode.REQUEST_GUILD_MEMBERS,
    Opcode.REQUEST_SOUNDBOARD_SOUNDS
  ]),
  d: Schema.Unknown
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const ClientFrame = Schema.Union([Heartbeat, Identify, Resume, Unserved])
/**
 * @since 0.1.0
 * @category models
 */
export type ClientFrame = typeof ClientFrame.Type

const KNOWN: ReadonlySet<number> = new Set([
  ...[Heartbeat, Identify, Resume].map((frame) => frame.fields.op.literal),
  ...Unserved.fields.op.literals
])

const encoder = new TextEncoder()

/** A character takes one to three bytes, so most frames are known to be short enough without counting. */
const isTooLong = (frame: string): boolean =>
  frame.length > MAX_BYTES || (frame.length * 3 > MAX_BYTES && encoder.encode(frame).length > MAX_BYTES)

const decodeOp = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ op: Schema.Int })))
const decodeFrame = Schema.decodeUnknownOption(Schema.fromJsonString(ClientFrame))

/**
 * Reads a frame. When it cannot be read, says how the connection is to be closed.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (frame: string | Uint8Array): Result.Result<ClientFrame, CloseCode.Close> => {
  if (typeof frame !== "string" || isTooLong(frame)) return Result.fail(CloseCode.DECODE_ERROR)
  const op = decodeOp(frame)
  if (Option.isNone(op)) return Result.fail(CloseCode.DECODE_ERROR)
  if (!KNOWN.has(op.value.op)) return Result.fail(CloseCode.UNKNOWN_OPCODE)
  return Result.fromOption(decodeFrame(frame), () => CloseCode.DECODE_ERROR)
}
