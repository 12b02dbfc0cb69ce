/** Channels: how they may be called, and how many there may be under a category. */
import { assert, it } from "@effect/vitest"
import { Option, Result } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { type Facts, step } from "../../../src/domain/guild/step.ts"
import { ChannelId } from "../../../src/domain/Ids.ts"
import { community, GENERAL, READ_ONLY, STAFF } from "../../support/community.ts"

const CATEGORY = ChannelId.make("50")
const facts: Facts = {
  now: 1_700_000_000_000,
  member: Option.none(),
  target: Option.none(),
  named: [],
  roster: [],
  memberCount: 0,
  newestId: 0n
}

const withCategory = (children: number) =>
  State.initial(
    Community.make({
      ...community,
      roles: Array.from(community.roles.values()),
      channels: [
        ...community.channels.values(),
        { id: CATEGORY, name: "A Category", kind: "category" },
        ...Array.from({ length: children }, (_, nth) => ({
          id: ChannelId.make(String(1_000 + nth)),
          name: `child-${nth}`,
          parent: CATEGORY
        }))
      ]
    })
  )

it.each([
  ["text", "  General Chat ", "general-chat"],
  ["text", "ÄRGER\tund  mehr", "ärger-und-mehr"],
  ["voice", "General Chat", "General Chat"],
  ["category", "General Chat", "General Chat"]
] as const)("a %s channel that is to be called '%s' is called '%s'", (kind, name, expected) => {
  const made = step<string, "CreateChannel">(withCategory(0), "CreateChannel", { channel: { name, kind } }, facts)[2]
  assert.strictEqual(Result.getOrThrow(made).name, expected)
  if (kind !== "text") return
  const renamed = step<string, "UpdateChannel">(
    withCategory(0),
    "UpdateChannel",
    { channel: GENERAL, patch: { name } },
    facts
  )[2]
  assert.strictEqual(Result.getOrThrow(renamed).name, expected)
})

it("a text channel that an app has called otherwise keeps its name when something else is changed", () => {
  const state = State.initial(
    Community.make({ ...community, roles: [], channels: [{ id: GENERAL, name: "General Chat" }] })
  )
  const patch = { topic: "new" }
  const reply = step<string, "UpdateChannel">(state, "UpdateChannel", { channel: GENERAL, patch }, facts)[2]
  assert.strictEqual(Result.getOrThrow(reply).name, "General Chat")
})

const tag = (reply: Result.Result<unknown, { readonly _tag: string }>) =>
  Result.isSuccess(reply) ? "done" : reply.failure._tag

it("a category has room for fifty channels, whichever way they come", () => {
  const into = (children: number) => {
    const state = withCategory(children)
    return [
      step<string, "CreateChannel">(state, "CreateChannel", { channel: { name: "new", parent: CATEGORY } }, facts)[2],
      step<string, "UpdateChannel">(
        state,
        "UpdateChannel",
        { channel: GENERAL, patch: { parent: CATEGORY } },
        facts
      )[2],
      step<string, "OrderChannels">(
        state,
        "OrderChannels",
        { moves: [{ channel: GENERAL, parent: CATEGORY }] },
        facts
      )[2]
    ].map((reply) => tag(reply))
  }
  assert.deepStrictEqual(into(49), ["done", "done", "done"])
  assert.deepStrictEqual(into(50), ["TooMany", "TooMany", "TooMany"])
  const moves = [GENERAL, READ_ONLY].map((channel) => ({ channel, parent: CATEGORY }))
  assert.strictEqual(
    tag(step<string, "OrderChannels">(withCategory(49), "OrderChannels", { moves }, facts)[2]),
    "TooMany"
  )
  // What is there already may be changed.
  const child = ChannelId.make("1000")
  const patch = { topic: "new", parent: CATEGORY }
  assert.strictEqual(
    tag(step<string, "UpdateChannel">(withCategory(50), "UpdateChannel", { channel: child, patch }, facts)[2]),
    "done"
  )
})

it("an overwrite that is not there cannot be taken away", () => {
  const patch = { withoutOverwrite: STAFF }
  const reply = step<string, "UpdateChannel">(withCategory(0), "UpdateChannel", { channel: GENERAL, patch }, facts)[2]
  assert.strictEqual(tag(reply), "UnknownOverwrite")
})
