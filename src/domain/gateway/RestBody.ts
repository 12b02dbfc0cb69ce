/**
 * What clients send to change roles, channels and members, as Discord's API v10 has it; whatever else they send is ignored.
 *
 * @see https://discord.com/developers/docs/resources/guild
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Channel, Overwrite as CommunityOverwrite, Role } from "../Community.ts"
import type { ChannelPatch } from "../guild/commands/channels.ts"
import type { MemberPatch } from "../guild/commands/members.ts"
import type { RolePatch } from "../guild/commands/roles.ts"
import { ChannelId, RoleId, Snowflake, UserId } from "../Ids.ts"
import { Permissions } from "../Permissions.ts"
import * as Lenient from "./Lenient.ts"
import { present } from "./present.ts"

const CHANNEL_KIND = { 0: "text", 2: "voice", 4: "category" } as const

const OVERWRITE_ROLE = 0

const Name = Schema.NonEmptyString.check(Schema.isMaxLength(100))
const Position = Lenient.integer.check(Schema.isGreaterThanOrEqualTo(0))
const Color = Lenient.integer.check(Schema.isBetween({ minimum: 0, maximum: 0xffffff }))

/**
 * `color` is how a role's colour was said before there could be several; here there is one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RoleBody = Schema.Struct({
  name: Lenient.optional(Schema.String.check(Schema.isMaxLength(100))),
  permissions: Lenient.optional(Lenient.text(Permissions)),
  color: Lenient.optional(Color),
  colors: Lenient.optional(
    Schema.Struct({
      primary_color: Lenient.optional(Color),
      secondary_color: Lenient.notYet,
      tertiary_color: Lenient.notYet
    })
  ),
  icon: Lenient.notYet,
  unicode_emoji: Lenient.notYet,
  hoist: Lenient.optional(Schema.Boolean),
  mentionable: Lenient.optional(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const RolePositions = Schema.Array(
  Schema.Struct({ id: Lenient.optional(Lenient.text(RoleId)), position: Lenient.optional(Position) })
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const OverwriteBody = Schema.Struct({
  type: Lenient.optional(Schema.Literals([0, 1])),
  allow: Lenient.optional(Lenient.text(Permissions)),
  deny: Lenient.optional(Lenient.text(Permissions))
})

const Overwrites = Schema.Array(Schema.Struct({ id: Lenient.text(Snowflake), ...OverwriteBody.fields }))

const channel = {
  topic: Lenient.optional(Schema.String.check(Schema.isMaxLength(1024))),
  position: Lenient.optional(Lenient.integer),
  parent_id: Lenient.optional(Lenient.text(ChannelId)),
  nsfw: Lenient.optional(Schema.Boolean),
  rate_limit_per_user: Lenient.optional(Lenient.integer.check(Schema.isBetween({ minimum: 0, maximum: 21_600 }))),
  user_limit: Lenient.optional(Lenient.integer.check(Schema.isBetween({ minimum: 0, maximum: 99 }))),
  bitrate: Lenient.optional(Lenient.integer.check(Schema.isBetween({ minimum: 8_000, maximum: 384_000 }))),
  rtc_region: Lenient.optional(Schema.String.check(Schema.isMaxLength(64))),
  video_quality_mode: Lenient.optional(Schema.Literals([1, 2])),
  permission_overwrites: Lenient.optional(Overwrites),
  // Of threads and forums.
  available_tags: Lenient.notYet,
  default_auto_archive_duration: Lenient.notYet,
  default_forum_layout: Lenient.notYet,
  default_reaction_emoji: Lenient.notYet,
  default_sort_order: Lenient.notYet,
  default_tag_setting: Lenient.notYet,
  default_thread_rate_limit_per_user: Lenient.notYet
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ChannelBody = Schema.Struct({
  name: Lenient.optional(Name),
  type: Lenient.notYet,
  flags: Lenient.notYet,
  ...channel
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const NewChannelBody = Schema.Struct({
  name: Name,
  type: Lenient.optional(Schema.Literals([0, 2, 4])),
  ...channel
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const ChannelPositions = Schema.Array(
  Schema.Struct({
    id: Lenient.optional(Lenient.text(ChannelId)),
    position: Lenient.optional(Lenient.integer),
    parent_id: Lenient.optional(Lenient.text(ChannelId)),
    lock_permissions: Lenient.optional(Schema.Boolean)
  })
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const MemberBody = Schema.Struct({
  nick: Lenient.optional(Schema.String.check(Schema.isMaxLength(32))),
  roles: Lenient.optional(Schema.Array(Lenient.text(RoleId))),
  mute: Lenient.optional(Schema.Boolean),
  deaf: Lenient.optional(Schema.Boolean),
  channel_id: Lenient.optional(Lenient.text(ChannelId)),
  communication_disabled_until: Lenient.optional(Schema.DateTimeUtcFromString),
  flags: Lenient.notYet,
  avatar: Lenient.notYet,
  banner: Lenient.notYet,
  bio: Lenient.notYet
})

/**
 * @since 0.1.0
 * @category getters
 */
