import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { isDeepStrictEqual } from "node:util"
import * as Community from "../../src/domain/Community.ts"
import { ChannelId, RoleId } from "../../src/domain/Ids.ts"
import * as Permissions from "../../src/domain/Permissions.ts"
import { GUILD, userId } from "../support/community.ts"

const Name = Schema.Literals(["1", "2", "3"])
const Bits = Schema.Literals([0n, Permissions.VIEW_CHANNEL, Permissions.ADMINISTRATOR, Permissions.SEND_MESSAGES])
const Step = Schema.Union([
  Schema.Struct({ do: Schema.Literal("put role"), id: Name, permissions: Bits }),
  Schema.Struct({ do: Schema.Literal("remove role"), id: Schema.Literals(["2", "3"]) }),
  Schema.Struct({
    do: Schema.Literal("put channel"),
    id: Name,
    parent: Schema.NullOr(Name),
    overwrites: Schema.Array(
      Schema.Struct({ kind: Schema.Literals(["role", "member"]), id: Name, allow: Bits, deny: Bits })
    )
  }),
  Schema.Struct({ do: Schema.Literal("remove channel"), id: Name })
])

const changeOf = (step: typeof Step.Type): Community.Change => {
  switch (step.do) {
    case "put role":
      return {
        _tag: "RolePut",
        role: Community.role({ id: RoleId.make(step.id), name: step.id, permissions: step.permissions })
      }
    case "remove role":
      return { _tag: "RoleRemoved", role: RoleId.make(step.id) }
    case "put channel":
      return {
        _tag: "ChannelPut",
        channel: Community.channel({
          id: ChannelId.make(step.id),
          name: step.id,
          overwrites: step.overwrites.map(({ allow, deny, id, kind }) =>
            kind === "role" ? { kind, id: RoleId.make(id), allow, deny } : { kind, id: userId(Number(id)), allow, deny }
          ),
          ...(step.parent === null || step.parent === step.id ? undefined : { parent: ChannelId.make(step.parent) })
        })
      }
    case "remove channel":
      return { _tag: "ChannelRemoved", channel: ChannelId.make(step.id) }
  }
}

describe("Community", () => {
  it.prop(
    "after any changes it is what it would be if made anew; what a change does not touch is the same object",
    [Schema.Array(Step)],
    ([steps]) => {
      const first = Community.make({ id: GUILD, name: "c", ownerId: userId(0), roles: [], channels: [] })
      const changes = steps.map(changeOf)
      let community = first
      for (const change of changes) {
        const next = Community.changed(community, [change])
        const roles = Array.from(next.roles.values())
        const channels = Array.from(next.channels.values())
        assert.deepStrictEqual(next, Community.make({ ...next, roles, channels }))
        for (const { overwrites, parent } of channels) {
          assert.isTrue(change._tag !== "ChannelRemoved" || parent !== change.channel)
          assert.isTrue(overwrites.every(({ id }) => change._tag !== "RoleRemoved" || id !== change.role))
        }
        for (const [id, audience] of next.audiences) {
          const before = community.audiences.get(id)
          const isTouched = change._tag === "RoleRemoved" || (change._tag === "ChannelPut" && change.channel.id === id)
          if (!isTouched && before !== undefined && JSON.stringify(plain(before)) === JSON.stringify(plain(audience))) {
            assert.strictEqual(audience, before)
          }
        }
        // Channels that a change does not alter are the same objects too: relays tell of all others.
        for (const [id, channel] of next.channels) {
          const before = community.channels.get(id)
          const isPut = change._tag === "ChannelPut" && change.channel.id === id
          if (!isPut && isDeepStrictEqual(before, channel)) assert.strictEqual(channel, before)
        }
        community = next
      }
      assert.deepStrictEqual(Community.changed(first, changes), community, "changes may come at once")
    },
    { arbitrary: { size: 30 } }
  )
})

describe("what a change of roles costs", () => {
  it("of a role that says nothing of seeing where all see, or of what it says anyway, no audience is another", () => {
    const sees = Permissions.VIEW_CHANNEL
    const [everyone, role] = [Community.everyoneId(GUILD), RoleId.make("5")]
    const open = ChannelId.make("10")
    const hidden = ChannelId.make("11")
    const community = Community.make({
      id: GUILD,
      name: "c",
      ownerId: userId(0),
      roles: [{ id: everyone, name: "@everyone", permissions: sees }],
      channels: [
        { id: open, name: "open" },
        { id: hidden, name: "hidden", overwrites: [{ kind: "role", id: everyone, allow: 0n, deny: sees }] }
      ]
    })
    const put = (permissions: bigint) => ({
      _tag: "RolePut" as const,
      role: Community.role({ id: role, name: "new", permissions })
    })
    const created = Community.changed(community, [put(sees)])
    const denied = Community.changed(created, [put(0n)])
    for (const after of [created, denied]) {
      for (const id of [open, hidden]) assert.strictEqual(after.audiences.get(id), community.audiences.get(id))
    }
    const administers = Community.changed(denied, [put(Permissions.ADMINISTRATOR)])
    assert.notStrictEqual(administers.audiences.get(hidden), community.audiences.get(hidden))
  })

  it("overwrites are read when they are others, and never again because a role is another", () => {
    let read = 0
    const overwrites: ReadonlyArray<Community.Overwrite> = Array.from({ length: 100 }, (_, index) => ({
      kind: "member",
      id: userId(index),
      get allow() {
        read++
        return Permissions.VIEW_CHANNEL
      },
      deny: 0n
    }))
    const ids = ["10", "11", "12"].map((id) => ChannelId.make(id))
    const channels = ids.map((id) => ({ id, name: id, overwrites }))
    const community = Community.make({ id: GUILD, name: "c", ownerId: userId(0), roles: [], channels })
    assert.isAtMost(read, 100, "channels with the same overwrites share an audience")
    read = 0
    const role = Community.role({ id: RoleId.make("5"), name: "new", permissions: Permissions.ADMINISTRATOR })
    const after = Community.changed(community, [{ _tag: "RolePut", role }])
    assert.strictEqual(read, 0)
    const [first] = ids.map((id) => after.audiences.get(id))
    for (const id of ids) assert.strictEqual(after.audiences.get(id), first)
  })

  it("when a role goes, what channels say of all others is not read again", () => {
    let read = 0
    const role = RoleId.make("5")
    const overwrites = (): ReadonlyArray<Community.Overwrite> => [
      { kind: "role", id: role, allow: Permissions.VIEW_CHANNEL, deny: 0n },
      {
        kind: "member",
        id: userId(1),
        get allow() {
          read++
          return Permissions.VIEW_CHANNEL
        },
        deny: 0n
      }
    ]
    const ids = ["10", "11", "12"].map((id) => ChannelId.make(id))
    const channels = ids.map((id) => ({ id, name: id, overwrites: overwrites() }))
    const roles = [{ id: role, name: "old", permissions: Permissions.VIEW_CHANNEL }]
    const community = Community.make({ id: GUILD, name: "c", ownerId: userId(0), roles, channels })
    read = 0
    const after = Community.changed(community, [{ _tag: "RoleRemoved", role }])
    assert.strictEqual(read, 0)
    for (const id of ids) {
      const [before, now] = [community, after].map(({ audiences }) => audiences.get(id))
      assert.strictEqual(now?.named, before?.named)
      assert.strictEqual(now?.allowed.size, 0)
    }
  })
})

/** With sets and maps as lists, in order. */
const plain = (value: unknown): unknown => {
  if (value instanceof Map || value instanceof Set)
    return Array.from(value, plain)
      .map((one) => JSON.stringify(one))
      .toSorted()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}
