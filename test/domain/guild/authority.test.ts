/** What a guild refuses: by what somebody asks for, and by who they are. */
import { assert, describe, it } from "@effect/vitest"
import { Option, Result } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import type { Protocol } from "../../../src/domain/guild/Protocol.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { type Facts, step } from "../../../src/domain/guild/step.ts"
import { ChannelId, RoleId } from "../../../src/domain/Ids.ts"
import type { Member } from "../../../src/domain/Member.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { GUILD, member, sessionId, userId } from "../../support/community.ts"

const EVERYONE = Community.everyoneId(GUILD)
const MOD = RoleId.make("5")
const BUILDER = RoleId.make("6")
const ADMIN = RoleId.make("7")
const HIDDEN_FROM = RoleId.make("8")
const ROOM = ChannelId.make("30")
const CALL = ChannelId.make("31")
const CLOSED = ChannelId.make("32")
const SECRET = ChannelId.make("33")
const NOW = 1_700_000_000_000
const DAY = 86_400_000

const denied = (id: RoleId, deny: Permissions.Permissions): Community.Overwrite => ({
  kind: "role",
  id,
  allow: Permissions.NONE,
  deny
})

const community = Community.make({
  id: GUILD,
  name: "house",
  ownerId: userId(0),
  roles: [
    { id: EVERYONE, name: "@everyone", permissions: Permissions.VIEW_CHANNEL | Permissions.CONNECT },
    { id: BUILDER, name: "builder", position: 1, permissions: Permissions.MANAGE_CHANNELS | Permissions.MANAGE_ROLES },
    {
      id: MOD,
      name: "mod",
      position: 2,
      permissions: Permissions.MOVE_MEMBERS | Permissions.MUTE_MEMBERS | Permissions.MODERATE_MEMBERS
    },
    { id: HIDDEN_FROM, name: "blind", permissions: Permissions.NONE },
    { id: ADMIN, name: "admin", position: 3, permissions: Permissions.ADMINISTRATOR }
  ],
  channels: [
    { id: ROOM, name: "room" },
    { id: CALL, name: "call", kind: "voice" },
    { id: CLOSED, name: "closed", kind: "voice", overwrites: [denied(EVERYONE, Permissions.CONNECT)] },
    {
      id: SECRET,
      name: "secret",
      kind: "voice",
      overwrites: [
        denied(MOD, Permissions.VIEW_CHANNEL | Permissions.MUTE_MEMBERS),
        denied(HIDDEN_FROM, Permissions.VIEW_CHANNEL)
      ]
    }
  ]
})

const facts = (by: Member, target?: Member): Facts => ({
  now: NOW,
  member: Option.some(by),
  target: Option.fromUndefinedOr(target),
  named: [],
  roster: [],
  memberCount: 10,
  newestId: 0n
})

/** Member 2 is in a call, in this channel. */
const calling = (channel: ChannelId): State.State => {
  const somebody = member(2)
  const session = sessionId(2)
  const connect = { session, user: somebody.user.id, intents: 0, handle: undefined }
  const [seated] = step<undefined, "Connect">(State.initial(community), "Connect", connect, facts(somebody))
  const voice = { session, user: somebody.user.id, channel: CALL, selfMute: false, selfDeaf: false }
  const [inCall] = step<undefined, "SetVoice">(seated, "SetVoice", voice, facts(somebody))
  if (channel === CALL) return inCall
  const patch = { user: somebody.user.id, patch: { channel } }
  return step<undefined, "UpdateMember">(inCall, "UpdateMember", patch, facts(somebody, somebody))[0]
}

const update = (
  by: Member,
  target: Member,
  patch: Protocol<undefined>["UpdateMember"]["payload"]["patch"],
  state = State.initial(community)
) => {
  const payload = { by: by.user.id, user: target.user.id, patch }
  const [, outputs, reply] = step<undefined, "UpdateMember">(state, "UpdateMember", payload, facts(by, target))
  return { outputs: outputs.map(({ _tag }) => _tag), said: Result.isFailure(reply) ? reply.failure._tag : "done" }
}

