/**
 * What a member may do: roles and channel overwrites, exactly as Discord documents them.
 *
 * @see https://discord.com/developers/docs/topics/permissions
 * @since 0.1.0
 */
import type { Channel, Community, Overwrite } from "./Community.ts"
import type { Member } from "./Member.ts"
import * as Permissions from "./Permissions.ts"

/** What is left to whoever has been timed out. */
const LOOKING = Permissions.VIEW_CHANNEL | Permissions.READ_MESSAGE_HISTORY

const SPOKEN =
  Permissions.MENTION_EVERYONE | Permissions.SEND_TTS_MESSAGES | Permissions.ATTACH_FILES | Permissions.EMBED_LINKS

/** Discord's page gives MANAGE_CHANNELS as an example; which others there are is its clients' common understanding. */
const CONNECTED = Permissions.IN_VOICE | Permissions.MANAGE_CHANNELS | Permissions.MANAGE_ROLES

/** What is left when the time is `now`. */
const inTime = (
  granted: Permissions.Permissions,
  { timedOutUntil = 0 }: Member,
  now: number
): Permissions.Permissions => (timedOutUntil > now ? granted & LOOKING : granted)

const ofRoles = (community: Community, member: Member): Permissions.Permissions => {
  if (community.ownerId === member.user.id) return Permissions.ALL
  let granted = community.everyone.permissions
  for (const id of member.roles) granted |= community.roles.get(id)?.permissions ?? Permissions.NONE
  return Permissions.has(granted, Permissions.ADMINISTRATOR) ? Permissions.ALL : granted
}

/**
 * What a member may do in the guild as a whole, at a time (`now`, Unix time in milliseconds): everything for its owner and
 * for administrators, else what `@everyone` and the member's roles allow together, and only looking for who is timed out.
 *
 * @since 0.1.0
 * @category computing
 */
export const inGuild = (community: Community, member: Member, now: number): Permissions.Permissions => {
  const granted = ofRoles(community, member)
  return granted === Permissions.ALL ? Permissions.ALL : inTime(granted, member, now)
}

const apply = (
  granted: Permissions.Permissions,
  overwrite: Pick<Overwrite, "allow" | "deny">
): Permissions.Permissions => (granted & ~overwrite.deny) | overwrite.allow

/**
 * What a member may do in a channel: the guild's permissions, then the overwrites for `@everyone`, for all the member's
 * roles together (where one allows what another denies, it is allowed), and for the member, in this order. Whoever may
 * not see the channel may do nothing in it; whoever may not write may neither mention everyone, nor attach or embed;
 * whoever may not join a call can do nothing there, nor change the channel. `now` is as for `inGuild`.
 *
 * @since 0.1.0
 * @category computing
 */
export const inChannel = (
  community: Community,
  channel: Channel,
  member: Member,
  now: number
): Permissions.Permissions => {
  let granted = ofRoles(community, member)
  if (granted === Permissions.ALL) return Permissions.ALL
  let allow = Permissions.NONE
  let deny = Permissions.NONE
  let own: Overwrite | undefined
  for (const overwrite of channel.overwrites) {
    if (overwrite.kind === "member") {
      if (overwrite.id === member.user.id) own = overwrite
    } else if (overwrite.id === community.everyone.id) {
      granted = apply(granted, overwrite)
    } else if (member.roles.some((role) => role === overwrite.id)) {
      allow |= overwrite.allow
      deny |= overwrite.deny
    }
  }
  granted = apply(granted, { allow, deny })
  if (own !== undefined) granted = apply(granted, own)
  if (!Permissions.has(granted, Permissions.VIEW_CHANNEL)) return Permissions.NONE
  if (!Permissions.has(granted, Permissions.SEND_MESSAGES)) granted &= ~SPOKEN
  if (channel.kind === "voice" && !Permissions.has(granted, Permissions.CONNECT)) granted &= ~CONNECTED
  return inTime(granted, member, now)
}
