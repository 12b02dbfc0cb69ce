import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Audience from "../../../src/domain/Audience.ts"
import * as Community from "../../../src/domain/Community.ts"
import { ChannelId, RoleId } from "../../../src/domain/Ids.ts"
import { isSameList, listOf } from "../../../src/domain/memberlist/lists.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { GUILD, userId } from "../../support/community.ts"

const EVERYONE = Community.everyoneId(GUILD)
const ROLES = [RoleId.make("20"), RoleId.make("21")] as const
const SOME = [[], [ROLES[0]], [ROLES[1]], [...ROLES]]

const Permission = Schema.Literals([0n, Permissions.VIEW_CHANNEL, Permissions.ADMINISTRATOR])
const Said = Schema.Literals(["nothing", "allow", "deny"])
/** A channel of a community with two roles, of which each says something, as `@everyone` and one member do. */
const Drawn = Schema.Struct({
  permissions: Schema.Tuple([Permission, Permission, Permission]),
  said: Schema.Tuple([Said, Said, Said, Said])
})

const audienceOf = ({ permissions, said }: typeof Drawn.Type): Audience.Audience | undefined => {
  const overwrites = said.flatMap((what, index): ReadonlyArray<Community.Overwrite> => {
    const view = Permissions.VIEW_CHANNEL
    const bits = { allow: what === "allow" ? view : 0n, deny: what === "deny" ? view : 0n }
    const role = [EVERYONE, ...ROLES][index]
    if (what === "nothing") return []
    return [role === undefined ? { kind: "member", id: userId(1), ...bits } : { kind: "role", id: role, ...bits }]
  })
  const id = ChannelId.make("10")
  return Community.make({
    id: GUILD,
    name: "lists",
    ownerId: userId(9),
    roles: [EVERYONE, ...ROLES].map((role, index) => ({ id: role, name: role, permissions: permissions[index] ?? 0n })),
    channels: [{ id, name: "a channel", overwrites }]
  }).audiences.get(id)
}

describe("isSameList", () => {
  it.prop(
    "who may see one of two channels with the same list may see the other",
    [Drawn, Drawn],
    ([left, right]) => {
      const [one, other] = [audienceOf(left), audienceOf(right)]
      if (one === undefined || other === undefined) return assert.fail("there is a channel")
      const again = audienceOf(left)
      assert.isTrue(again !== undefined && isSameList(one, again))
      assert.strictEqual(isSameList(one, other), isSameList(other, one))
      if (!isSameList(one, other)) return
      assert.strictEqual(listOf(one), listOf(other))
      for (const roles of SOME) {
        for (const user of [userId(1), userId(2)]) {
          assert.strictEqual(Audience.admits(one, user, roles), Audience.admits(other, user, roles))
        }
      }
    },
    { arbitrary: { runs: 3000 } }
  )
})
