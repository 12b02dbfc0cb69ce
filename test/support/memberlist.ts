/** Member lists as the suites about them draw them, and a client that believes what it is told. */
import { assert } from "@effect/vitest"
import { Schema } from "effect"
import { RoleId } from "../../src/domain/Ids.ts"
import type { MemberList } from "../../src/domain/memberlist/MemberList.ts"
import type { Op } from "../../src/domain/memberlist/Op.ts"
import type { Range } from "../../src/domain/memberlist/Ranges.ts"
import { Entry, type GroupId } from "../../src/domain/memberlist/Entry.ts"
import type { Row } from "../../src/domain/memberlist/Row.ts"
import { userId } from "./community.ts"

export const ADMINS = RoleId.make("2")
export const HELPERS = RoleId.make("3")

const Group = Schema.Literals([0, 1, 2, 3])
const group = (index: typeof Group.Type): GroupId => ([ADMINS, HELPERS, "online", "offline"] as const)[index]

/** How many there are. */
export const WHO = 30
const Who = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: WHO - 1 }))

export const Put = Schema.Struct({
  do: Schema.Literal("put"),
  who: Who,
  name: Schema.Literals(["a", "b", "B", "é", "bb"]),
  group: Group,
  value: Schema.Literals([0, 1])
})
export const Remove = Schema.Struct({ do: Schema.Literal("remove"), who: Who })
export const SetGroups = Schema.Struct({ do: Schema.Literal("set groups"), groups: Schema.Array(Group) })
export const Clear = Schema.Struct({ do: Schema.Literal("clear") })
export const Step = Schema.Union([Put, Put, Put, Remove, SetGroups, Clear])

export const entryOf = ({ group: index, name, value, who }: typeof Put.Type) =>
  new Entry(userId(who), name, group(index), value)

export const groupsOf = ({ groups }: typeof SetGroups.Type): ReadonlyArray<GroupId> => groups.map(group)

export const take = (list: MemberList<number>, step: typeof Step.Type): void => {
  switch (step.do) {
    case "put":
      return list.put(entryOf(step))
    case "remove":
      return void list.remove(userId(step.who))
    case "set groups":
      return list.setGroups(groupsOf(step))
    case "clear":
      return list.clear()
  }
}

type Known<A> = Array<Row<A> | undefined>

/** Does what it is told with an array, and insists that it makes sense there. */
export class Client<A> {
  readonly rows: Known<A>

  constructor(rows: Known<A> = []) {
    this.rows = rows
  }

  apply(ops: ReadonlyArray<Op<A>>): void {
    for (const op of ops) {
      this.one(op)
      while (this.rows.length > 0 && this.rows.at(-1) === undefined) this.rows.pop()
    }
  }

  private one(op: Op<A>): void {
    const { rows } = this
    switch (op._tag) {
      case "Sync":
        assert.isAtMost(op.rows.length, op.range[1] - op.range[0] + 1)
        this.forget(op.range)
        while (rows.length < op.range[0]) rows.push(undefined)
        op.rows.forEach((row, index) => (rows[op.range[0] + index] = row))
        return
      case "Insert":
        assert.isAtMost(op.index, rows.length, "a row comes in behind the end")
        rows.splice(op.index, 0, op.row)
        return
      case "Update":
        assert.isDefined(rows[op.index], "a row that is not there is updated")
        rows[op.index] = op.row
        return
      case "Delete":
        assert.isDefined(rows[op.index], "a row that is not there is deleted")
        rows.splice(op.index, 1)
        return
      case "Invalidate":
        this.forget(op.range)
    }
  }

  private forget([from, to]: Range): void {
    for (let index = from; index <= to && index < this.rows.length; index++) this.rows[index] = undefined
  }
}
