import { assert, describe, it } from "@effect/vitest"
import { Option, Result } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { type Facts, step } from "../../../src/domain/guild/step.ts"
import { ChannelId, GuildId, RoleId } from "../../../src/domain/Ids.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { community, GENERAL, STAFF, userId } from "../../support/community.ts"

const operator: Facts = {
  now: 1_700_000_000_000,
  member: Option.none(),
  target: Option.none(),
  named: [],
  roster: [],
  memberCount: 0,
  newestId: 0n
}
const state = State.initial(community)
const SEE = Permissions.VIEW_CHANNEL

const sees: Community.Overwrite = { kind: "role", id: STAFF, allow: SEE, deny: Permissions.NONE }
const hidden: Community.Overwrite = { kind: "role", id: STAFF, allow: Permissions.NONE, deny: SEE }
const named: Community.Overwrite = { kind: "member", id: userId(1), allow: SEE, deny: Permissions.NONE }
const nobodys: Community.Overwrite = { ...sees, id: RoleId.make("404") }

const created = (overwrites: ReadonlyArray<Community.Overwrite>) =>
  step<never, "CreateChannel">(state, "CreateChannel", { channel: { name: "new", overwrites } }, operator)[2]
const updated = (overwrites: ReadonlyArray<Community.Overwrite>) =>
  step<never, "UpdateChannel">(state, "UpdateChannel", { channel: GENERAL, patch: { overwrites } }, operator)[2]
const put = (overwrite: Community.Overwrite) =>
  step<never, "UpdateChannel">(state, "UpdateChannel", { channel: GENERAL, patch: { overwrite } }, operator)[2]

describe("overwrites", () => {
  it("of several for the same role or member the last one counts", () => {
    for (const change of [created, updated]) {
      assert.deepStrictEqual(Result.getOrThrow(change([hidden, named, sees])).overwrites, [sees, named])
      assert.deepStrictEqual(Result.getOrThrow(change([sees, hidden])).overwrites, [hidden])
    }
  })

  it("are refused for roles that there are not", () => {
    for (const answer of [created([sees, nobodys]), updated([nobodys]), put(nobodys)]) {
      assert.strictEqual(Result.isFailure(answer) ? answer.failure._tag : "done", "UnknownRole")
    }
  })
})

describe("a category", () => {
  const category = ChannelId.make("500")

  /** How often overwrites are read when those of a category are changed that so many channels keep to, and changed again. */
  const reads = (channels: number) => {
    let read = 0
    const overwrites = (allow: bigint): ReadonlyArray<Community.Overwrite> =>
      Array.from({ length: 50 }, (_, index) => ({
        kind: "member",
        id: userId(index),
        get allow() {
          read++
          return allow
        },
        deny: 0n
      }))
    const kept = Array.from({ length: channels }, (_, index) => ({
      id: ChannelId.make(String(1_000 + index)),
      name: "kept",
      parent: category,
      overwrites: overwrites(SEE)
    }))
    const before = Community.make({
      id: GuildId.make("1"),
      name: "c",
      ownerId: userId(0),
      roles: [],
      channels: [{ id: category, name: "category", kind: "category", overwrites: overwrites(SEE) }, ...kept]
    })
    read = 0
    const patched = (from: State.State, allow: bigint) =>
      step<never, "UpdateChannel">(
        from,
        "UpdateChannel",
        { channel: category, patch: { overwrites: overwrites(allow) } },
        operator
      )[0]
    const after = patched(patched(State.initial(before), 0n), SEE | Permissions.CONNECT)
    const lists = new Set(Array.from(after.community.channels.values(), (channel) => channel.overwrites))
    return { read, lists: lists.size }
  }

  it("and a channel that comes to have the same overwrites have one list, wherever the change comes from", () => {
    const channel = (id: ChannelId, parts: Partial<Community.Channel>) =>
      Community.channel({ id, name: "c", overwrites: [{ ...sees }], ...parts })
    const [first, second] = [ChannelId.make("1000"), ChannelId.make("1001")]
    const puts = [channel(category, { kind: "category" }), channel(first, { parent: category })]
    const before = Community.changed(
      Community.empty(GuildId.make("1")),
      puts.map((put) => ({ _tag: "ChannelPut", channel: put }))
    )
    const after = Community.changed(before, [{ _tag: "ChannelPut", channel: channel(second, { parent: category }) }])
    const list = after.channels.get(category)?.overwrites
    for (const id of [first, second]) assert.strictEqual(after.channels.get(id)?.overwrites, list)
  })

  it("that more channels keep to takes no longer to change: all have one list", () => {
    assert.deepStrictEqual(reads(400), reads(4))
    assert.strictEqual(reads(4).lists, 1)
  })
})
