import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { RoleId, UserId } from "../../src/domain/Ids.ts"
import * as Mentions from "../../src/domain/Mentions.ts"

const Id = Schema.Literals(["1", "2", "3"])
const Word = Schema.Union([
  Schema.Struct({ kind: Schema.Literals(["user", "nick", "role"]), id: Id }),
  Schema.Struct({ kind: Schema.Literals(["everyone", "here", "word"]) })
])
const Kinds = Schema.Array(Schema.Literals(["users", "roles", "everyone"]))

const written = (word: typeof Word.Type): string => {
  switch (word.kind) {
    case "user":
      return `<@${word.id}>`
    case "nick":
      return `<@!${word.id}>`
    case "role":
      return `<@&${word.id}>`
    case "word":
      return "1 < 2 @ <#3>"
    default:
      return `@${word.kind}`
  }
}

/** One sentence of the documentation a line: what is allowed is called if it is written, and written once is enough. */
const model = (words: ReadonlyArray<typeof Word.Type>, { parse, roles, users }: Mentions.Allowed) => {
  const called = { users: new Set<string>(), roles: new Set<string>(), all: false, online: false }
  for (const word of words) {
    if (word.kind === "everyone") called.all ||= parse.includes("everyone")
    if (word.kind === "here") called.online ||= parse.includes("everyone")
    if (word.kind === "role" && parse.includes("roles")) called.roles.add(word.id)
    if (word.kind === "role" && roles.some((id) => id === word.id)) called.roles.add(word.id)
    if (word.kind !== "user" && word.kind !== "nick") continue
    if (parse.includes("users")) called.users.add(word.id)
    if (users.some((id) => id === word.id)) called.users.add(word.id)
  }
  const everyone = called.all ? "all" : called.online ? "online" : "nobody"
  return { users: Array.from(called.users), roles: Array.from(called.roles), everyone }
}

describe("Mentions", () => {
  it.prop(
    "a message calls whom it names, as far as that is allowed",
    [Schema.Array(Word), Kinds, Schema.Array(Id), Schema.Array(Id)],
    ([words, parse, users, roles]) => {
      const content = words.map(written).join(" ")
      const allowed = {
        parse,
        users: users.map((id) => UserId.make(id)),
        roles: roles.map((id) => RoleId.make(id))
      }
      const found: unknown = Mentions.restricted(Mentions.inText(content), allowed)
      assert.deepStrictEqual(found, model(words, allowed))
      const all: Mentions.Allowed = { parse: ["users", "roles", "everyone"], users: [], roles: [] }
      const unrestricted: unknown = Mentions.inText(content)
      assert.deepStrictEqual(unrestricted, model(words, all))
    },
    { arbitrary: { runs: 500 } }
  )

  it.each([
    ["in a span", "`<@1>` and `@everyone`"],
    ["in a span of two", "``a ` <@1> @here``"],
    ["in a block", "```\n<@1>\n@everyone\n```"],
    ["in one after the other", "`<@1>``<@2>`"]
  ])("code calls nobody: %s", (_, content) => {
    const found = Mentions.inText(content)
    assert.deepStrictEqual([...found.users, found.everyone], ["nobody"])
  })

  it.each([
    ["beside it", "`x` <@1> ```y```"],
    ["behind a backtick that is alone", "it`s <@1>"],
    ["between rows of other lengths", "`` <@1> `"],
    ["behind one that is not closed", "```x <@1>"]
  ])("text that is not code calls: %s", (_, content) => {
    const found: ReadonlyArray<string> = Mentions.inText(content).users
    assert.deepStrictEqual(found, ["1"])
  })
})
