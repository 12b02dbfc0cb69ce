/** A small community, and values in it, for suites that are not about permissions. */
import * as Community from "../../src/domain/Community.ts"
import { ChannelId, GuildId, RoleId, SessionId, UserId } from "../../src/domain/Ids.ts"
import type { Member } from "../../src/domain/Member.ts"
import type { Draft } from "../../src/domain/Message.ts"
import * as Permissions from "../../src/domain/Permissions.ts"

export const GUILD = GuildId.make("1")
export const GENERAL = ChannelId.make("10")
export const READ_ONLY = ChannelId.make("11")
export const HIDDEN = ChannelId.make("12")
export const STAFF = RoleId.make("2")

export const guildId = (index: number) => GuildId.make(String(1 + 1000 * index))
export const userId = (index: number) => UserId.make(String(100 + index))
export const sessionId = (index: number) => SessionId.make(`session-${index}`)

/** The owner is user 0, who is nobody's member unless a suite says so. */
export const communityOf = (guild: GuildId) => {
  const everyone = Community.everyoneId(guild)
  return Community.make({
    id: guild,
    name: "Test",
    ownerId: userId(0),
    roles: [
      {
        id: everyone,
        name: "@everyone",
        permissions: Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES | Permissions.EMBED_LINKS
      },
      { id: STAFF, name: "Staff", permissions: Permissions.NONE }
    ],
    channels: [
      { id: GENERAL, name: "general", topic: "", overwrites: [] },
      {
        id: READ_ONLY,
        name: "read-only",
        topic: "",
        overwrites: [{ kind: "role", id: everyone, allow: Permissions.NONE, deny: Permissions.SEND_MESSAGES }]
      },
      {
        id: HIDDEN,
        name: "hidden",
        topic: "",
        overwrites: [
          { kind: "role", id: everyone, allow: Permissions.NONE, deny: Permissions.VIEW_CHANNEL },
          { kind: "role", id: STAFF, allow: Permissions.VIEW_CHANNEL, deny: Permissions.NONE }
        ]
      }
    ]
  })
}

export const community = communityOf(GUILD)

export const member = (index: number, roles: ReadonlyArray<RoleId> = []): Member => ({
  user: { id: userId(index), username: `user-${index}`, bot: true },
  roles,
  joinedAt: 0
})

export const draft = (content: string): Draft => ({ content, embeds: [], tts: false })
