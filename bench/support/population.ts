/**
 * A community of very many: 250 roles, members with none to eight of them, a few of which nearly everybody has, and a
 * channel that is spoken of by role and by name. The same in every process.
 */
import { Community, Ids, type Member, Permissions } from "../../src/index.ts"
import * as MemberQuery from "../../src/domain/MemberQuery.ts"
import { seeded } from "../../test/support/random.ts"

const GUILD = Ids.GuildId.make("41771983423143937")
const CHANNEL = Ids.ChannelId.make("41771983423143938")

const roleIds = Array.from({ length: 250 }, (_, index) =>
  Ids.RoleId.make(String(700_000_000_000_000_000n + BigInt(index) * 12_345_678_901n))
)

/** Scattered over all times at which people can have come to Discord; no two have the same. */
export const userId = (index: number): Ids.UserId =>
  Ids.UserId.make(String((BigInt(Math.imul(index, 0x9e3779b1) >>> 0) << 28n) + 80_351_110_224_678_912n), {
    disableChecks: true
  })

/** `version` is what changes about a member. */
export const memberOf = (index: number, version = 0): Member.Member => {
  const random = seeded(index * 31 + version)
  const roles = new Set<Ids.RoleId>()
  for (let left = Math.floor(9 * random() ** 3); left > 0; left--) {
    const role = roleIds[Math.floor(roleIds.length * random() ** 3)]
    if (role !== undefined) roles.add(role)
  }
  const name = `${(index * 7919).toString(36)}${random() < 0.05 ? "ölçer" : "walker"}`
  return {
    user: { id: userId(index), username: random() < 0.03 ? `${name} 日本` : name, bot: false },
    roles: Array.from(roles),
    joinedAt: 1_420_070_400_000 + Math.floor(random() * 3e11),
    ...(random() < 0.2 && { nick: `Nick ${version} of ${index}` })
  }
}

const community = Community.make({
  id: GUILD,
  name: "population",
  ownerId: userId(0),
  roles: [
    { id: Community.everyoneId(GUILD), name: "@everyone", permissions: Permissions.VIEW_CHANNEL },
    ...roleIds.map((id, index) => ({
      id,
      name: id,
      permissions: index < 3 ? Permissions.ADMINISTRATOR : Permissions.VIEW_CHANNEL
    }))
  ],
  channels: [
    {
      id: CHANNEL,
      name: "general",
      overwrites: [
        {
          kind: "role",
          id: Community.everyoneId(GUILD),
          allow: Permissions.NONE,
          deny: Permissions.VIEW_CHANNEL
        },
        ...roleIds.slice(10, 40).map((id, index) => ({
          kind: "role" as const,
          id,
          allow: index % 3 === 0 ? Permissions.NONE : Permissions.VIEW_CHANNEL,
          deny: index % 3 === 0 ? Permissions.VIEW_CHANNEL : Permissions.NONE
        })),
        ...[1, 2, 3, 4].map((index) => ({
          kind: "member" as const,
          id: userId(index),
          allow: index % 2 === 0 ? Permissions.VIEW_CHANNEL : Permissions.NONE,
          deny: index % 2 === 0 ? Permissions.NONE : Permissions.VIEW_CHANNEL
        }))
      ]
    }
  ]
})

/** Whom a ping of everyone in the channel is for. */
export const everyone: MemberQuery.MemberQuery = (() => {
  const audience = community.audiences.get(CHANNEL)
  if (audience === undefined) throw new Error("there is a channel")
  return MemberQuery.seeing(audience)
})()

export { GUILD as guild }
