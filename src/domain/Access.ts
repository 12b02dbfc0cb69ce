/**
 * What a member may do: roles and channel overwrites, exactly as Discord documents them.
 *
 * @see https://discord.com/developers/docs/topics/permissions
 * @since 0.1.0
 */
import type { Channel, Community, Overwrite } from "./Community.ts"
import type { Member } from "./Member.ts"
import * as Permissions from "./Permissions.ts"

/**
 * What a member may do in the guild as a whole: everything for its owner and for administrators, else what `@everyone`
 * and the member's roles allow together.
 *
 * @since 0.1.0
 * @category computing
 */
export const inGuild = (community: Community, member: Member): Permissions.Permissions => {
  if (community.ownerId === member.user.id) return Permissions.ALL
  let granted = community.everyone.permissions
  for (const id of member.roles) granted |= community.roles.get(id)?.permissions ?? Permissions.NONE
  return Permissions.has(granted, Permissions.ADMINISTRATOR) ? Permissions.ALL : granted
}

const apply = (
  granted: Permissions.Permissions,
  overwrite: Pick<Overwrite, "allow" | "deny">
): Permissions.Permissions => (granted & ~overwrite.deny) | overwrite.allow

/**
 * What a member may do in a channel: the guild's permissions, then the overwrites for `@everyone`, for all the member's
 * roles together (where one allows what another denies, it is allowed), and for the member, in this order. Whoever may
 * not see the channel may do nothing in it; whoever may not write may neither mention everyone, nor attach or embed.
 *
 * @since 0.1.0
 * @category computing
 */
export const inChannel = (community: Community, channel: Channel, member: Member): Permissions.Permissions => {
  let granted = inGuild(community, member)
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
  if (!Permissions.has(granted, Permissions.SEND_MESSAGES)) {
    granted &= ~(
      Permissions.MENTION_EVERYONE |
      Permissions.SEND_TTS_MESSAGES |
      Permissions.ATTACH_FILES |
      Permissions.EMBED_LINKS
    )
  }
  return granted
}
