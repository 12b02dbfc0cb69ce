/** The ids that a guild makes, whatever the wall clock does meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import { HashMap, Option, Result, Schema } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { type Facts, step } from "../../../src/domain/guild/step.ts"
import { ChannelId, RoleId, Snowflake } from "../../../src/domain/Ids.ts"
import { community, draft, GENERAL, member, userId } from "../../support/community.ts"

const facts = (now: number): Facts => ({
  now,
  member: Option.some(member(0)),
  target: Option.none(),
  named: [],
  roster: [],
  memberCount: 0,
  newestId: 0n
})

const MINUTE = 60_000
const NOW = Date.UTC(2026, 0)

/** What a wall clock may say: around now, where it is set forward and back, and anything at all. */
const Wall = Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: NOW - 120 * MINUTE, maximum: NOW + 120 * MINUTE })),
  Schema.Literals([NOW, NOW + 1, 0, -1, Date.UTC(2015, 0), Date.UTC(2100, 0), 8.64e15]),
  Schema.Finite
])
const Made = Schema.Struct({ wall: Wall, kind: Schema.Literals(["message", "message", "role", "channel"]) })

/** The guild's state after it made something, and its id. */
const make = (state: State.State, { kind, wall }: typeof Made.Type): readonly [State.State, string] => {
  if (kind === "message") {
    const payload = { author: userId(0), channel: GENERAL, draft: draft("hello") }
    const [next, , reply] = step<never, "SendMessage">(state, "SendMessage", payload, facts(wall))
    return [next, Result.getOrThrow(reply).id]
  }
  if (kind === "role") {
    const [next, , reply] = step<never, "CreateRole">(state, "CreateRole", { by: userId(0), role: {} }, facts(wall))
    return [next, Result.getOrThrow(reply).id]
  }
  const channel = { name: "new", kind: "text" } as const
  const [next, , reply] = step<never, "CreateChannel">(state, "CreateChannel", { by: userId(0), channel }, facts(wall))
  return [next, Result.getOrThrow(reply).id]
}

const isSnowflake = Schema.is(Snowflake)
const lastIn = (state: State.State) => BigInt(Option.getOrElse(HashMap.get(state.lastMessages, GENERAL), () => "0"))

describe("a guild's ids", () => {
  it.prop(
    "go up, whatever the wall clock says, and so does a channel's last message",
    [Schema.Array(Made)],
    ([all]) => {
      let state = State.initial(community)
      let last = 0n
      for (const made of all) {
        const [next, id] = make(state, made)
        assert.isTrue(isSnowflake(id), id)
        assert.isTrue(BigInt(id) > last, `${id} after ${last}`)
        assert.isTrue(lastIn(next) >= lastIn(state))
        last = BigInt(id)
        state = next
      }
    }
  )

  it.prop("are no earlier than the wall clock", [Schema.Array(Made)], ([all]) => {
    let state = State.initial(community)
    for (const made of all) {
      const [next, id] = make(state, made)
      const earliest = BigInt(Math.min(Math.max(0, Math.trunc(made.wall) - Date.UTC(2015, 0)), 2 ** 41 - 1))
      assert.isTrue(BigInt(id) >> 22n >= earliest)
      state = next
    }
  })

  it("go up within a millisecond, also when there are more than fit into one", () => {
    // As many as the bits below the time can tell apart have been made in it already, but one.
    const full = (BigInt(NOW - Date.UTC(2015, 0)) << 22n) | 0x3fffffn
    const before: State.State = { ...State.initial(community), lastId: full - 1n }
    const [one, first] = make(before, { kind: "message", wall: NOW })
    const [, second] = make(one, { kind: "message", wall: NOW })
    assert.strictEqual(BigInt(first), full)
    assert.isTrue(BigInt(second) > full)
  })

  it("go on from the last when a guild is started again by an older clock", () => {
    const [before] = make(State.initial(community), { kind: "channel", wall: NOW })
    const [, id] = make(State.initial(before.community), { kind: "message", wall: NOW - 60 * MINUTE })
    for (const channel of before.community.channels.keys()) assert.isTrue(BigInt(id) > BigInt(channel))
  })

  it("are not led on by ids that no clock has made", () => {
    const odd = Community.make({
      ...community,
      roles: [...community.roles.values(), { id: RoleId.make(String(2n ** 64n - 1n)), name: "odd", permissions: 0n }],
      channels: [{ id: ChannelId.make(String(2n ** 63n)), name: "odd", topic: "", overwrites: [] }]
    })
    const [, , reply] = step<never, "CreateRole">(
      State.initial(odd),
      "CreateRole",
      { by: userId(0), role: {} },
      facts(NOW)
    )
    assert.strictEqual(BigInt(Result.getOrThrow(reply).id) >> 22n, BigInt(NOW - Date.UTC(2015, 0)))
  })
})
