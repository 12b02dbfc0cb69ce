/**
 * Fanfare's values as Discord's API v10 writes them. Fields that a client reads and Fanfare has no notion of have the
 * value that Discord gives them when they are unset.
 *
 * @see https://discord.com/developers/docs/reference
 * @since 0.1.0
 */
import { HashMap, Option } from "effect"
import * as Access from "../Access.ts"
import type { Channel, Community, Role } from "../Community.ts"
import type { Counts } from "../guild/commands/reads.ts"
import type { PresenceChanged, VoiceChanged } from "../guild/Event.ts"
import type { ChannelId, GuildId, MessageId, UserId } from "../Ids.ts"
import type { Embed } from "../Embed.ts"
import type { Member } from "../Member.ts"
import type { Message } from "../Message.ts"
import type { Showing } from "../Presence.ts"
import type { User } from "../User.ts"

/** The types of channels; a member's overwrite, among those of overwrites; a reply, of messages. */
const CHANNEL_TYPE = { text: 0, voice: 2, category: 4 } as const
const OVERWRITE_TYPE = { role: 0, member: 1 } as const
const DEFAULT = 0
const REPLY = 19
/** Members from which Discord counts a guild as large, and leaves most of them out of its description. */
const LARGE = 50

/** The only one there is. */
const LOCALE = "en-US" as const

/** As many as Discord lets there be; here there is no limit of its own. */
const MAX_MEMBERS = 25_000_000

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
  avatar_decoration_data: null,
  collectibles: null,
  primary_guild: null,
  public_flags: 0,
  flags: 0,
  bot: value.bot
})

/**
 * A user who is asked for alone.
 *
 * @since 0.1.0
 * @category objects
 */
export const profile = (value: User) => ({ ...user(value), banner: null, accent_color: null })

/**
 * A user as they themselves see it. There are no addresses, and nobody has confirmed any.
 *
 * @since 0.1.0
 * @category objects
 */
export const ownProfile = (value: User) => ({
  ...profile(value),
  locale: LOCALE,
  mfa_enabled: true,
  premium_type: 0,
  email: null,
  verified: true
})

/**
 * The application of a bot, which is the bot's alone: nobody else owns it, and there is nothing that it could be asked to do
 * but what the bot does.
 *
 * @see https://discord.com/developers/docs/resources/application
 * @since 0.1.0
 * @category objects
 */
export const application = (value: User, guildCount: number) => ({
  id: value.id,
  name: value.username,
  icon: null,
  description: "",
  type: null,
  bot: user(value),
  bot_public: false,
  bot_require_code_grant: false,
  verify_key: "0".repeat(64),
  flags: 0,
  flags_new: "0",
  redirect_uris: [],
  interactions_endpoint_url: null,
  role_connections_verification_url: null,
  owner: user(value),
  approximate_guild_count: guildCount,
  approximate_user_install_count: 0,
  approximate_user_authorization_count: 0,
  explicit_content_filter: 0,
  team: null,
  eligible_oauth2_scopes: []
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
  avatar_decoration_data: null,
  banner: null,
  collectibles: null,
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
  nsfw: value.isNsfw ?? false,
  flags: 0,
  ...(value.kind === "category"
    ? undefined
    : {
        topic: value.topic === "" ? null : value.topic,
        ...(lastMessage === undefined ? undefined : { last_message_id: lastMessage }),
        rate_limit_per_user: value.slowMode ?? 0
      }),
  ...(value.kind === "voice"
    ? {
        bitrate: value.bitrate ?? 64_000,
        user_limit: value.userLimit,
        rtc_region: value.region === undefined || value.region === "" ? null : value.region,
        video_quality_mode: value.videoQuality ?? 1
      }
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
  home_header: null,
  owner_id: community.ownerId,
  afk_channel_id: null,
  afk_timeout: 300,
  // The documentation calls it deprecated, and this is what Discord answers.
  region: "deprecated",
  widget_enabled: false,
  widget_channel_id: null,
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
  preferred_locale: LOCALE,
  nsfw: false,
  nsfw_level: 0,
  max_presences: null,
  max_members: MAX_MEMBERS,
  max_video_channel_users: 25,
  max_stage_video_channel_users: 50,
  incidents_data: null,
  hub_type: null
})

/**
 * How many members a guild has, and how many of them are connected, about.
 *
 * @since 0.1.0
 * @category objects
 */
export const counts = ({ members, online }: Counts) => ({
  approximate_member_count: members,
  approximate_presence_count: online
})

/**
 * A guild in the list of those that a user is in.
 *
 * @since 0.1.0
 * @category objects
 */
export const ownGuild = (community: Community, member: Member, now: number) => ({
  id: community.id,
  name: community.name,
  icon: null,
  banner: null,
  owner: community.ownerId === member.user.id,
  permissions: String(Access.inGuild(community, member, now)),
  features: []
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
  readonly presences: ReadonlyArray<readonly [UserId, Showing]>
  readonly memberCount: number
}) => ({
  joined_at: time(value.member.joinedAt),
  large: value.memberCount > LARGE,
  unavailable: false,
  member_count: value.memberCount,
  presences: value.presences
    .filter(([, { presence }]) => presence !== "offline")
    .map(([user, showing]) => presence({ user, guild: value.community.id, ...showing })),
  threads: [],
  stage_instances: [],
  guild_scheduled_events: [],
  soundboard_sounds: []
})

/**
 * @since 0.1.0
 * @category objects
 */
export const presence = ({ activities, guild, presence, user }: Omit<PresenceChanged, "_tag">) => ({
  user: { id: user },
  guild_id: guild,
  status: presence,
  activities: activities.map(({ since, ...activity }, nth) => ({ ...activity, id: String(nth), created_at: since })),
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

const embed = ({ fields, ...rest }: Embed) => ({
  type: "rich" as const,
  ...rest,
  ...(fields === undefined ? undefined : { fields: fields.map((field) => ({ inline: false, ...field })) })
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
  embeds: value.draft.embeds.map(embed),
  components: [],
  pinned: false,
  flags: value.draft.flags ?? 0,
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
