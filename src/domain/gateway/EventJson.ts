/**
 * What the gateway's events say, as Discord's API v10 writes them.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#receive-events
 * @since 0.1.0
 */
import type { Seen } from "../guild/commands/reads.ts"
import type { Event, MemberChanged } from "../guild/Event.ts"
import type { GuildId, RoleId, SessionId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Shown } from "../memberlist/lists.ts"
import type { Op } from "../memberlist/Op.ts"
import type { Header, Row } from "../memberlist/Row.ts"
import type { Message } from "../Message.ts"
import type { User } from "../User.ts"
import * as Json from "./Json.ts"
import * as Opcode from "./Opcode.ts"

const memberChanged = ({ guild, member }: MemberChanged) => ({ guild_id: guild, ...Json.member(member) })

/**
 * What `GUILD_MEMBERS_CHUNK` says: `index` of `count` chunks, and who is `missing` of those who were asked for.
 *
 * @since 0.1.0
 * @category events
 */
export const membersChunk = (value: {
  readonly guild: GuildId
  readonly members: ReadonlyArray<Seen>
  readonly index: number
  readonly count: number
  readonly missing: ReadonlyArray<string>
  readonly withPresences: boolean
  readonly nonce: string | undefined
}) => ({
  guild_id: value.guild,
  members: value.members.map((one) => Json.member(one.member)),
  chunk_index: value.index,
  chunk_count: value.count,
  not_found: value.missing,
  ...(value.withPresences
    ? {
        presences: value.members
          .filter((one) => one.presence !== "offline")
          .map((one) => Json.presence({ ...one, guild: value.guild, user: one.member.user.id }))
      }
    : undefined),
  ...(value.nonce === undefined ? undefined : { nonce: value.nonce })
})

/**
 * What `RATE_LIMITED` says: a request for a guild's members was not taken, and may be made again in so many seconds.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#rate-limited
 * @since 0.1.0
 * @category events
 */
export const membersLimited = (value: {
  readonly guild: GuildId
  readonly nonce: string | undefined
  readonly retryAfter: number
}) => ({
  opcode: Opcode.REQUEST_GUILD_MEMBERS,
  retry_after: value.retryAfter,
  meta: { guild_id: value.guild, ...(value.nonce === undefined ? undefined : { nonce: value.nonce }) }
})

const memberRow = (row: Row<Shown>, members: ReadonlyMap<UserId, Member>, guild: GuildId) => {
  if (row._tag === "Group") return { group: { id: row.id, count: row.count } }
  const found = members.get(row.user)
  const seen = Json.presence({ guild, user: row.user, presence: row.value.presence, activities: [] })
  return {
    member: found === undefined ? { user: { id: row.user }, presence: seen } : { ...Json.member(found), presence: seen }
  }
}

const memberListOp = (op: Op<Shown>, members: ReadonlyMap<UserId, Member>, guild: GuildId) => {
  switch (op._tag) {
    case "Sync":
      return { op: "SYNC", range: op.range, items: op.rows.map((row) => memberRow(row, members, guild)) }
    case "Insert":
      return { op: "INSERT", index: op.index, item: memberRow(op.row, members, guild) }
    case "Update":
      return { op: "UPDATE", index: op.index, item: memberRow(op.row, members, guild) }
    case "Delete":
      return { op: "DELETE", index: op.index }
    case "Invalidate":
      return { op: "INVALIDATE", range: op.range }
  }
}

/**
 * What `GUILD_MEMBER_LIST_UPDATE` says, which is known from the clients that people use: of which list, how many are in
 * which of its groups, and what is to be done with the rows that a client has.
 *
 * @since 0.1.0
 * @category events
 */
export const memberList = (value: {
  readonly guild: GuildId
  readonly id: string
  readonly groups: ReadonlyArray<Header>
  readonly count: number
  readonly ops: ReadonlyArray<Op<Shown>>
  readonly members: ReadonlyMap<UserId, Member>
}) => ({
  guild_id: value.guild,
  id: value.id,
  member_count: value.count,
  online_count: value.groups.reduce((sum, { count, id }) => sum + (id === "offline" ? 0 : count), 0),
  groups: value.groups.map(({ count, id }) => ({ id, count })),
  ops: value.ops.map((op) => memberListOp(op, value.members, value.guild))
})

const roleDeleted = (guild: GuildId, role: RoleId) => ({ guild_id: guild, role_id: role })

/**
 * An event's name, and what it says.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#receive-events
 * @since 0.1.0
 * @category events
 */
export const event = (value: Event) => {
  switch (value._tag) {
    case "MessageCreated":
      return ["MESSAGE_CREATE", messageCreate(value.message)] as const
    case "PresenceChanged":
      return ["PRESENCE_UPDATE", Json.presence(value)] as const
    case "RoleCreated":
      return ["GUILD_ROLE_CREATE", { guild_id: value.guild, role: Json.role(value.role) }] as const
    case "RoleUpdated":
      return ["GUILD_ROLE_UPDATE", { guild_id: value.guild, role: Json.role(value.role) }] as const
    case "RoleDeleted":
      return ["GUILD_ROLE_DELETE", roleDeleted(value.guild, value.role)] as const
    case "ChannelCreated":
      return ["CHANNEL_CREATE", Json.channel(value.channel, value.guild)] as const
    case "ChannelUpdated":
      return ["CHANNEL_UPDATE", Json.channel(value.channel, value.guild)] as const
    case "ChannelDeleted":
      return ["CHANNEL_DELETE", Json.channel(value.channel, value.guild)] as const
    case "MemberAdded":
      return ["GUILD_MEMBER_ADD", memberChanged(value)] as const
    case "MemberUpdated":
      return ["GUILD_MEMBER_UPDATE", memberChanged(value)] as const
    case "MemberRemoved":
      return ["GUILD_MEMBER_REMOVE", { guild_id: value.guild, user: Json.user(value.member.user) }] as const
    case "GuildRemoved":
      return ["GUILD_DELETE", { id: value.guild }] as const
    case "VoiceChanged":
      return ["VOICE_STATE_UPDATE", Json.voiceState(value)] as const
  }
}

const messageCreate = (value: Message) => ({
  ...Json.message(value),
  guild_id: value.guildId,
  member: Json.partialMember(value.author)
})

/**
 * What `READY` says.
 *
 * @since 0.1.0
 * @category events
 */
export const ready = (options: {
  readonly user: User
  readonly session: SessionId
  readonly guilds: ReadonlyArray<GuildId>
  readonly resumeUrl: string
  readonly shard: readonly [index: number, count: number]
}) => ({
  v: 10,
  user: Json.ownProfile(options.user),
  guilds: options.guilds.map((id) => ({ id, unavailable: true })),
  session_id: options.session,
  resume_gateway_url: options.resumeUrl,
  shard: options.shard,
  session_type: "normal",
  application: { id: options.user.id, flags: 0, flags_new: "0" },
  // Bots have none of these, and clients look for them.
  private_channels: [],
  relationships: [],
  presences: [],
  guild_join_requests: [],
  user_settings: {},
  _trace: []
})
