/** Where roles and channels stand. */
import { assert, describe, it } from "@effect/vitest"
import { Option, Result, Schema } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import type { Output } from "../../../src/domain/guild/Output.ts"
import type { Protocol } from "../../../src/domain/guild/Protocol.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { type Facts, step } from "../../../src/domain/guild/step.ts"
import { ChannelId, RoleId } from "../../../src/domain/Ids.ts"
import type { Member } from "../../../src/domain/Member.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { GUILD, member, userId } from "../../support/community.ts"

const EVERYONE = Community.everyoneId(GUILD)

const facts = (by: Member): Facts => ({
  now: 1_700_000_000_000,
  member: Option.some(by),
  target: Option.none(),
  named: [],
  roster: [],
  memberCount: 0,
  newestId: 0n
})

/** The community as relays have it, who hear of nothing but the outputs. */
const heard = (community: Community.Community, outputs: ReadonlyArray<Output<never>>) =>
  outputs.reduce(
    (before, output) => (output._tag === "Restructure" ? Community.changed(before, output.changes) : before),
    community
  )

const tagOf = (reply: Result.Result<unknown, { readonly _tag: string }>) =>
  Result.isFailure(reply) ? reply.failure._tag : "done"

const Position = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 }))
const SIZE = 5
const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: SIZE - 1 }))
const roleId = (index: number) => RoleId.make(String(20 + index))

const rolesAt = (positions: ReadonlyArray<number>) =>
  Community.make({
    id: GUILD,
    name: "order",
    ownerId: userId(0),
    roles: [
      { id: EVERYONE, name: "@everyone", permissions: Permissions.NONE },
      ...positions.map((position, index) => ({
        id: roleId(index),
        name: `role-${index}`,
        permissions: Permissions.MANAGE_ROLES,
        position
      }))
    ],
    channels: []
  })

/** As discord.js sorts them: the lowest first, and of two in one position the younger. */
const order = ({ roles }: Community.Community): ReadonlyArray<RoleId> =>
  Array.from(roles.values())
    .filter(({ id }) => id !== EVERYONE)
    .sort((a, b) => a.position - b.position || Number(BigInt(b.id) - BigInt(a.id)))
    .map(({ id }) => id)

const positionsOf = ({ roles }: Community.Community) =>
  Array.from(roles.values(), ({ position }) => position).toSorted((a, b) => a - b)

const DENSE = Array.from({ length: SIZE + 1 }, (_, place) => place)

/** Each role whose order with some other is not what it was. */
const displaced = (before: ReadonlyArray<RoleId>, after: ReadonlyArray<RoleId>): ReadonlySet<RoleId> =>
  new Set(
    before.flatMap((one, place) =>
      before.slice(place + 1).flatMap((other) => (after.indexOf(one) < after.indexOf(other) ? [] : [one, other]))
    )
  )

describe("the order of roles", () => {
  it.prop(
    "wanted roles are put there, others keep their order, each has a place of its own, and relays hear of it all",
    [
      Schema.Tuple([Position, Position, Position, Position, Position]),
      Schema.Array(Schema.Struct({ index: Index, position: Position })),
      Index
    ],
    ([positions, wanted, by]) => {
      const before = rolesAt(positions)
      const state = State.initial(before)
      const command = wanted.map(({ index, position }) => ({ role: roleId(index), position }))
      const [next, outputs, reply] = step<never, "OrderRoles">(
        state,
        "OrderRoles",
        { positions: command },
        facts(member(0))
      )
      assert.isTrue(Result.isSuccess(reply))
      const after = next.community
      assert.deepStrictEqual(positionsOf(after), DENSE)
      assert.deepStrictEqual(heard(before, outputs).roles, after.roles)
      const others = (roles: ReadonlyArray<RoleId>) => roles.filter((id) => command.every(({ role }) => role !== id))
      assert.deepStrictEqual(others(order(after)), others(order(before)))
      const last = new Map(command.map(({ position, role }) => [role, position]))
      if (last.size === SIZE) {
        const sorted = Array.from(last).toSorted(([a, one], [b, other]) => one - other || Number(BigInt(b) - BigInt(a)))
        assert.deepStrictEqual(
          order(after),
          sorted.map(([id]) => id)
        )
      }
      for (const [role, position] of last) {
        if (last.size === 1) assert.strictEqual(after.roles.get(role)?.position, Math.min(Math.max(1, position), SIZE))
      }

      // A member may do just what moves none that does not stand below their own.
      const top = roleId(by)
      const [kept, said, answer] = step<never, "OrderRoles">(
        state,
        "OrderRoles",
        { by: userId(1), positions: command },
        facts(member(1, [top]))
      )
      const lower = order(before).slice(0, order(before).indexOf(top))
      const isAllowed = Array.from(displaced(order(before), order(after))).every((id) => lower.includes(id))
      assert.strictEqual(tagOf(answer), isAllowed ? "done" : "MissingPermissions")
      assert.deepStrictEqual(kept, isAllowed ? next : state)
      assert.deepStrictEqual(said, isAllowed ? outputs : [])

      // The same once more is nothing new.
      const again = step<never, "OrderRoles">(
        next,
        "OrderRoles",
        { positions: order(after).map((role, below) => ({ role, position: below + 1 })) },
        facts(member(0))
      )
      assert.strictEqual(again[0], next)
      assert.deepStrictEqual(again[1], [])
    },
    { arbitrary: { runs: 500 } }
  )

  it("a new role stands below the others, and is all that is told", () => {
    const before = rolesAt([3, 1, 2, 5, 5])
    const [next, outputs, reply] = step<never, "CreateRole">(
      State.initial(before),
      "CreateRole",
      { role: { name: "new" } },
      facts(member(0))
    )
    const created = Result.getOrThrow(reply)
    assert.strictEqual(created.position, 1)
    assert.deepStrictEqual(order(next.community), [created.id, ...order(before)])
    assert.deepStrictEqual(
      outputs.flatMap((output) => (output._tag === "Restructure" ? output.changes : [])),
      [{ _tag: "RolePut", role: created }]
    )
  })

  it("a role that is not there is ordered by nobody", () => {
    const state = State.initial(rolesAt([1, 2, 3, 4, 5]))
    const positions = [
      { role: roleId(0), position: 2 },
      { role: RoleId.make("404"), position: 1 }
    ]
    const [next, , reply] = step<never, "OrderRoles">(state, "OrderRoles", { positions }, facts(member(0)))
    assert.strictEqual(next, state)
    assert.strictEqual(tagOf(reply), "UnknownRole")
  })
})

