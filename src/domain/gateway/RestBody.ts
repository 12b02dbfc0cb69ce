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

const CHANNEL_KIND = { 0: "text", 2: "voice", 4: "category" } as const

/** What a field may be left out or `null` for: both mean that it is not given. */
const given = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Name = Schema.NonEmptyString.check(Schema.isMaxLength(100))
const Position = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Color = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffff }))

/**
 * `color` is how a role's colour was said before there could be several; here there is one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RoleBody = Schema.Struct({
  name: given(Schema.String.check(Schema.isMaxLength(100))),
  permissions: given(Permissions),
  color: given(Color),
  colors: given(Schema.Struct({ primary_color: Color })),
  hoist: given(Schema.Boolean),
  mentionable: given(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const RolePositions = Schema.Array(Schema.Struct({ id: RoleId, position: given(Position) }))

/**
 * @since 0.1.0
 * @category schemas
 */
export const OverwriteBody = Schema.Struct({
  type: Schema.Literals([0, 1]),
  allow: given(Permissions),
  deny: given(Permissions)
})

const Overwrites = Schema.Array(Schema.Struct({ id: Snowflake, ...OverwriteBody.fields }))

const channel = {
  topic: given(Schema.String.check(Schema.isMaxLength(1024))),
  position: given(Schema.Int),
  parent_id: given(ChannelId),
  user_limit: given(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 }))),
  permission_overwrites: given(Overwrites)
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ChannelBody = Schema.Struct({ name: given(Name), ...channel })

/**
 * @since 0.1.0
 * @category schemas
 */
export const NewChannelBody = Schema.Struct({ name: Name, type: given(Schema.Literals([0, 2, 4])), ...channel })

/**
 * @since 0.1.0
 * @category schemas
 */
export const ChannelPositions = Schema.Array(
  Schema.Struct({
    id: ChannelId,
    position: given(Schema.Int),
    parent_id: given(ChannelId),
    lock_permissions: given(Schema.Boolean)
  })
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const MemberBody = Schema.Struct({
  nick: given(Schema.String.check(Schema.isMaxLength(32))),
  roles: given(Schema.Array(RoleId)),
  mute: given(Schema.Boolean),
  deaf: given(Schema.Boolean),
  channel_id: given(ChannelId),
  communication_disabled_until: given(Schema.DateTimeUtcFromString)
})

/** Only what is given. */
const present = <A extends object>(fields: { readonly [K in keyof A]: A[K] | null | undefined }): Partial<A> => {
  const found: Partial<A> = {}
  for (const key in fields) {
    const value = fields[key]
    if (value !== null && value !== undefined) found[key] = value
  }
  return found
}

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
  body.flatMap(({ id: role, position }) => (position === null || position === undefined ? [] : [{ role, position }]))

/**
 * @since 0.1.0
 * @category getters
 */
export const overwrite = (id: string, { allow, deny, type }: typeof OverwriteBody.Type): CommunityOverwrite => {
  const bits = { allow: allow ?? 0n, deny: deny ?? 0n }
  return type === 0 ? { kind: "role", id: RoleId.make(id), ...bits } : { kind: "member", id: UserId.make(id), ...bits }
}

const channelFields = (body: Omit<typeof ChannelBody.Type, "name" | "parent_id">) =>
  present<Pick<Channel, "topic" | "position" | "userLimit" | "overwrites">>({
    topic: body.topic,
    position: body.position,
    userLimit: body.user_limit,
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
export const channelMove = (body: (typeof ChannelPositions.Type)[number]) => ({
  channel: body.id,
  ...present<Pick<Channel, "position">>({ position: body.position }),
  ...(body.parent_id === undefined ? undefined : { parent: body.parent_id }),
  ...(body.lock_permissions === true ? { isSynced: true } : undefined)
})

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
