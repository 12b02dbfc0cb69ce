import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { UserId } from "../../../src/domain/Ids.ts"
import { Entry } from "../../../src/domain/memberlist/Entry.ts"

const Name = Schema.Array(Schema.Literals(["a", "b", "\u0000", "~", "\u007f", "\u0080", "é", "名", "😀"]))
const Id = Schema.Literals(["9", "10", "80351110224678912", "9007199254740993", "18446744073709551615"])
const Named = Schema.Struct({ units: Name, id: Id })

describe("Entry", () => {
  it.prop(
    "those with another name are in the order of the names, the others in that of the ids as numbers",
    [Named, Named],
    ([one, other]) => {
      const entry = ({ id, units }: typeof Named.Type) => new Entry(UserId.make(id), units.join(""), "online", 0)
      for (const [left, right] of [
        [one, other],
        [one, { units: [...one.units, ...other.units], id: other.id }],
        [one, { units: one.units, id: other.id }]
      ] as const) {
        const [name, another] = [left.units.join(""), right.units.join("")]
        const [id, anotherId] = [BigInt(left.id), BigInt(right.id)]
        const expected = name === another ? Number(id > anotherId) - Number(id < anotherId) : name < another ? -1 : 1
        assert.strictEqual(Entry.compare(entry(left), entry(right)), expected)
      }
    },
    { arbitrary: { runs: 1000, size: 8 } }
  )
})