const plain = member(1)
const builder = member(1, [BUILDER])
const mod = member(1, [MOD])

describe("members are changed", () => {
  it.each([
    ["a role that they have already", { withRole: BUILDER }],
    ["a role that they have not taken", { withoutRole: ADMIN }],
    ["the roles that they have", { roles: [BUILDER] }],
    ["the name that they have", { nick: null }],
    ["to speak, which they may", { timedOutUntil: null }]
  ])("by nobody without the permission: %s", (_, patch) => {
    assert.deepStrictEqual(update(plain, member(2, [BUILDER]), patch), { outputs: [], said: "MissingPermissions" })
  })

  it("to all of their roles, among which clients name everyone's", () => {
    const admin = member(1, [ADMIN])
    const roles = [BUILDER, EVERYONE]
    assert.strictEqual(update(admin, member(2), { roles }).said, "done")
    assert.strictEqual(update(admin, member(2), { withRole: EVERYONE }).said, "UnknownRole")
    assert.deepStrictEqual(update(admin, member(2, [BUILDER]), { roles }), { outputs: [], said: "done" })
  })

  it("and strangers do not learn who is one", () => {
    const remove = (target: Member | undefined) => {
      const payload = { by: userId(77), user: userId(2) }
      const facts_ = { ...facts(plain, target), member: Option.none<Member>() }
      const [, , reply] = step<undefined, "RemoveMember">(State.initial(community), "RemoveMember", payload, facts_)
      return Result.isFailure(reply) ? reply.failure : undefined
    }
    assert.deepStrictEqual(remove(undefined), remove(member(2)))
  })

  it("timed out and out of their call in one; whoever may do everything stays in it", () => {
    const both = { timedOutUntil: NOW + DAY, channel: null }
    const admin = member(1, [ADMIN])
    assert.deepStrictEqual(update(admin, member(2), both, calling(CALL)), {
      outputs: ["Store", "Enrol", "Speak"],
      said: "done"
    })
    const promoted = { ...member(2, [ADMIN]), timedOutUntil: NOW + DAY }
    assert.deepStrictEqual(update(member(0, [ADMIN]), promoted, { nick: "me" }, calling(CALL)).outputs, [
      "Store",
      "Enrol"
    ])
  })

  it("and nobody is told where nothing is different", () => {
    const admin = member(1, [ADMIN])
    const done = { outputs: [], said: "done" }
    assert.deepStrictEqual(update(admin, member(2, [BUILDER]), { withRole: BUILDER }), done)
    assert.deepStrictEqual(update(admin, member(2), { nick: null }), done)
    assert.deepStrictEqual(update(plain, member(2), {}), done)
  })

  it("first of all in their store, which may refuse it", () => {
    const remove = { user: userId(2) }
    const [, removed] = step<undefined, "RemoveMember">(calling(CALL), "RemoveMember", remove, facts(plain, member(2)))
    assert.deepStrictEqual(
      removed.map(({ _tag }) => _tag),
      ["Store", "Speak", "Enrol", "Detach", "StopRelay"]
    )
    assert.strictEqual(update(mod, member(2), { timedOutUntil: NOW + DAY }, calling(CALL)).outputs[0], "Store")
  })

  it.each([
    [mod, {}, 28, "done"],
    [mod, {}, 29, "TimeOutTooLong"],
    [plain, {}, 1, "MissingPermissions"],
    [mod, { roles: [MOD] }, 1, "MissingPermissions"],
    [member(0, [ADMIN]), { roles: [ADMIN] }, 1, "MissingPermissions"]
  ] as const)("timed out by %j, who are %j, for %d days: %s", (by, who, days, said) => {
    assert.strictEqual(update(by, { ...member(2), ...who }, { timedOutUntil: NOW + days * DAY }).said, said)
  })
})

