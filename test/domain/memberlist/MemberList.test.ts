import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { MemberList } from "../../../src/domain/memberlist/MemberList.ts"
import { Entry, type GroupId } from "../../../src/domain/memberlist/Entry.ts"
import { header, type Row } from "../../../src/domain/memberlist/Row.ts"
import { userId } from "../../support/community.ts"
import { ADMINS, entryOf, groupsOf, HELPERS, Step, take, WHO } from "../../support/memberlist.ts"

const inOrder = (one: Entry<number>, other: Entry<number>): number => {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1
  return BigInt(one.user) < BigInt(other.user) ? -1 : 1
}

/** Everything sorted and grouped anew each time. */
class Model {
  readonly entries = new Map<string, Entry<number>>()
  groups: ReadonlyArray<GroupId> = []

  take(step: typeof Step.Type): void {
    switch (step.do) {
      case "put":
        return void this.entries.set(userId(step.who), entryOf(step))
      case "remove":
        return void this.entries.delete(userId(step.who))
      case "set groups":
        this.groups = Array.from(new Set(groupsOf(step)))
        return
      case "clear":
        return this.entries.clear()
    }
  }

  membersOf(group: GroupId): ReadonlyArray<Entry<number>> {
    return Array.from(this.entries.values())
      .filter((entry) => entry.group === group)
      .sort(inOrder)
  }

  rows(): ReadonlyArray<Row<number>> {
    return this.groups.flatMap((group) => {
      const members = this.membersOf(group)
      return members.length === 0 ? [] : [header(group, members.length), ...members]
    })
  }
}

const Place = Schema.Int.check(Schema.isBetween({ minimum: -2, maximum: 40 }))

describe("MemberList", () => {
  it.prop(
    "agrees with sorting and grouping all anew, after any changes",
    [Schema.Array(Step), Place, Place],
    ([steps, from, to]) => {
      const list = new MemberList<number>([ADMINS, "online", "offline"])
      const model = new Model()
      model.groups = [ADMINS, "online", "offline"]
      for (const step of steps) {
        take(list, step)
        model.take(step)
        const rows = model.rows()
        assert.deepStrictEqual(list.rows(0, list.length), rows)
        assert.deepStrictEqual(list.rows(from, to), rows.slice(Math.max(from, 0), Math.max(to + 1, 0)))
        assert.strictEqual(list.length, rows.length)
        assert.strictEqual(list.memberCount, rows.filter(({ _tag }) => _tag === "Member").length)
        assert.deepStrictEqual(
          list.groups(),
          rows.filter((row) => row._tag === "Group")
        )
        for (const group of [ADMINS, HELPERS, "online", "offline"] as const) {
          assert.deepStrictEqual(list.membersOf(group), model.membersOf(group))
        }
        for (let who = 0; who < WHO; who++) {
          assert.deepStrictEqual(list.get(userId(who)), model.entries.get(userId(who)))
        }
      }
    },
    { arbitrary: { size: 60, runs: 200 } }
  )

  it("a header is the same object for as long as it says the same", () => {
    const list = new MemberList<number>(["online"])
    list.put(new Entry(userId(1), "a", "online", 0))
    const [before] = list.rows(0, 0)
    list.put(new Entry(userId(1), "b", "online", 1))
    assert.strictEqual(list.rows(0, 0)[0], before)
    list.put(new Entry(userId(2), "b", "online", 1))
    assert.deepStrictEqual(list.rows(0, 0), [header("online", 2)])
    assert.deepStrictEqual(before, header("online", 1))
  })

  it("says whether there was somebody to remove", () => {
    const list = new MemberList<number>(["online"])
    list.put(new Entry(userId(1), "a", "online", 0))
    assert.deepStrictEqual([list.remove(userId(1)), list.remove(userId(1)), list.length], [true, false, 0])
  })
})
