import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Lanes, type Place } from "../../../src/domain/guild/Lanes.ts"
import { userId } from "../../support/community.ts"

const User = Schema.Literals([1, 2, 3, 4])
const Action = Schema.Union([
  Schema.TaggedStruct("Enter", { users: Schema.Array(User) }),
  Schema.TaggedStruct("Leave", { which: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })) })
])

interface Waiting {
  readonly name: number
  readonly users: ReadonlySet<string>
  readonly place: Place
}

describe("Lanes", () => {
  it.prop(
    "a place has its turn, once, when nobody who came before it has a user in common with it",
    [Schema.Array(Action)],
    ([actions]) => {
      const lanes = new Lanes()
      const called: Array<number> = []
      let present: ReadonlyArray<Waiting> = []
      const left: Array<Place> = []
      const expected = new Set<number>()
      const shares = (one: Waiting, users: ReadonlySet<string>) => Array.from(users).some((user) => one.users.has(user))
      const check = () => {
        for (const [index, { name, users }] of present.entries()) {
          if (!present.slice(0, index).some((before) => shares(before, users))) expected.add(name)
        }
        assert.sameMembers(called, Array.from(expected))
        assert.strictEqual(lanes.size, present.length)
        for (const index of [1, 2, 3, 4]) {
          const user = userId(index)
          assert.strictEqual(lanes.isFree([user]), !present.some(({ users }) => users.has(user)))
        }
      }
      for (const [name, action] of actions.entries()) {
        if (action._tag === "Enter") {
          const users = action.users.map(userId)
          const place = lanes.enter(users, () => called.push(name))
          present = [...present, { name, users: new Set(users), place }]
        } else {
          const leaving = present[action.which % Math.max(1, present.length)]
          present = present.filter((one) => one !== leaving)
          if (leaving !== undefined) {
            lanes.leave(leaving.place)
            left.push(leaving.place)
          }
          // Twice is once.
          for (const place of left) lanes.leave(place)
        }
        check()
      }
      for (const { place } of present) lanes.leave(place)
      assert.strictEqual(lanes.size, 0)
      assert.isEmpty(lanes.users)
    }
  )
})