describe("members in a call", () => {
  it.each([
    ["where they could not go themselves", { channel: CLOSED }, member(1, [ADMIN]), CALL, "done"],
    ["where whoever moves them could not go", { channel: CLOSED }, mod, CALL, "MissingPermissions"],
    ["where whoever moves them sees nothing", { channel: SECRET }, mod, CALL, "MissingAccess"],
    ["out of what whoever moves them does not see", { channel: null }, mod, SECRET, "NotInVoice"],
    ["out of the call", { channel: null }, mod, CALL, "done"],
    ["into a channel for text", { channel: ROOM }, mod, CALL, "WrongChannel"],
    ["by nobody else", { channel: null }, plain, CALL, "MissingPermissions"]
  ] as const)("are moved %s", (_, patch, by, from, said) => {
    assert.strictEqual(update(by, member(2), patch, calling(from)).said, said)
  })

  it.each([
    ["are muted by who may do so there", mod, CALL, "done"],
    ["are not muted by who may do so elsewhere", mod, SECRET, "NotInVoice"],
    ["are not muted by just anybody", plain, CALL, "MissingPermissions"]
  ] as const)("%s", (_, by, where, said) => {
    assert.strictEqual(update(by, member(2), { mute: true }, calling(where)).said, said)
  })

  it("and nobody mutes those who are in none, or learns who is where they see nobody", () => {
    assert.strictEqual(update(mod, member(2), { mute: true }).said, "NotInVoice")
    const unseen = { ...plain, roles: [HIDDEN_FROM] }
    const asked = (state?: State.State) => update(unseen, member(2), { mute: true }, state).said
    assert.deepStrictEqual([asked(), asked(calling(SECRET))], ["MissingPermissions", "MissingPermissions"])
  })

  it("are told of in one message when their channel is no more", () => {
    const [state, outputs] = step<undefined, "DeleteChannel">(
      calling(CALL),
      "DeleteChannel",
      { channel: CALL },
      facts(plain)
    )
    assert.deepStrictEqual(
      outputs.map((output) => (output._tag === "Restructure" ? output.voice.map(({ member }) => member.user.id) : [])),
      [[userId(2)]]
    )
    assert.strictEqual(update(mod, member(2), { channel: null }, state).said, "NotInVoice")
  })
})

describe("there may be so many, and no more", () => {
  const admin = member(1, [ADMIN])
  const refusal = (reply: Result.Result<unknown, { readonly _tag: string }>) =>
    Result.isFailure(reply) ? reply.failure._tag : "done"
  const roles = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ id: RoleId.make(String(1000 + index)), name: "r", permissions: 0n }))
  const channels = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ id: ChannelId.make(String(1000 + index)), name: "c" }))
  const overwrites = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ kind: "member" as const, id: userId(index), allow: 0n, deny: 0n }))

  it.each([
    ["roles", 248, "done"],
    ["roles", 249, "TooMany"],
    ["channels", 499, "done"],
    ["channels", 500, "TooMany"]
  ] as const)("%s: one more besides %d: %s", (what, count, said) => {
    const full = Community.make({
      ...community,
      ownerId: admin.user.id,
      roles: what === "roles" ? roles(count) : [],
      channels: what === "channels" ? channels(count) : []
    })
    const state = State.initial(full)
    const by = admin.user.id
    const [, , reply] =
      what === "roles"
        ? step<undefined, "CreateRole">(state, "CreateRole", { by, role: { name: "one more" } }, facts(admin))
        : step<undefined, "CreateChannel">(state, "CreateChannel", { by, channel: { name: "one more" } }, facts(admin))
    assert.strictEqual(refusal(reply), said)
  })

  it.each([
    [1000, "done"],
    [1001, "TooMany"]
  ])("overwrites: %d: %s", (count, said) => {
    const payload = { channel: ROOM, patch: { overwrites: overwrites(count) } }
    const [, , reply] = step<undefined, "UpdateChannel">(
      State.initial(community),
      "UpdateChannel",
      payload,
      facts(admin)
    )
    assert.strictEqual(refusal(reply), said)
  })
})

