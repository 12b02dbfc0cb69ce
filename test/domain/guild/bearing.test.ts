/** Which roles members bear in what is told of them, and kept of them while they are in calls. */
import { assert, describe, it } from "@effect/vitest"
import { HashMap, Option } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import type { Output } from "../../../src/domain/guild/Output.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { type Facts, step } from "../../../src/domain/guild/step.ts"
import { landed } from "../../../src/domain/guild/steps/members.ts"
import { ChannelId, RoleId } from "../../../src/domain/Ids.ts"
import type { Member } from "../../../src/domain/Member.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { GUILD, member, sessionId } from "../../support/community.ts"

const EVERYONE = Community.everyoneId(GUILD)
const BLIND = RoleId.make("5")
const OTHER = RoleId.make("6")
/** Its deletion has not come to the members' records yet. */
const DELETED = RoleId.make("7")
const CALL = ChannelId.make("30")
const SECRET = ChannelId.make("31")

const community = Community.make({
  id: GUILD,
  name: "house",
  ownerId: member(0).user.id,
  roles: [
    { id: EVERYONE, name: "@everyone", permissions: Permissions.VIEW_CHANNEL | Permissions.CONNECT },
    { id: BLIND, name: "blind", permissions: Permissions.NONE },
    { id: OTHER, name: "other", permissions: Permissions.NONE }
  ],
  channels: [
    { id: CALL, name: "call", kind: "voice" },
    {
      id: SECRET,
      name: "secret",
      kind: "voice",
      overwrites: [{ kind: "role", id: BLIND, allow: Permissions.NONE, deny: Permissions.VIEW_CHANNEL }]
    }
  ]
})

const facts = (by: Member, ...roster: ReadonlyArray<Member>): Facts => ({
  now: 1_700_000_000_000,
  member: Option.some(by),
  target: Option.some(by),
  named: [],
  roster,
  memberCount: 10,
  newestId: 0n
})

const at = (state: State.State, one: Member) => {
  const session = sessionId(2)
  const connect = { session, user: one.user.id, intents: 0, handle: undefined }
  return step<undefined, "Connect">(state, "Connect", connect, facts(one, one))
}

const speaks = (state: State.State, one: Member) => {
  const voice = { session: sessionId(2), user: one.user.id, channel: CALL, selfMute: false, selfDeaf: false }
  return step<undefined, "SetVoice">(state, "SetVoice", voice, facts(one))
}

/** Somebody is in a call in the channel, as this member. */
const calling = (one: Member, channel = CALL): State.State => {
  const [seated] = at(State.initial(community), one)
  const [inCall] = speaks(seated, one)
  return step<undefined, "UpdateMember">(
    inCall,
    "UpdateMember",
    { user: one.user.id, patch: { channel } },
    facts(one)
  )[0]
}

const inCalls = (state: State.State) => Array.from(HashMap.values(state.voice), (one) => one.member.roles)

const found = <T extends Output<undefined>["_tag"]>(outputs: ReadonlyArray<Output<undefined>>, tag: T) =>
  outputs.filter((output): output is Extract<Output<undefined>, { _tag: T }> => output._tag === tag)

describe("who is in a call", () => {
  it("bears a role no more that is no more", () => {
    const bearing = calling(member(2, [OTHER]))
    assert.deepStrictEqual(inCalls(bearing), [[OTHER]])
    const [without] = step<undefined, "DeleteRole">(bearing, "DeleteRole", { role: OTHER }, facts(member(0)))
    assert.deepStrictEqual(inCalls(without), [[]])
    // What is written of calls is kept as long as they are the same.
    const [same] = step<undefined, "DeleteRole">(bearing, "DeleteRole", { role: BLIND }, facts(member(0)))
    assert.strictEqual(same.voice, bearing.voice)
  })

  it("sees it, now that they bear other roles, as who they are by now", () => {
    const blind = member(2, [BLIND])
    const [after, outputs] = step<undefined, "UpdateMember">(
      calling(blind, SECRET),
      "UpdateMember",
      { user: blind.user.id, patch: { roles: [OTHER] } },
      facts(blind)
    )
    const told = found(outputs, "Enrol").flatMap(({ voice }) => voice.map(({ member }) => member.roles))
    assert.deepStrictEqual([told, inCalls(after)], [[[OTHER]], [[OTHER]]])
  })

  it("is seen, since a role is no more, as who they are by now", () => {
    const [, outputs] = step<undefined, "DeleteRole">(
      calling(member(2, [BLIND, OTHER]), SECRET),
      "DeleteRole",
      { role: BLIND },
      facts(member(0))
    )
    const told = found(outputs, "Restructure").flatMap(({ voice }) => voice.map(({ member }) => member.roles))
    assert.deepStrictEqual(told, [[OTHER]])
  })
})

describe("a role that is no more and still in a member's record", () => {
  const stale = member(2, [DELETED, OTHER])
  const right = [OTHER]

  it("is not theirs when they connect", () => {
    const [, outputs] = at(State.initial(community), stale)
    const [attach] = found(outputs, "Attach")
    const { member, roster } = attach?.snapshot ?? {}
    assert.deepStrictEqual([member?.roles, roster?.map(({ roles }) => roles)], [right, [right]])
  })

  it("is not theirs when they join a call", () => {
    const [seated] = at(State.initial(community), stale)
    const [state, outputs] = speaks(seated, stale)
    const told = found(outputs, "Speak").map(({ state }) => state.member.roles)
    assert.deepStrictEqual([inCalls(state), told], [[right], [right]])
  })

  it("is not theirs when a change lands that was under way meanwhile", () => {
    const user = stale.user.id
    const store = { _tag: "Store" as const, user, before: stale, member: { ...stale, nick: "new" } }
    const [state, outputs] = landed<undefined>(calling(member(2, [OTHER])), store, facts(stale))
    const told = found(outputs, "Enrol").map(({ event }) => event.member.roles)
    assert.deepStrictEqual([inCalls(state), told], [[right], [right]])
  })
})
