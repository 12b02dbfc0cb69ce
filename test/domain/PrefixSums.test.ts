import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { PrefixSums } from "../../src/domain/PrefixSums.ts"

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))
const Change = Schema.Struct({ part: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })), to: Count })

describe("PrefixSums", () => {
  it.prop(
    "says what adding up says, after any changes",
    [Schema.Array(Count), Schema.Array(Change)],
    ([counts, changes]) => {
      const sums = new PrefixSums(counts)
      const model = Array.from(counts)
      for (const { part, to } of changes) {
        const before = model[part]
        if (before === undefined) continue
        model[part] = to
        sums.add(part, to - before)
      }
      const parts = model.flatMap((count, part) => Array.from({ length: count }, () => part))
      for (let part = 0; part <= model.length; part++) {
        assert.strictEqual(
          sums.before(part),
          model.slice(0, part).reduce((sum, count) => sum + count, 0)
        )
      }
      parts.forEach((part, position) => assert.strictEqual(sums.partOf(position), part))
      assert.strictEqual(sums.partOf(parts.length), model.length)
    },
    { arbitrary: { size: 70 } }
  )
})
