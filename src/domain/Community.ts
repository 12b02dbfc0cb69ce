/**
 * The community that a guild routes for: its roles, its channels, and who owns it.
 *
 * @since 0.1.0
 */
import { Predicate, Schema, SchemaTransformation } from "effect"
import { ChannelId, GuildId, RoleId, UserId } from "./Ids.ts"
import { NONE, Permissions } from "./Permissions.ts"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Role = Schema.Struct({ id: RoleId, name: Schema.String, permissions: Permissions })
/**
 * @since 0.1.0
 * @category models
 */
export type Role = typeof Role.Type

/**
 * What a channel changes for a role (`@everyone` has the guild's id) or for one member.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Overwrite = Schema.Union([
  Schema.Struct({ kind: Schema.tag("role"), id: RoleId, allow: Permissions, deny: Permissions }),
  Schema.Struct({ kind: Schema.tag("member"), id: UserId, allow: Permissions, deny: Permissions })
])
/**
 * @since 0.1.0
 * @category models
 */
export type Overwrite = typeof Overwrite.Type

/**
 * A text channel. `topic` may be "".
 *
 * @since 0.1.0
 * @category schemas
 */
export const Channel = Schema.Struct({
  id: ChannelId,
  name: Schema.NonEmptyString,
  topic: Schema.String,
  overwrites: Schema.Array(Overwrite)
})
/**
 * @since 0.1.0
 * @category models
 */
export type Channel = typeof Channel.Type

/**
 * A community ready for look-ups. `roles` holds `everyone` too. Channels are in the order in which they are shown.
 *
 * @since 0.1.0
 * @category models
 */
export interface Community {
  readonly id: GuildId
  readonly name: string
  readonly ownerId: UserId
  readonly everyone: Role
  readonly roles: ReadonlyMap<RoleId, Role>
  readonly channels: ReadonlyMap<ChannelId, Channel>
}

/**
 * The id of a guild's `@everyone` role is the guild's.
 *
 * @since 0.1.0
 * @category getters
 */
export const everyoneId = (guild: GuildId): RoleId => RoleId.make(guild)

/**
 * A community from its parts. When `roles` does not define `@everyone`, it exists all the same and allows nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (parts: {
  readonly id: GuildId
  readonly name: string
  readonly ownerId: UserId
  readonly roles: ReadonlyArray<Role>
  readonly channels: ReadonlyArray<Channel>
}): Community => {
  const everyone: Role = parts.roles.find((role) => role.id === everyoneId(parts.id)) ?? {
    id: everyoneId(parts.id),
    name: "@everyone",
    permissions: NONE
  }
  return {
    id: parts.id,
    name: parts.name,
    ownerId: parts.ownerId,
    everyone,
    roles: new Map([everyone, ...parts.roles].map((role) => [role.id, role])),
    channels: new Map(parts.channels.map((channel) => [channel.id, channel]))
  }
}

const Parts = Schema.Struct({
  id: GuildId,
  name: Schema.String,
  ownerId: UserId,
  roles: Schema.Array(Role),
  channels: Schema.Array(Channel)
})

/**
 * A community as it crosses to another thread or process: roles and channels as lists.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Parts.pipe(
  Schema.decodeTo(
    Schema.declare((input): input is Community => Predicate.hasProperty(input, "everyone"), {
      identifier: "Community"
    }),
    SchemaTransformation.transform({
      decode: (parts: typeof Parts.Type) => make(parts),
      encode: ({ channels, id, name, ownerId, roles }: Community): typeof Parts.Type => ({
        id,
        name,
        ownerId,
        roles: Array.from(roles.values()),
        channels: Array.from(channels.values())
      })
    })
  )
)
