/**
 * What a client sends, as a closed union.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 * @since 0.1.0
 */
import { Option, Result, Schema } from "effect"
import { ChannelId, GuildId } from "../Ids.ts"
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

const Status = Schema.Literals(["online", "dnd", "idle", "invisible", "offline"])

/**
 * `capabilities` are what a client is ready for: see {@link PASSIVE}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Identify = Schema.Struct({
  op: Schema.Literal(Opcode.IDENTIFY),
  d: Schema.Struct({
    token: Schema.String,
    intents: Schema.Int,
    shard: Schema.optionalKey(Schema.Tuple([Schema.Int, Schema.Int])),
    capabilities: Schema.optionalKey(Schema.Int),
    presence: Schema.optionalKey(Schema.NullOr(Schema.Struct({ status: Status })))
  })
})

/**
 * The capability of a client that is content with a summary of the guilds that it does not look at (PASSIVE_UPDATE_V2).
 *
 * @since 0.1.0
 * @category bits
 */
export const PASSIVE = 1 << 14

/**
 * @since 0.1.0
 * @category schemas
 */
export const Resume = Schema.Struct({
  op: Schema.Literal(Opcode.RESUME),
  d: Schema.Struct({ token: Schema.String, session_id: Schema.String, seq: Schema.Int })
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const PresenceUpdate = Schema.Struct({
  op: Schema.Literal(Opcode.PRESENCE_UPDATE),
  d: Schema.Struct({ status: Status })
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const VoiceStateUpdate = Schema.Struct({
  op: Schema.Literal(Opcode.VOICE_STATE_UPDATE),
  d: Schema.Struct({
    guild_id: GuildId,
    channel_id: Schema.NullOr(ChannelId),
    self_mute: Schema.Boolean,
    self_deaf: Schema.Boolean
  })
})

/**
 * Members by the beginning of their names, or by their ids: whatever is no id is nobody's.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequestGuildMembers = Schema.Struct({
  op: Schema.Literal(Opcode.REQUEST_GUILD_MEMBERS),
  d: Schema.Struct({
    guild_id: GuildId,
    query: Schema.optionalKey(Schema.String),
    limit: Schema.optionalKey(Schema.Int),
    presences: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
    user_ids: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.Array(Schema.String)]))),
    nonce: Schema.optionalKey(Schema.NullOr(Schema.String))
  })
})

/**
 * A client looks at a guild while it wants to hear who is `typing` there, of `activities` or of `threads`, or watches the
 * member list of one of its channels: `channels` has the ranges of rows of each.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Subscription = Schema.Struct({
  typing: Schema.optionalKey(Schema.Boolean),
  activities: Schema.optionalKey(Schema.Boolean),
  threads: Schema.optionalKey(Schema.Boolean),
  channels: Schema.optionalKey(Schema.Record(ChannelId, Schema.Array(Schema.Tuple([Schema.Int, Schema.Int]))))
})
/**
 * @since 0.1.0
 * @category models
 */
export type Subscription = typeof Subscription.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const GuildSubscriptions = Schema.Struct({
  op: Schema.Literal(Opcode.GUILD_SUBSCRIPTIONS),
  d: Schema.Struct({ guild_id: GuildId, ...Subscription.fields })
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const GuildSubscriptionsBulk = Schema.Struct({
  op: Schema.Literal(Opcode.GUILD_SUBSCRIPTIONS_BULK),
  d: Schema.Struct({ subscriptions: Schema.Record(GuildId, Subscription) })
})

/**
 * Operations that are understood and have no effect: there are no sounds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Unserved = Schema.Struct({ op: Schema.Literal(Opcode.REQUEST_SOUNDBOARD_SOUNDS), d: Schema.Unknown })

const FRAMES = [
  Heartbeat,
  Identify,
  Resume,
  PresenceUpdate,
  VoiceStateUpdate,
  RequestGuildMembers,
  GuildSubscriptions,
  GuildSubscriptionsBulk,
  Unserved
] as const

/**
 * @since 0.1.0
 * @category schemas
 */
export const ClientFrame = Schema.Union(FRAMES)
/**
 * @since 0.1.0
 * @category models
 */
export type ClientFrame = typeof ClientFrame.Type

const KNOWN: ReadonlySet<number> = new Set(FRAMES.map((frame) => frame.fields.op.literal))

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