const LOUNGE = ChannelId.make("30")
const HALL = ChannelId.make("31")
const CELLAR = ChannelId.make("32")
const STAFF = RoleId.make("2")
/** For none but one. */
const overwrites: ReadonlyArray<Community.Overwrite> = [
  { kind: "role", id: EVERYONE, allow: 0n, deny: Permissions.VIEW_CHANNEL },
  { kind: "member", id: userId(5), allow: Permissions.VIEW_CHANNEL, deny: 0n }
]
const house = (guild: Permissions.Permissions) =>
  Community.make({
    id: GUILD,
    name: "channels",
    ownerId: userId(0),
    roles: [
      { id: EVERYONE, name: "@everyone", permissions: Permissions.VIEW_CHANNEL },
      { id: STAFF, name: "Staff", permissions: guild, position: 1 }
    ],
    channels: [
      { id: LOUNGE, name: "lounge", position: 0 },
      { id: HALL, name: "hall", position: 1, parent: CELLAR, overwrites },
      { id: CELLAR, name: "cellar", kind: "category", position: 2, overwrites }
    ]
  })

describe("the order of channels", () => {
  const by = member(1, [STAFF])
  const ordered = (
    guild: Permissions.Permissions,
    moves: ReadonlyArray<Protocol<never>["OrderChannels"]["payload"]["moves"][number]>
  ) => step<never, "OrderChannels">(State.initial(house(guild)), "OrderChannels", { by: by.user.id, moves }, facts(by))

  it("is changed by who manages the guild's channels, seen or not, and what changes is told", () => {
    const [next, outputs, reply] = ordered(Permissions.MANAGE_CHANNELS, [
      { channel: HALL, position: 0 },
      { channel: LOUNGE, position: 1 },
      { channel: CELLAR, position: 2 }
    ])
    assert.strictEqual(tagOf(reply), "done")
    const positions = Array.from(next.community.channels.values(), ({ id, position }) => [id, position] as const)
    assert.deepStrictEqual(
      new Map(positions),
      new Map([
        [LOUNGE, 1],
        [HALL, 0],
        [CELLAR, 2]
      ])
    )
    assert.lengthOf(
      outputs.flatMap((output) => (output._tag === "Restructure" ? output.changes : [])),
      2
    )
  })

  it("of a channel that is named twice, what is said later counts, beside what was said before", () => {
    const [next] = ordered(Permissions.ADMINISTRATOR, [
      { channel: LOUNGE, parent: CELLAR },
      { channel: LOUNGE, position: 7 },
      { channel: HALL, position: 5 },
      { channel: HALL, position: 1 }
    ])
    const { parent, position } = next.community.channels.get(LOUNGE) ?? {}
    assert.deepStrictEqual([parent, position], [CELLAR, 7])
    assert.strictEqual(next.community.channels.get(HALL)?.position, 1)
  })

  it.each([
    ["a channel that is not seen, out of its category", [{ channel: HALL, parent: null }], "MissingAccess"],
    ["a channel that is not there", [{ channel: ChannelId.make("404"), position: 1 }], "UnknownChannel"],
    ["a channel under one that is no category", [{ channel: LOUNGE, parent: LOUNGE }], "WrongChannel"]
  ] as const)("all or none: %s", (_, [wrong], tag) => {
    const [next, outputs, reply] = ordered(Permissions.MANAGE_CHANNELS, [{ channel: LOUNGE, position: 9 }, wrong])
    assert.strictEqual(tagOf(reply), tag)
    assert.strictEqual(next.community.channels.get(LOUNGE)?.position, 0)
    assert.deepStrictEqual(outputs, [])
  })

  it("is not changed by others", () => {
    assert.strictEqual(tagOf(ordered(Permissions.NONE, [{ channel: LOUNGE, position: 5 }])[2]), "MissingPermissions")
  })
})

describe("what changes nothing", () => {
  it("is told to nobody", () => {
    const state = State.initial(house(Permissions.NONE))
    const patches = [
      {},
      { name: "hall", parent: CELLAR },
      { overwrites: overwrites.toReversed() },
      ...overwrites.map((overwrite) => ({ overwrite }))
    ]
    for (const patch of patches) {
      const [next, outputs] = step<never, "UpdateChannel">(
        state,
        "UpdateChannel",
        { channel: HALL, patch },
        facts(member(0))
      )
      assert.strictEqual(next, state)
      assert.deepStrictEqual(outputs, [])
    }
    const [next, outputs] = step<never, "UpdateRole">(
      state,
      "UpdateRole",
      { role: STAFF, patch: { name: "Staff", permissions: Permissions.NONE } },
      facts(member(0))
    )
    assert.strictEqual(next, state)
    assert.deepStrictEqual(outputs, [])
  })
})
