/**
 * The community that a guild routes for: its roles, its channels, and who owns it.
 *
 * @since 0.1.0
 */
import { Predicate, Schema, SchemaTransformation } from "effect"
import * as Audience from "./Audience.ts"
import { ChannelId, GuildId, RoleId, UserId } from "./Ids.ts"
import { lastAnswer } from "./lastAnswer.ts"
import type { Member } from "./Member.ts"
import { NONE, Permissions } from "./Permissions.ts"

/**
 * `position` orders roles: who has a higher one may change lower ones. `isHoisted`: its bearers are shown apart in member
 * lists. `isMentionable`: anybody may ping it. `color` is 0xRRGGBB, 0 for none.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Role = Schema.Struct({
  id: RoleId,
  name: Schema.String,
  permissions: Permissions,
  position: Schema.Int,
  isHoisted: Schema.Boolean,
  isMentionable: Schema.Boolean,
  color: Schema.Int
})
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
 * `topic` may be "". `parent` is the category that the channel stands under; what one may do in it, its own overwrites
 * alone say. `userLimit` is how many may be in a voice channel at a time, 0 for any number. `slowMode` is how many seconds one
 * has to wait between two messages there. For voice, `bitrate` is in bits a second, `region` is "" for whichever is near, and
 * `videoQuality` is 1 for automatic and 2 for 720p.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Channel = Schema.Struct({
  id: ChannelId,
  kind: Schema.Literals(["text", "voice", "category"]),
  name: Schema.NonEmptyString,
  topic: Schema.String,
  position: Schema.Int,
  parent: Schema.optionalKey(ChannelId),
  userLimit: Schema.Int,
  isNsfw: Schema.optionalKey(Schema.Boolean),
  slowMode: Schema.optionalKey(Schema.Int),
  bitrate: Schema.optionalKey(Schema.Int),
  region: Schema.optionalKey(Schema.String),
  videoQuality: Schema.optionalKey(Schema.Literals([1, 2])),
  overwrites: Schema.Array(Overwrite)
})
/**
 * @since 0.1.0
 * @category models
 */
export type Channel = typeof Channel.Type

/**
 * A community ready for look-ups. `roles` holds `everyone` too. `audiences` says who may see each of the channels: as long
 * as that does not change, they are the same objects, and channels with the same overwrites may share one.
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
  readonly defaults: Audience.Defaults
  readonly audiences: ReadonlyMap<ChannelId, Audience.Audience>
}

/**
 * The id of a guild's `@everyone` role is the guild's.
 *
 * @since 0.1.0
 * @category getters
 */
export const everyoneId = (guild: GuildId): RoleId => RoleId.make(guild)

/**
 * What a role is made of at least.
 *
 * @since 0.1.0
 * @category models
 */
export type RoleParts = Pick<Role, "id" | "name" | "permissions"> & Partial<Role>

/**
 * What a channel is made of at least.
 *
 * @since 0.1.0
 * @category models
 */
export type ChannelParts = Pick<Channel, "id" | "name"> & Partial<Channel>

/**
 * A role; what is left out is as in a new one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const role = (parts: RoleParts): Role => ({
  position: 0,
  isHoisted: false,
  isMentionable: false,
  color: 0,
  ...parts
})

/**
 * A channel, for text unless it says otherwise; what is left out is as in a new one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const channel = (parts: ChannelParts): Channel => ({
  kind: "text",
  topic: "",
  position: 0,
  userLimit: 0,
  overwrites: [],
  ...parts
})

/**
 * A member without roles that no longer exist. Records name a deleted role until it has been taken from all of them, which
 * goes on in the background, and so may what was read before.
 *
 * @since 0.1.0
 * @category getters
 */
export const withKnownRoles = ({ roles }: Pick<Community, "roles">, member: Member): Member =>
  member.roles.every((role) => roles.has(role))
    ? member
    : { ...member, roles: member.roles.filter((role) => roles.has(role)) }

const Parts = Schema.Struct({
  id: GuildId,
  name: Schema.String,
  ownerId: UserId,
  roles: Schema.Array(Role),
  channels: Schema.Array(Channel)
})

