import { assert, describe, it } from "@effect/vitest"
import { Order, Schema } from "effect"
import { OrderedList } from "../../src/domain/OrderedList.ts"
import { below, seeded } from "../support/random.ts"

interface Numbered {
  readonly number: number
  readonly mark: number
}

const byNumber: Order.Order<Numbered> = Order.mapInput(Order.Number, ({ number }) => number)

const SPREAD = 3000

/** A sorted array that can do the same, slowly. */
class Model {
  readonly entries: Array<Numbered> = []

  placeOf(number: number): number {
    const found = this.entries.findIndex((entry) => entry.number >= number)
    return found === -1 ? this.entries.length : found
  }

  find(number: number): number {
    return this.entries.findIndex((entry) => entry.number === number)
  }
}

/** What is put in, in which order, decides where chunks are split; what is taken out, where they are joined. */
const Phase = Schema.Struct({
  do: Schema.Literals(["put", "remove", "either"]),
  in: Schema.Literals(["random", "rising", "falling"]),
  times: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1200 }))
})
const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))

const numberIn = (phase: typeof Phase.Type, time: number, random: () => number): number => {
  switch (phase.in) {
    case "random":
      return below(random, SPREAD)
    case "rising":
      return time
    case "falling":
      return SPREAD - time
  }
}

describe("OrderedList", () => {
  it.prop(
    "agrees with a sorted array, operation by operation, in whatever order entries come and go",
    [Seed, Schema.Array(Phase)],
    ([seed, phases]) => {
      const random = seeded(seed)
      const list = new OrderedList(byNumber)
      const model = new Model()
      const { entries } = model
      let mark = 0
      const check = () => {
        assert.strictEqual(list.size, entries.length)
        const at = below(random, entries.length + 2) - 1
        assert.strictEqual(list.at(at), at < 0 ? undefined : entries[at])
        const number = below(random, SPREAD)
        assert.strictEqual(list.indexOf({ number, mark }), model.find(number))
        const to = at + below(random, 700)
        const count = below(random, 700)
        const after = entries.filter((entry) => entry.number > number).slice(0, count)
        assert.deepStrictEqual(
          list.after((entry) => entry.number > number, count),
          after
        )
        assert.deepStrictEqual(list.slice(at, to), entries.slice(Math.max(at, 0), Math.max(to, 0)))
      }
      for (const phase of phases) {
        for (let time = 0; time < phase.times; time++) {
          const entry = { number: numberIn(phase, time, random), mark: mark++ }
          const found = model.find(entry.number)
          const was = found === -1 ? undefined : entries[found]
          if (phase.do === "put" || (phase.do === "either" && random() < 0.5)) {
            assert.strictEqual(list.put(entry), was)
            entries.splice(model.placeOf(entry.number), was === undefined ? 0 : 1, entry)
          } else {
            assert.strictEqual(list.remove(entry), was)
            if (was !== undefined) entries.splice(found, 1)
          }
          if (time % 16 === 0) check()
        }
        check()
        assert.deepStrictEqual(list.slice(0, list.size), entries)
      }
      list.clear()
      assert.strictEqual(list.size, 0)
      assert.deepStrictEqual(list.slice(0, 10), [])
      assert.strictEqual(list.put({ number: 1, mark }), undefined)
    },
    { arbitrary: { runs: 60, size: 12 } }
  )
})