export const rolePatch = ({
  color,
  colors,
  hoist,
  mentionable,
  name,
  permissions
}: typeof RoleBody.Type): typeof RolePatch.Type =>
  present<Omit<Role, "id" | "position">>({
    name,
    permissions,
    color: colors?.primary_color ?? color,
    isHoisted: hoist,
    isMentionable: mentionable
  })

/**
 * @since 0.1.0
 * @category getters
 */
export const rolePositions = (body: typeof RolePositions.Type) =>
  body.flatMap(({ id: role, position }) =>
    role === null || role === undefined || position === null || position === undefined ? [] : [{ role, position }]
  )

/**
 * @since 0.1.0
 * @category getters
 */
export const overwrite = (id: string, { allow, deny, type }: typeof OverwriteBody.Type): CommunityOverwrite => {
  const bits = { allow: allow ?? 0n, deny: deny ?? 0n }
  return (type ?? OVERWRITE_ROLE) === OVERWRITE_ROLE
    ? { kind: "role", id: RoleId.make(id), ...bits }
    : { kind: "member", id: UserId.make(id), ...bits }
}

const channelFields = (body: Omit<typeof ChannelBody.Type, "name" | "parent_id">) =>
  present<
    Pick<Channel, "topic" | "position" | "userLimit" | "overwrites"> &
      Required<Pick<Channel, "isNsfw" | "slowMode" | "bitrate" | "region" | "videoQuality">>
  >({
    topic: body.topic,
    position: body.position,
    isNsfw: body.nsfw,
    slowMode: body.rate_limit_per_user,
    userLimit: body.user_limit,
    bitrate: body.bitrate,
    region: body.rtc_region,
    videoQuality: body.video_quality_mode,
    overwrites: body.permission_overwrites?.map((one) => overwrite(one.id, one))
  })

/**
 * A `parent_id` of `null` takes a channel out of its category.
 *
 * @since 0.1.0
 * @category getters
 */
export const channelPatch = (body: typeof ChannelBody.Type): typeof ChannelPatch.Type => ({
  ...present<Pick<Channel, "name">>({ name: body.name }),
  ...channelFields(body),
  ...(body.topic === null ? { topic: "" } : undefined),
  ...(body.rtc_region === null ? { region: "" } : undefined),
  ...(body.parent_id === undefined ? undefined : { parent: body.parent_id })
})

/**
 * @since 0.1.0
 * @category getters
 */
export const newChannel = (body: typeof NewChannelBody.Type) => ({
  name: body.name,
  kind: CHANNEL_KIND[body.type ?? 0],
  ...channelFields(body),
  ...(body.parent_id === undefined ? undefined : { parent: body.parent_id })
})

/**
 * @since 0.1.0
 * @category getters
 */
export const channelMoves = (body: typeof ChannelPositions.Type) =>
  body.flatMap(({ id: channel, lock_permissions, parent_id, position }) =>
    channel === null || channel === undefined
      ? []
      : [
          {
            channel,
            ...present<Pick<Channel, "position">>({ position }),
            ...(parent_id === undefined ? undefined : { parent: parent_id }),
            ...(lock_permissions === true ? { isSynced: true } : undefined)
          }
        ]
  )

/**
 * A `nick` of `null` or of nothing is none, a `communication_disabled_until` of `null` lets the member speak again, a `channel_id` of `null` has the member hang up.
 *
 * @since 0.1.0
 * @category getters
 */
export const memberPatch = ({
  channel_id,
  communication_disabled_until: until,
  deaf,
  mute,
  nick,
  roles
}: typeof MemberBody.Type): MemberPatch => ({
  ...present<Pick<Required<MemberPatch>, "roles" | "mute" | "deaf">>({ roles, mute, deaf }),
  ...(nick === undefined ? undefined : { nick: nick === "" ? null : nick }),
  ...(until === undefined ? undefined : { timedOutUntil: until === null ? null : until.epochMilliseconds }),
  ...(channel_id === undefined ? undefined : { channel: channel_id })
})