/**
 * Whether two lists of overwrites say the same in the same order. There are up to a thousand, and most that differ do so early:
 * hashing them first, as `Equal` does, would cost a hundred times that, and keep memory for as long as they live.
 *
 * @since 0.1.0
 * @category guards
 */
export const areSameOverwrites = (one: Channel["overwrites"], other: Channel["overwrites"]): boolean =>
  one === other ||
  (one.length === other.length &&
    one.every((overwrite, index) => {
      const counterpart = other[index]
      return (
        overwrite === counterpart ||
        (overwrite.kind === counterpart?.kind &&
          overwrite.id === counterpart.id &&
          overwrite.allow === counterpart.allow &&
          overwrite.deny === counterpart.deny)
      )
    }))

/** A channel with the same overwrites as its category has the same list: what concerns all of them is done once. */
const sharing = (channel: Channel, all: ReadonlyMap<ChannelId, Channel>): Channel => {
  const overwrites = channel.parent === undefined ? undefined : all.get(channel.parent)?.overwrites
  if (overwrites === undefined || overwrites === channel.overwrites) return channel
  return areSameOverwrites(overwrites, channel.overwrites) ? { ...channel, overwrites } : channel
}

const shared = (channels: ReadonlyArray<Channel>): ReadonlyArray<Channel> => {
  const all = new Map(channels.map((channel) => [channel.id, channel]))
  return channels.map((channel) => sharing(channel, all))
}

/** The audiences of some overwrites, by the overwrites. */
type Audiences = ReadonlyMap<Channel["overwrites"], Audience.Audience>

/** `known` are audiences as they would be if the community had the same defaults as before. */
const build = (
  { channels, id, name, ownerId, roles }: typeof Parts.Type,
  before: Community | undefined,
  known: Audiences = new Map()
): Community => {
  const own = roles.find((role) => role.id === everyoneId(id))
  const everyone = own ?? role({ id: everyoneId(id), name: "@everyone", permissions: NONE })
  const all = [everyone, ...roles.filter(({ id }) => id !== everyone.id)]
  const defaults = Audience.defaults({ ownerId, everyone }, all, before?.defaults)
  return {
    id,
    name,
    ownerId,
    everyone,
    roles: new Map(all.map((role) => [role.id, role])),
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    defaults,
    audiences: audiencesOf(channels, defaults, before, known)
  }
}

/** Overwrites are read only where they are others than before, and of channels that share them, once. */
const audiencesOf = (
  channels: ReadonlyArray<Channel>,
  defaults: Audience.Defaults,
  before: Community | undefined,
  others: Audiences
): Community["audiences"] => {
  const made = new Map<Channel["overwrites"], Audience.Audience>()
  const rebased = new Map<Audience.Audience, Audience.Audience>()
  const kept = (audience: Audience.Audience): Audience.Audience => {
    if (defaults === before?.defaults) return audience
    const found = rebased.get(audience) ?? Audience.rebased(audience, defaults)
    rebased.set(audience, found)
    return found
  }
  const areSame = lastAnswer(Audience.isSame)
  const audienceOf = ({ id, overwrites }: Channel): Audience.Audience => {
    const past = before?.audiences.get(id)
    const known = past && kept(past)
    if (known !== undefined && before?.channels.get(id)?.overwrites === overwrites) return known
    const other = others.get(overwrites)
    const found = made.get(overwrites) ?? (other && kept(other)) ?? Audience.make(defaults, overwrites)
    made.set(overwrites, found)
    return known !== undefined && areSame(known, found) ? known : found
  }
  return new Map(channels.map((channel) => [channel.id, audienceOf(channel)]))
}

