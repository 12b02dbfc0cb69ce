/**
 * What a client sends, as a closed union.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 * @since 0.1.0
 */
import { Option, Result, Schema } from "effect"
import { ChannelId, GuildId } from "../Ids.ts"
import type { Activity as Activities, Status as Said } from "../Presence.ts"
import * as CloseCode from "./CloseCode.ts"
import * as ExactJson from "./ExactJson.ts"
import * as Lenient from "./Lenient.ts"
import * as Opcode from "./Opcode.ts"
import { present } from "./present.ts"

/**
 * The most bytes that a frame may have.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_BYTES = 4096

/**
 * Whatever it says of the events that came: it is acknowledged.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Heartbeat = Schema.Struct({ op: Schema.Literal(Opcode.HEARTBEAT), d: Schema.optionalKey(Schema.Unknown) })

const Status = Schema.Literals(["online", "dnd", "idle", "invisible", "offline"])

/** An activity without a name is none. */
const Activity = Schema.Struct({
  name: Lenient.optional(Schema.String),
  type: Lenient.optional(Lenient.integer),
  url: Lenient.optional(Schema.String),
  state: Lenient.optional(Schema.String)
})

const Presence = Schema.Struct({
  status: Lenient.optional(Status),
  activities: Lenient.optional(Schema.Array(Activity))
})

/**
 * What a client says of its user, as far as it says anything, at a time (`now`, Unix time in milliseconds).
 *
 * @since 0.1.0
 * @category getters
 */
export const said = (
  { activities, status }: typeof Presence.Type,
  now: number
): { readonly status?: Said; readonly activities?: ReadonlyArray<Activities> } => ({
  // Whoever says that they are offline does not want to be seen.
  ...(status === undefined || status === null ? undefined : { status: status === "offline" ? "invisible" : status }),
  ...(activities === undefined || activities === null
    ? undefined
    : { activities: activities.flatMap((activity) => activityOf(activity, now)) })
})

const activityOf = ({ name, state, type, url }: typeof Activity.Type, since: number): ReadonlyArray<Activities> =>
  name === undefined || name === null || name === ""
    ? []
    : [{ name, type: type ?? 0, since, ...present({ state, url }) }]

/**
 * `capabilities` are what a client is ready for: see {@link PASSIVE}. What it says of compression, of whatever type, makes no
 * difference: a client that takes compressed payloads takes plain ones too. Nor does any other field but the token keep it from
 * being read.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Identify = Schema.Struct({
  op: Schema.Literal(Opcode.IDENTIFY),
  d: Schema.Struct({
    token: Schema.String,
    intents: Lenient.orNothing(Lenient.integer),
    shard: Lenient.orNothing(Schema.NullOr(Schema.Array(Lenient.integer))),
    capabilities: Lenient.orNothing(Lenient.integer),
    presence: Lenient.orNothing(Presence)
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
 * Whatever it names: no session outlives its connection, so there is none to resume.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Resume = Schema.Struct({ op: Schema.Literal(Opcode.RESUME), d: Schema.optionalKey(Schema.Unknown) })

/**
 * Without a `status`, that is as before.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PresenceUpdate = Schema.Struct({
  op: Schema.Literal(Opcode.PRESENCE_UPDATE),
  d: Presence
})

/**
 * Without a guild it is about a call between two, of which there are none. Without a channel it hangs up.
 *
 * @since 0.1.0
 * @category schemas
 */
export const VoiceStateUpdate = Schema.Struct({
  op: Schema.Literal(Opcode.VOICE_STATE_UPDATE),
  d: Schema.Struct({
    guild_id: Lenient.optional(Lenient.text(GuildId)),
    channel_id: Lenient.optional(Lenient.text(ChannelId)),
    self_mute: Lenient.optional(Schema.Boolean),
    self_deaf: Lenient.optional(Schema.Boolean)
  })
})

const AnyText = Lenient.text(Schema.String)

/**
 * Members by the beginning of their names, or by their ids: whatever is no id is nobody's.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequestGuildMembers = Schema.Struct({
  op: Schema.Literal(Opcode.REQUEST_GUILD_MEMBERS),
  d: Schema.Struct({
    guild_id: Lenient.single(Lenient.text(GuildId)),
    query: Lenient.optional(Schema.String),
    limit: Lenient.optional(Lenient.integer),
    presences: Lenient.optional(Schema.Boolean),
    user_ids: Lenient.optional(Schema.Union([AnyText, Schema.Array(AnyText)])),
    nonce: Lenient.optional(AnyText)
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
  d: Schema.Struct({ guild_id: Lenient.text(GuildId), ...Subscription.fields })
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

const decodeOp = Schema.decodeUnknownOption(Schema.Struct({ op: Schema.Int }))
const decodeFrame = Schema.decodeUnknownOption(ClientFrame)

const parsed = (frame: string): unknown => {
  try {
    return ExactJson.parse(frame)
  } catch {
    return undefined
  }
}

/**
 * Reads a frame. When it is none, says how the connection is to be closed. Gives nothing for one that says what cannot be done,
 * and hurts nobody: a client would answer a close by connecting and saying the same again.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (frame: string | Uint8Array): Result.Result<ClientFrame | undefined, CloseCode.Close> => {
  if (typeof frame !== "string" || isTooLong(frame)) return Result.fail(CloseCode.DECODE_ERROR)
  const json = parsed(frame)
  const op = decodeOp(json)
  if (Option.isNone(op)) return Result.fail(CloseCode.DECODE_ERROR)
  if (!KNOWN.has(op.value.op)) return Result.fail(CloseCode.UNKNOWN_OPCODE)
  const known = decodeFrame(json)
  // Who cannot be known cannot be served.
  return Option.isNone(known) && op.value.op === Opcode.IDENTIFY
    ? Result.fail(CloseCode.DECODE_ERROR)
    : Result.succeed(Option.getOrUndefined(known))
}
