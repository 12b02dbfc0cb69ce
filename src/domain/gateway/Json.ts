/**
 * Fanfare's values as Discord's API v10 writes them. Fields that a client reads and Fanfare has no notion of have the
 * value that Discord gives them when they are unset.
 *
 * @see https://discord.com/developers/docs/reference
 * @since 0.1.0
 */
import { HashMap, Option } from "effect"
import type { Channel, Community, Role } from "../Community.ts"
import type { PresenceChanged, VoiceChanged } from "../guild/Event.ts"
import type { ChannelId, GuildId, MessageId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Message } from "../Message.ts"
import type { Presence } from "../Presence.ts"
import type { User } from "../User.ts"

/** The types of channels; a member's overwrite, among those of overwrites; a reply, of messages. */
const CHANNEL_TYPE = { text: 0, voice: 2, category: 4 } as const
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

/**
 * A member as they stand beside their user.
 *
 * @since 0.1.0
 * @category objects
 */
export const partialMember = (value: Member) => ({
  nick: value.nick ?? null,
  avatar: null,
  roles: value.roles,
  joined_at: time(value.joinedAt),
  premium_since: null,
  deaf: value.deaf ?? false,
  mute: value.mute ?? false,
  flags: 0,
  pending: false,
  communication_disabled_until: value.timedOutUntil === undefined ? null : time(value.timedOutUntil)
})

/**
 * @since 0.1.0
 * @category objects
 */
export const member = (value: Member) => ({ ...partialMember(value), user: user(value.user) })

/**
 * @since 0.1.0
 * @category objects
 */
export const role = (value: Role) => ({
  id: value.id,
  name: value.name,
  color: value.color,
  colors: { primary_color: value.color, secondary_color: null, tertiary_color: null },
  hoist: value.isHoisted,
  icon: null,
  unicode_emoji: null,
  position: value.position,
  permissions: String(value.permissions),
  managed: false,
  mentionable: value.isMentionable,
  flags: 0
})

/**
 * `lastMessage` is `null` where there is none yet. Where it is not known, nothing is said of it, and clients keep to what
 * they know.
 *
 * @since 0.1.0
 * @category objects
 */
export const channel = (value: Channel, guild: GuildId, lastMessage?: MessageId | null) => ({
  id: value.id,
  type: CHANNEL_TYPE[value.kind],
  guild_id: guild,
  position: value.position,
  name: value.name,
  parent_id: value.parent ?? null,
  nsfw: false,
  flags: 0,
  ...(value.kind === "category"
    ? undefined
    : {
        topic: value.topic === "" ? null : value.topic,
        ...(lastMessage === undefined ? undefined : { last_message_id: lastMessage }),
        rate_limit_per_user: 0
      }),
  ...(value.kind === "voice"
    ? { bitrate: 64_000, user_limit: value.userLimit, rtc_region: null, video_quality_mode: 1 }
    : undefined),
  permission_overwrites: value.overwrites.map((overwrite) => ({
    id: overwrite.id,
    type: OVERWRITE_TYPE[overwrite.kind],
    allow: String(overwrite.allow),
    deny: String(overwrite.deny)
  }))
})

/**
 * The channels of a community, in the order in which they were made.
 *
 * @since 0.1.0
 * @category objects
 */
export const channels = ({ channels, id }: Community, lastMessages: HashMap.HashMap<ChannelId, MessageId>) =>
  Array.from(channels.values(), (value) => channel(value, id, Option.getOrNull(HashMap.get(lastMessages, value.id))))

/**
 * @since 0.1.0
 * @category objects
 */
export const guild = (community: Community) => ({
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
 * What `GUILD_CREATE` says of the member whom it is for, and of others, but for who they are.
 *
 * @since 0.1.0
 * @category events
 */
export const guildMembers = (value: {
  readonly community: Community
  readonly member: Member
  readonly presences: ReadonlyArray<readonly [UserId, Presence]>
  readonly memberCount: number
}) => ({
  joined_at: time(value.member.joinedAt),
  large: value.memberCount > LARGE,
  unavailable: false,
  member_count: value.memberCount,
  presences: value.presences
    .filter(([, status]) => status !== "offline")
    .map(([user, status]) => presence({ user, presence: status, guild: value.community.id })),
  threads: [],
  stage_instances: [],
  guild_scheduled_events: [],
  soundboard_sounds: []
})

/**
 * @since 0.1.0
 * @category objects
 */
export const presence = ({ guild, presence, user }: Omit<PresenceChanged, "_tag">) => ({
  user: { id: user },
  guild_id: guild,
  status: presence,
  activities: [],
  client_status: presence === "offline" ? {} : { web: presence }
})

/**
 * Where somebody is, in a guild's description, which says elsewhere who that is.
 *
 * @since 0.1.0
 * @category objects
 */
export const partialVoiceState = (state: VoiceChanged["state"]) => ({
  channel_id: state.channel,
  user_id: state.member.user.id,
  session_id: state.session,
  deaf: state.member.deaf ?? false,
  mute: state.member.mute ?? false,
  self_deaf: state.selfDeaf,
  self_mute: state.selfMute,
  self_video: false,
  suppress: false,
  request_to_speak_timestamp: null
})

/**
 * @since 0.1.0
 * @category objects
 */
export const voiceState = ({ guild, state }: Omit<VoiceChanged, "_tag">) => ({
  guild_id: guild,
  member: member(state.member),
  ...partialVoiceState(state)
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
  mention_everyone: value.mentions.everyone !== "nobody",
  mentions: value.mentions.members.map((one) => ({ ...user(one.user), member: partialMember(one) })),
  mention_roles: value.mentions.roles,
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