/**
 * A community from its parts. When `roles` does not define `@everyone`, it exists all the same and allows nothing. What is
 * left out of roles and channels is as in new ones.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (parts: {
  readonly id: GuildId
  readonly name: string
  readonly ownerId: UserId
  readonly roles: ReadonlyArray<RoleParts>
  readonly channels: ReadonlyArray<ChannelParts>
}): Community =>
  build({ ...parts, roles: parts.roles.map(role), channels: shared(parts.channels.map(channel)) }, undefined)

/**
 * A community of which nothing is known yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const empty = (id: GuildId): Community =>
  make({ id, name: "", ownerId: UserId.make("0"), roles: [], channels: [] })

const partsOf = ({ channels, id, name, ownerId, roles }: Community): typeof Parts.Type => ({
  id,
  name,
  ownerId,
  roles: Array.from(roles.values()),
  channels: Array.from(channels.values())
})

/**
 * What can change about a community: a role or a channel that is new or different, or is no more.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Change = Schema.Union([
  Schema.TaggedStruct("RolePut", { role: Role }),
  Schema.TaggedStruct("RoleRemoved", { role: RoleId }),
  Schema.TaggedStruct("ChannelPut", { channel: Channel }),
  Schema.TaggedStruct("ChannelRemoved", { channel: ChannelId })
])
/**
 * @since 0.1.0
 * @category models
 */
export type Change = typeof Change.Type

const isAbout =
  (role: RoleId) =>
  ({ id, kind }: Overwrite): boolean =>
    kind === "role" && id === role

/** Mostly there is one to leave out, and copying all others is quick. */
const withoutRole = (overwrites: Channel["overwrites"], role: RoleId): Channel["overwrites"] => {
  const index = overwrites.findIndex(isAbout(role))
  return index === -1 ? overwrites : withoutRole(overwrites.toSpliced(index, 1), role)
}

/** A channel that nothing is to be changed about stays the same object: relays tell of all others. */
const withoutParent = (channel: Channel, gone: ChannelId): Channel => {
  const { parent, ...rest } = channel
  return parent === gone ? rest : channel
}

/** A community that is being changed. */
class Draft {
  readonly roles: Map<RoleId, Role>
  readonly channels: Map<ChannelId, Channel>
  /** Of overwrites that are others than before, so that these need not be read. */
  readonly audiences = new Map<Channel["overwrites"], Audience.Audience>()

  constructor({ audiences, channels, roles }: Community) {
    this.roles = new Map(roles)
    this.channels = new Map(channels)
    for (const [id, { overwrites }] of channels) {
      const audience = audiences.get(id)
      if (audience !== undefined) this.audiences.set(overwrites, audience)
    }
  }

  /** Hundreds of changes may come at once: each costs what it changes, not what there is. */
  change(change: Change): void {
    switch (change._tag) {
      case "RolePut":
        this.roles.set(change.role.id, change.role)
        return
      case "RoleRemoved":
        this.removeRole(change.role)
        return
      case "ChannelPut":
        this.channels.set(change.channel.id, sharing(change.channel, this.channels))
        return
      case "ChannelRemoved":
        this.channels.delete(change.channel)
        for (const [id, channel] of this.channels) this.channels.set(id, withoutParent(channel, change.channel))
        return
    }
  }

  /** Channels that have the same overwrites have the same afterwards. */
  private removeRole(role: RoleId): void {
    this.roles.delete(role)
    const left = new Map<Channel["overwrites"], Channel["overwrites"]>()
    for (const [id, channel] of this.channels) {
      const before = channel.overwrites
      const overwrites = left.get(before) ?? withoutRole(before, role)
      left.set(before, overwrites)
      if (overwrites === before) continue
      this.channels.set(id, { ...channel, overwrites })
      const audience = this.audiences.get(before)
      if (audience !== undefined) this.audiences.set(overwrites, Audience.withoutRole(audience, role))
    }
  }
}

/**
 * The community after changes. With a role its overwrites go too; the channels of a category that goes stay, under none.
 *
 * @since 0.1.0
 * @category transitions
 */
export const changed = (community: Community, changes: ReadonlyArray<Change>): Community => {
  const draft = new Draft(community)
  for (const one of changes) draft.change(one)
  const { id, name, ownerId } = community
  return build(
    { id, name, ownerId, roles: Array.from(draft.roles.values()), channels: Array.from(draft.channels.values()) },
    community,
    draft.audiences
  )
}

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
    SchemaTransformation.transform({ decode: make, encode: partsOf })
  )
)
