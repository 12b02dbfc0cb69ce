/**
 * Fanfare's values as Discord's API v10 writes them. Fields that a client reads and Fanfare has no notion of have the
 * value that Discord gives them when they are unset.
 *
 * @see https://discord.com/developers/docs/reference
 * @since 0.1.0
 */
import type { Channel, Community, Role } from "../Community.ts"
import type { View } from "../guild/Protocol.ts"
import type { GuildId, SessionId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Message } from "../Message.ts"
import type { User } from "../User.ts"

/** A text channel, among the types of channels; a member's overwrite, among those of overwrites; a reply, of messages. */
const GUILD_TEXT = 0
const OVERWRITE_TYPE = { role: 0, member: 1 } as const
const DEFAULT = 0
const REPLY = 19
/** Members from which Discord counts a guild as large, and leaves most of them out of its description. */
const LARGE = 50

const time = (millis: number): string => new Date(millis).toISOString()

/**
 * @since 0.1.0
 * @category objects
 */
export const user = (value: User) => ({
  id: value.id,
  username: value.username,
  discriminator: "0",
  global_name: null,
  avatar: null,
  bot: value.bot
})

const partialMember = (value: Member) => ({
  nick: null,
  avatar: null,
  roles: value.roles,
  joined_at: time(value.joinedAt),
  premium_since: null,
  deaf: false,
  mute: false,
  flags: 0,
  pending: false,
  communication_disabled_until: null
})

/**
 * @since 0.1.0
 * @category objects
 */
export const member = (value: Member) => ({ ...partialMember(value), user: user(value.user) })

const role = (value: Role, position: number) => ({
  id: value.id,
  name: value.name,
  color: 0,
  colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
  hoist: false,
  icon: null,
  unicode_emoji: null,
  position,
  permissions: String(value.permissions),
  managed: false,
  mentionable: false,
  flags: 0
})

/**
 * @since 0.1.0
 * @category objects
 */
export const channel = (value: Channel, position: number, guild: GuildId) => ({
  id: value.id,
  type: GUILD_TEXT,
  guild_id: guild,
  position,
  name: value.name,
  topic: value.topic === "" ? null : value.topic,
  nsfw: false,
  parent_id: null,
  last_message_id: null,
  rate_limit_per_user: 0,
  flags: 0,
  permission_overwrites: value.overwrites.map((overwrite) => ({
    id: overwrite.id,
    type: OVERWRITE_TYPE[overwrite.kind],
    allow: String(overwrite.allow),
    deny: String(overwrite.deny)
  }))
})

/**
 * A community's channels, in order.
 *
 * @since 0.1.0
 * @category objects
 */
export const channels = (community: Community) =>
  Array.from(community.channels.values(), (value, position) => channel(value, position, community.id))

/**
 * @since 0.1.0
 * @category objects
 */
export const guild = ({ community }: View) => ({
  id: community.id,
  name: community.name,
  icon: null,
  splash: null,
  discovery_splash: null,
  owner_id: community.ownerId,
  afk_channel_id: null,
  afk_timeout: 300,
  verification_level: 0,
  default_message_notifications: 0,
  explicit_content_filter: 0,
  roles: Array.from(community.roles.values(), role),
  emojis: [],
  stickers: [],
  features: [],
  mfa_level: 0,
  application_id: null,
  system_channel_id: null,
  system_channel_flags: 0,
  rules_channel_id: null,
  public_updates_channel_id: null,
  safety_alerts_channel_id: null,
  vanity_url_code: null,
  description: null,
  banner: null,
  premium_tier: 0,
  premium_subscription_count: 0,
  premium_progress_bar_enabled: false,
  preferred_locale: "en-US",
  nsfw_level: 0
})

/**
 * What `GUILD_CREATE` says.
 *
 * @since 0.1.0
 * @category events
 */
export const guildCreate = (view: View) => ({
  ...guild(view),
  joined_at: time(view.member.joinedAt),
  large: view.memberCount > LARGE,
  unavailable: false,
  member_count: view.memberCount,
  members: view.members.map(member),
  channels: channels(view.community),
  threads: [],
  presences: [],
  voice_states: [],
  stage_instances: [],
  guild_scheduled_events: [],
  soundboard_sounds: []
})

/**
 * @since 0.1.0
 * @category objects
 */
export const message = (value: Message) => ({
  id: value.id,
  channel_id: value.channelId,
  author: user(value.author.user),
  content: value.draft.content,
  timestamp: time(value.sentAt),
  edited_timestamp: null,
  tts: value.draft.tts,
  mention_everyone: false,
  mentions: [],
  mention_roles: [],
  attachments: [],
  embeds: value.draft.embeds.map((embed) => ({ type: "rich", ...embed })),
  components: [],
  pinned: false,
  flags: 0,
  ...(value.draft.nonce === undefined ? undefined : { nonce: value.draft.nonce }),
  ...(value.draft.replyTo === undefined
    ? { type: DEFAULT }
    : {
        type: REPLY,
        message_reference: {
          type: 0,
          message_id: value.draft.replyTo,
          channel_id: value.channelId,
          guild_id: value.guildId
        }
      })
})

/**
 * What `MESSAGE_CREATE` says.
 *
 * @since 0.1.0
 * @category events
 */
export const messageCreate = (value: Message) => ({
  ...message(value),
  guild_id: value.guildId,
  member: partialMember(value.author)
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
  user: { ...user(options.user), verified: true, email: null, flags: 0, mfa_enabled: true },
  guilds: options.guilds.map((id) => ({ id, unavailable: true })),
  session_id: options.session,
  resume_gateway_url: options.resumeUrl,
  shard: options.shard,
  application: { id: options.user.id, flags: 0 }
})
