import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Access from "../../src/domain/Access.ts"
import * as Audience from "../../src/domain/Audience.ts"
import * as Community from "../../src/domain/Community.ts"
import { ChannelId, GuildId, RoleId, UserId } from "../../src/domain/Ids.ts"
import type { Member } from "../../src/domain/Member.ts"
import * as Permissions from "../../src/domain/Permissions.ts"
import * as discord from "../support/discord.ts"

/** A universe small enough for everything to meet everything. */
const GUILD = "1"
const BITS = [3, 10, 11, 12, 14, 15, 17, 4, 16, 20, 21, 24, 28]
const NOW = 1000
const Bits = Schema.Array(Schema.Literals(BITS))
const Roles = Schema.Literals(["1", "2", "3", "4"])
const Users = Schema.Literals(["100", "101", "102"])

const World = Schema.Struct({
  owner: Users,
  member: Users,
  kind: Schema.Literals(["text", "voice"]),
  timedOutUntil: Schema.optionalKey(Schema.Literals([NOW - 1, NOW, NOW + 1])),
  memberRoles: Schema.Array(Schema.Literals(["2", "3", "4", "5"])),
  roles: Schema.Array(Schema.Struct({ id: Roles, allow: Bits })),
  overwrites: Schema.Array(
    Schema.Union([
      Schema.Struct({ kind: Schema.Literal("role"), id: Roles, allow: Bits, deny: Bits }),
      Schema.Struct({ kind: Schema.Literal("member"), id: Users, allow: Bits, deny: Bits })
    ])
  )
})
type World = typeof World.Type

const unique = <A extends { readonly id: string }>(items: ReadonlyArray<A>): ReadonlyArray<A> =>
  Array.from(new Map(items.map((item) => [item.id, item])).values())

const model = (world: World, bit: number): boolean => {
  const overwrites = world.overwrites.filter(
    (one, index) => world.overwrites.findLastIndex((other) => other.kind === one.kind && other.id === one.id) === index
  )
  const roles = new Map(unique(world.roles).map(({ allow, id }) => [id, allow] as const))
  return discord.may(
    { guild: GUILD, owner: world.owner, roles },
    overwrites,
    { user: world.member, roles: world.memberRoles, isTimedOut: (world.timedOutUntil ?? 0) > NOW },
    bit,
    world.kind
  )
}

const mask = (bits: ReadonlyArray<number>) => bits.reduce((all, bit) => all | (1n << BigInt(bit)), 0n)

const build = (world: World) => {
  const channel = Community.channel({
    id: ChannelId.make("9"),
    name: "general",
    kind: world.kind,
    overwrites: world.overwrites
      .filter(
        (one, index) =>
          world.overwrites.findLastIndex((other) => other.kind === one.kind && other.id === one.id) === index
      )
      .map(({ allow, deny, id, kind }): Community.Overwrite =>
        kind === "role"
          ? { kind, id: RoleId.make(id), allow: mask(allow), deny: mask(deny) }
          : { kind, id: UserId.make(id), allow: mask(allow), deny: mask(deny) }
      )
  })
  const community = Community.make({
    id: GuildId.make(GUILD),
    name: "model",
    ownerId: UserId.make(world.owner),
    roles: unique(world.roles).map(({ allow, id }) => ({ id: RoleId.make(id), name: id, permissions: mask(allow) })),
    channels: [channel]
  })
  const member: Member = {
    user: { id: UserId.make(world.member), username: "m", bot: true },
    roles: world.memberRoles.map((id) => RoleId.make(id)),
    joinedAt: 0,
    ...(world.timedOutUntil === undefined ? undefined : { timedOutUntil: world.timedOutUntil })
  }
  return { channel, community, member }
}

describe("Access", () => {
  it.prop(
    "agrees with a slow model, permission by permission",
    [World],
    ([world]) => {
      const { channel, community, member } = build(world)
      const granted = Access.inChannel(community, channel, member, NOW)
      for (const bit of BITS) {
        assert.strictEqual(Permissions.has(granted, 1n << BigInt(bit)), model(world, bit), `bit ${bit}`)
      }
      const audience = community.audiences.get(channel.id)
      assert.isDefined(audience)
      assert.strictEqual(Audience.admitsMember(audience, member), model(world, 10))
      const said = member.roles.reduce((said, role) => said | Audience.says(audience, role), 0)
      assert.strictEqual(Audience.admitsUserSaying(audience, member.user.id, said), model(world, 10))
    },
    { arbitrary: { runs: 3000 } }
  )

  it("owners and administrators may do everything, whatever a channel denies", () => {
    const world: World = {
      owner: "100",
      member: "100",
      kind: "voice",
      timedOutUntil: NOW + 1,
      memberRoles: [],
      roles: [],
      overwrites: [{ kind: "member", id: "100", allow: [], deny: BITS }]
    }
    const owner = build(world)
    assert.strictEqual(Access.inChannel(owner.community, owner.channel, owner.member, NOW), Permissions.ALL)
    const admin = build({ ...world, member: "101", memberRoles: ["2"], roles: [{ id: "2", allow: [3] }] })
    assert.strictEqual(Access.inChannel(admin.community, admin.channel, admin.member, NOW), Permissions.ALL)
  })
})
