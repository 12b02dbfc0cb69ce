/**
 * The demo guild: what `npm start` serves to whoever holds one of its tokens.
 *
 * @since 0.1.0
 */
import * as Community from "../domain/Community.ts"
import { ChannelId, GuildId, RoleId, UserId } from "../domain/Ids.ts"
import type { Member } from "../domain/Member.ts"
import * as Permissions from "../domain/Permissions.ts"
import type { User } from "../domain/User.ts"
import * as Simulation from "./Simulation.ts"

/** Ids count up from one snowflake of 2024: nothing depends on their values. */
const FIRST_ID = 1_200_000_000_000_000_000n
const id = (offset: number): string => String(FIRST_ID + BigInt(offset))

const GUILD = GuildId.make(id(0))
const STAFF = RoleId.make(id(1))
const REGULARS = RoleId.make(id(2))
const READ = Permissions.VIEW_CHANNEL | Permissions.READ_MESSAGE_HISTORY
const WRITE = Permissions.SEND_MESSAGES | Permissions.EMBED_LINKS
const SPEAK = Permissions.CONNECT | Permissions.SPEAK

const channel = (
  offset: number,
  name: string,
  topic: string,
  more: Partial<Community.Channel> = {}
): Community.ChannelParts => ({ id: ChannelId.make(id(offset)), name, topic, position: offset - 10, ...more })

const everyone = Community.everyoneId(GUILD)

/**
 * The users of the demo guild, by number from 1. The first is a person, and owns it; the others are bots, so that bots
 * which heed only people hear the page, and not each other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const user = (index: number, username: string): User => ({
  id: UserId.make(id(1000 + index)),
  username,
  bot: index !== 1
})

/**
 * Three text channels: everyone writes in the first, only staff in the second, and only staff see the third. And one to
 * talk in. The first two members are staff: the owner may do everything anyway. So many more are `simulated`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const guild = (
  users: readonly [User, ...ReadonlyArray<User>],
  simulated = 0
): { readonly community: Community.Community; readonly members: Iterable<Member> } => ({
  community: Community.make({
    id: GUILD,
    name: "Fanfare",
    ownerId: users[0].id,
    roles: [
      { id: everyone, name: "@everyone", permissions: READ | WRITE | SPEAK | Permissions.CHANGE_NICKNAME },
      { id: STAFF, name: "Staff", permissions: Permissions.MENTION_EVERYONE, position: 2, isHoisted: true },
      { id: REGULARS, name: "Regulars", permissions: Permissions.NONE, position: 1, isHoisted: true }
    ],
    channels: [
      channel(10, "general", "Say hello."),
      channel(11, "announcements", "Only staff write here.", {
        overwrites: [
          { kind: "role", id: everyone, allow: Permissions.NONE, deny: WRITE },
          { kind: "role", id: STAFF, allow: WRITE, deny: Permissions.NONE }
        ]
      }),
      channel(12, "staff", "Only staff see this.", {
        overwrites: [
          { kind: "role", id: everyone, allow: Permissions.NONE, deny: Permissions.VIEW_CHANNEL },
          { kind: "role", id: STAFF, allow: Permissions.VIEW_CHANNEL, deny: Permissions.NONE }
        ]
      }),
      channel(13, "lounge", "", { kind: "voice" })
    ]
  }),
  members: {
    *[Symbol.iterator]() {
      for (const [index, user] of users.entries()) {
        yield { user, roles: index < 2 ? [STAFF] : [], joinedAt: Date.UTC(2024, 0, 1) }
      }
      yield* Simulation.members(simulated, REGULARS)
    }
  }
})