describe("channels are changed", () => {
  const created = (by: Member, allow: Permissions.Permissions, id: Community.Overwrite["id"]) => {
    const overwrite: Community.Overwrite = { kind: "role", id: RoleId.make(id), allow, deny: Permissions.NONE }
    const payload = { by: by.user.id, channel: { name: "mine", overwrites: [overwrite] } }
    const [, , reply] = step<undefined, "CreateChannel">(State.initial(community), "CreateChannel", payload, facts(by))
    return Result.isFailure(reply) ? reply.failure._tag : "done"
  }

  it("with overwrites of what one has oneself, and not of what they would give", () => {
    assert.strictEqual(created(builder, Permissions.VIEW_CHANNEL, BUILDER), "done")
    assert.strictEqual(created(builder, Permissions.MUTE_MEMBERS, BUILDER), "MissingPermissions")
    assert.strictEqual(created(builder, Permissions.MANAGE_ROLES, BUILDER), "MissingPermissions")
    assert.strictEqual(created(member(1, [ADMIN]), Permissions.MANAGE_ROLES, BUILDER), "done")
  })

  it("and of channels that one does not see, one learns nothing", () => {
    const hidden = [denied(BUILDER, Permissions.VIEW_CHANNEL)]
    const house = Community.make({
      ...community,
      roles: Array.from(community.roles.values()),
      channels: [
        { id: ROOM, name: "room" },
        { id: CALL, name: "here", kind: "category", overwrites: hidden },
        { id: CLOSED, name: "there", kind: "category", overwrites: hidden },
        { id: SECRET, name: "unseen", parent: CALL, overwrites: hidden }
      ]
    })
    const ordered = (channel: ChannelId, parent: ChannelId) => {
      const payload = { by: builder.user.id, moves: [{ channel, parent }] }
      const [, , reply] = step<undefined, "OrderChannels">(
        State.initial(house),
        "OrderChannels",
        payload,
        facts(builder)
      )
      return Result.isFailure(reply) ? reply.failure._tag : "done"
    }
    assert.deepStrictEqual(
      [ordered(SECRET, CALL), ordered(SECRET, CLOSED), ordered(ROOM, CALL), ordered(ROOM, SECRET)],
      ["MissingAccess", "MissingAccess", "MissingAccess", "MissingAccess"]
    )
  })

  it.each([
    ["nothing", {}],
    ["the overwrites that there are", { overwrites: [] }],
    ["the name that there is", { name: "room" }]
  ])("by nobody without the permission: %s", (_, patch) => {
    const updated = (by: Member) =>
      step<undefined, "UpdateChannel">(
        State.initial(community),
        "UpdateChannel",
        { by: by.user.id, channel: ROOM, patch },
        facts(by)
      )
    const [, , refused] = updated(plain)
    assert.isTrue(Result.isFailure(refused) && refused.failure._tag === "MissingPermissions")
    const [, outputs, reply] = updated(builder)
    assert.deepStrictEqual([outputs, Result.isSuccess(reply)], [[], true])
  })
})

describe("@everyone", () => {
  const managed = Community.make({
    ...community,
    roles: Array.from(community.roles.values(), (role) =>
      role.id === EVERYONE ? { ...role, permissions: role.permissions | Permissions.MANAGE_ROLES } : role
    ),
    channels: []
  })
  const edited = (by: Member) => {
    const payload = { by: by.user.id, role: EVERYONE, patch: { permissions: Permissions.MANAGE_ROLES } }
    const [, , reply] = step<undefined, "UpdateRole">(State.initial(managed), "UpdateRole", payload, facts(by))
    return Result.isFailure(reply) ? reply.failure._tag : "done"
  }

  it("is changed by who has a role above it, of whatever height, and not by who may manage roles only through it", () => {
    assert.strictEqual(edited(plain), "MissingPermissions")
    assert.strictEqual(edited(member(1, [HIDDEN_FROM])), "done")
    assert.strictEqual(edited(builder), "done")
    assert.strictEqual(edited(member(0)), "done")
  })
})
