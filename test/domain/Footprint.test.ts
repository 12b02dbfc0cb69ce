import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, HashSet, Option, Schema } from "effect"
import * as Footprint from "../../src/domain/Footprint.ts"
import { below, seeded } from "../support/random.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))
const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 400 }))

const range = <A>(count: number, make: (index: number) => A): Array<A> =>
  Array.from({ length: count }, (_, index) => make(index))

const bytes = (value: unknown): number => Footprint.exact(value).bytes

const anyOf = <A>(random: () => number, list: ReadonlyArray<A>): A | undefined => list[below(random, list.length)]

interface Made {
  readonly value: unknown
  readonly bytes: number
}

/** Things of many kinds that refer to each other, in circles too, and what they take as they were made. */
const heap = (seed: number, count: number): { readonly all: ReadonlyArray<unknown>; readonly expected: number } => {
  const random = seeded(seed)
  const all: Array<unknown> = []
  const records: Array<Record<string, unknown>> = []
  const texts = new Set<string>()
  const record = (): Made => {
    const value = { a: anyOf(random, all), b: below(random, 9), c: true, later: undefined }
    records.push(value)
    return { value, bytes: 24 + 4 * 8 }
  }
  const text = (): Made => {
    const value = "text".repeat(1 + below(random, 6))
    const isNew = !texts.has(value)
    texts.add(value)
    return { value, bytes: isNew ? 16 + Math.ceil(value.length / 8) * 8 : 0 }
  }
  const kinds: ReadonlyArray<() => Made> = [
    record,
    text,
    () => ({ value: { box: 2 ** 40 + random() }, bytes: 24 + 8 + 16 }),
    () => ({ value: [anyOf(random, all), null, anyOf(random, all)], bytes: 32 + 16 + 3 * 8 }),
    () => ({
      value: new Map([
        [1, anyOf(random, all)],
        [2, anyOf(random, all)]
      ]),
      bytes: 32 + 16 + 8 * (3 + 2 + 12)
    }),
    () => ({ value: new Set([anyOf(random, all), anyOf(random, all)]), bytes: 32 + 16 + 8 * (3 + 2 + 8) }),
    () => ({ value: () => {}, bytes: 64 }),
    () => ({ value: Symbol(), bytes: 24 }),
    () => ({ value: new Uint8Array(1000), bytes: 104 + 96 + 1000 }),
    () => ({ value: Object.assign(new Date(0), { of: anyOf(random, all) }), bytes: 96 + 8 })
  ]
  // The first one is no number, so that what follows is not taken for numbers only.
  let expected = 32 + 16 + 8 * (1 + count)
  all.push(null)
  for (let made = 0; made < count; made++) {
    const { bytes, value } = anyOf(random, kinds)?.() ?? record()
    all.push(value)
    expected += bytes
  }
  for (const record of records) record.later = anyOf(random, all)
  return { all, expected }
}

describe("Footprint.exact", () => {
  it.prop("what there is, each thing once, whatever refers to it", [Seed, Count], ([seed, count]) => {
    const { all, expected } = heap(seed, count)
    assert.strictEqual(bytes(all), expected)
    assert.strictEqual(bytes({ all, again: all }), expected + 24 + 2 * 8)
  })

  class Point {
    readonly x = 1
    readonly y = 2
  }
  class Registry extends Map<number, number> {
    readonly name = 1
  }
  const buffer = new ArrayBuffer(1000)

  // As measured on V8's heap.
  it.each<readonly [what: string, value: unknown, bytes: number]>([
    ["an empty literal", {}, 56],
    ["a record", { a: 1, b: true, c: null, d: undefined }, 56],
    ["a number that is not small", { a: 1.5 }, 48],
    ["numbers that fit into a slot", { a: -(2 ** 31), b: 2 ** 31 - 1, c: -0, d: Number.NaN }, 56],
    ["an instance of a class", new Point(), 40],
    ["an object without a prototype", Object.create(null), 184],
    ["a dictionary", Object.fromEntries(range(128, (index) => [`k${index}`, 1])), 6232 + 128 * 24],
    ["no elements", [], 32],
    ["small numbers", [1, 2, 3], 72],
    ["nothing but numbers", [1.5, 2, 3], 72],
    ["a number among others", [null, 1.5], 80],
    ["a number beside nothing", [undefined, 1.5], 80],
    [
      "objects among numbers",
      range(6_400, (index) => (index % 2 === 0 ? index : { index })),
      48 + 6_400 * 8 + 3_200 * 32
    ],
    [
      "a few objects in an array that is empty otherwise",
      range(100_000, (index) => (index % 100 === 0 ? { index } : undefined)),
      48 + 100_000 * 8 + 1_000 * 32
    ],
    ["numbers in every other place", range(256, (index) => (index % 2 === 0 ? 0.5 : null)), 48 + 256 * 8 + 128 * 16],
    [
      "an object among very many numbers",
      range(6_400, (index) => (index === 1 ? { index } : 0.5)),
      48 + 6_400 * 8 + 32
    ],
    ["a sparse array", Object.assign([], { 4_000_000_000: 1 }), 176],
    ["text", { a: "0123456789" }, 32 + 32],
    ["text of two bytes a character", { a: "é€34567890" }, 32 + 40],
    ["the same text twice", { a: "0123456789", b: ["0123456789"] }, 40 + 32 + 56],
    ["a character", { a: "a", b: "" }, 40],
    ["bigints", { a: 0n, b: 1n, c: -(2n ** 64n) }, 48 + 16 + 24 + 32],
    ["a map", new Map(range(5, (index) => [index, index])), 296],
    ["numbers in a map", new Map([[1.5, 2.5]]), 184 + 32],
    ["a set", new Set(range(9, (index) => index)), 392],
    ["a map with a field", new Registry(), 192],
    ["a symbol", { a: Symbol() }, 32 + 24],
    ["a symbol for a name", { [Symbol("name")]: [] }, 32 + 32],
    ["a date", new Date(), 96],
    ["bytes on the heap", new Uint8Array(10), 232],
    ["bytes beside the heap", new Uint8Array(65), 200 + 65],
    ["views of the same bytes", [new Uint8Array(buffer), new DataView(buffer)], 64 + 104 + 88 + 1096],
    ["nothing", undefined, 0],
    ["a number", 1.5, 16]
  ])("%s", (_, value, expected) => {
    assert.strictEqual(bytes(value), expected)
  })

  it("what Effect's data structures are made of, down to their last nodes", () => {
    const map = HashMap.fromIterable(range(1000, (index) => [`key-${index}`, { index }]))
    // A key, a value and a leaf with five fields for each of them; then the nodes.
    const least = 1000 * (24 + 32 + 24 + 5 * 8)
    assert.isAbove(bytes(map), least)
    assert.isBelow(bytes(map), 1.6 * least)
    assert.isAbove(bytes(HashSet.fromIterable(range(1000, (index) => `key-${index}`))), 1000 * 88)
    assert.strictEqual(bytes(Option.some("0123456789")), 32 + 32)
  })

  it("of each field what no field before it has", () => {
    const shared = { list: range(100, (index) => ({ index })) }
    const { bytes: all, fields } = Footprint.exact({
      before: 1,
      first: [shared, "0123456789"],
      second: { shared },
      third: 0.5
    })
    assert.strictEqual(fields.before?.bytes, 0)
    assert.strictEqual(fields.first?.bytes, 64 + 32 + bytes(shared))
    assert.strictEqual(fields.second?.bytes, 32)
    assert.strictEqual(fields.third?.bytes, 16)
    assert.strictEqual(all, 24 + 4 * 8 + 64 + 32 + bytes(shared) + 32 + 16)
    assert.deepStrictEqual(Footprint.exact([1]).fields, {})
    assert.deepStrictEqual(Object.keys(Footprint.exact(new Point()).fields), ["x", "y"])
  })

  it("says how much of it other threads may have", () => {
    const memory = new SharedArrayBuffer(1000)
    const { bytes, fields, shared } = Footprint.exact({
      own: new Uint8Array(1000),
      columns: [new Uint8Array(memory), memory]
    })
    assert.strictEqual(shared, 1096)
    assert.strictEqual(bytes, 24 + 16 + 1200 + 64 + 104 + 1096)
    assert.strictEqual(fields.own?.shared, 0)
    assert.strictEqual(fields.columns?.shared, 1096)
  })
})

/** Containers, some of them large, of things that were made before, and circles. */
const tangle = (seed: number): unknown => {
  const random = seeded(seed)
  const all: Array<unknown> = [null]
  const records: Array<{ first: unknown; index: number; list: unknown }> = []
  const one = (index: number) => (random() < 0.5 ? anyOf(random, all) : { index, of: anyOf(random, all) })
  for (let index = 0; index < 150; index++) {
    const list = range(random() < 0.3 ? 60 + below(random, 200) : below(random, 5), one)
    const named = list.map((value, nth) => [`key-${nth}`, value] as const)
    const record = { first: anyOf(random, all), index, list }
    records.push(record)
    all.push(
      anyOf(random, [
        list,
        record,
        new Map(named),
        new Set(list),
        HashMap.fromIterable(named),
        Object.fromEntries(named)
      ])
    )
  }
  for (const record of records) record.first = anyOf(random, all)
  return { one: all.slice(0, 75), two: all.slice(50), three: anyOf(random, all) }
}

const estimate = (value: unknown, options?: Footprint.Options) => Footprint.estimate(value, options)

/** More than are walked. */
const MANY = 20_000

const text = (random: () => number, most: number) => "x".repeat(below(random, most)) + below(random, 1e9)

/** A large buffer, now and then. */
const queue = (index: number, often: number) => new Uint8Array(index % often === often / 2 ? 100_000 : 10)

/** Objects that are in about so many entries each: drawn at random, or from neighbour to neighbour. */
const sharedBy = (random: () => number, entries: number, how: "anywhere" | "beside") => {
  const pool = range(Math.ceil(MANY / entries), (index) => ({ index, text: text(random, 40) }))
  const at = how === "beside" ? (index: number) => Math.floor(index / entries) : () => below(random, pool.length)
  return new Map(range(MANY, (index) => [index, { of: pool[at(index)] }]))
}

type Large = readonly [what: string, percent: number, make: (random: () => number) => unknown, effort?: number]

/** What is large, and how far off estimates of it may be at the median, in percent. */
const LARGE: ReadonlyArray<Large> = [
  ["an array of objects", 0.1, () => range(MANY, (index) => ({ index, list: [index] }))],
  ["a map of texts of any length", 2, (random) => new Map(range(MANY, (index) => [`id-${index}`, text(random, 50)]))],
  ["a set of numbers that are not small", 0.1, () => new Set(range(MANY, (index) => index + 0.5))],
  [
    "entries that grow with age",
    0.5,
    (random) => new Map(range(MANY, (index) => [index, range(Math.floor((10 * index) / MANY), () => text(random, 20))]))
  ],
  [
    "a few entries that are much larger",
    5,
    (random) => new Map(range(MANY, (index) => [index, `${"z".repeat(Math.floor(20 / (random() + 0.02)))}${index}`]))
  ],
  ["objects among numbers", 2, () => range(MANY, (index) => (index % 2 === 0 ? index : { index }))],
  [
    "a few objects in an array that is empty otherwise",
    1,
    () => range(5 * MANY, (index) => (index % 100 === 0 ? { index } : undefined))
  ],
  ["nothing but numbers", 0.001, () => range(MANY, (index) => index + 0.5)],
  [
    "ten entries with a large buffer each",
    0.5,
    (random) => new Map(range(MANY, (index) => [index, { index, name: text(random, 20), queue: queue(index, 2_000) }]))
  ],
  [
    "ten entries of a HashMap with a large buffer each",
    2,
    () => HashMap.fromIterable(range(MANY, (index) => [`session-${index}`, { queue: queue(index, 2_000) }] as const))
  ],
  [
    "large buffers further inside, so many that ten are drawn",
    35,
    () => new Map(range(MANY, (index) => [index, { of: { queue: queue(index, 220) } }]))
  ],
  ["objects that very many share", 0.5, (random) => sharedBy(random, 500, "anywhere")],
  ["objects that some share", 5, (random) => sharedBy(random, 20, "anywhere")],
  ["objects that five share", 10, (random) => sharedBy(random, 5, "anywhere")],
  ["objects that two share", 10, (random) => sharedBy(random, 2, "anywhere")],
  ["objects that two neighbours share", 10, (random) => sharedBy(random, 2, "beside")],
  [
    "objects that two share, twenty of them at a time",
    20,
    (random) => {
      const pool = range(MANY / 2, (index) => range(20, (nth) => ({ index, nth })))
      return new Map(range(MANY, (index) => [index, [...(pool[below(random, pool.length)] ?? [])]]))
    },
    8
  ],
  [
    "texts that two share, twenty of them at a time, so few of these that none may be drawn",
    15,
    () => {
      const lists = range(5_000, (index) => range(20, (nth) => `${"x".repeat(200)}${index}/${nth}`))
      return lists.map((list, index) => Array.from((index % 8 === 1 ? lists[index - 1] : undefined) ?? list))
    },
    4
  ],
  [
    "entries that take twice what others do, so few that none may be drawn",
    0.5,
    () => range(MANY, (index) => (index % 2_000 === 5 ? 2n ** 200n : 1n))
  ],
  [
    "entries that refer to another one each",
    10,
    () => {
      const all = range(MANY, (index) => ({ index, other: new Array<unknown>() }))
      for (const [index, one] of all.entries()) one.other.push(all[index ^ 1])
      return new Map(all.map((one) => [`id-${one.index}`, one]))
    }
  ],
  [
    "a large map that all entries refer to",
    1,
    (random) => {
      const roles = new Map(range(MANY, (index) => [index, text(random, 30)]))
      return range(MANY, (index) => ({ index, roles }))
    }
  ],
  ["objects that twenty neighbours share", 5, (random) => sharedBy(random, 20, "beside")],
  [
    "objects of which half are shared, some more than others",
    5,
    (random) => {
      const pool = range(500, (index) => ({ index, text: text(random, 40) }))
      const one = (index: number) =>
        random() < 0.5 ? { index, text: text(random, 40) } : pool[Math.floor(random() ** 3 * pool.length)]
      return new Map(range(MANY, (index) => [index, { of: one(index) }]))
    }
  ],
  [
    "maps in the entries of a map",
    5,
    (random) =>
      new Map(
        range(5_000, (index) => [index, { of: new Map(range(below(random, 20), (nth) => [nth, text(random, 20)])) }])
      )
  ],
  [
    "the same objects by two keys, and in a list",
    10,
    (random) => {
      const people = range(MANY, (index) => ({ id: `id-${index}`, name: text(random, 30) }))
      return {
        byId: new Map(people.map((person) => [person.id, person])),
        byName: new Map(people.map((person) => [person.name, person])),
        all: people
      }
    }
  ],
  [
    "a HashMap",
    6,
    () => ({ sessions: HashMap.fromIterable(range(MANY, (index) => [`session-${index}`, { index }] as const)) })
  ],
  [
    "a HashMap before and after a fifth of it has changed",
    10,
    () => {
      const before = HashMap.fromIterable(range(MANY, (index) => [`session-${index}`, { index }] as const))
      const changed = range(MANY / 5, (index) => [`session-${index * 5}`, { index: -1 }] as const)
      return { before, after: changed.reduce((map, [key, value]) => HashMap.set(map, key, value), before) }
    }
  ],
  [
    "entries that refer to the whole",
    0.5,
    () => {
      const guild = { members: new Map<number, unknown>(), name: "guild" }
      for (let index = 0; index < MANY; index++) guild.members.set(index, { guild, index })
      return guild
    }
  ],
  ["a dictionary", 1, () => ({ settings: Object.fromEntries(range(MANY, (index) => [`key-${index}`, { index }])) })],
  ["buffers", 2, (random) => range(MANY, () => new Uint8Array(100 + below(random, 100)))],
  [
    "large maps, each with objects of its own, in the entries of a large map",
    1,
    () => new Map(range(300, (index) => [index, new Map(range(300, (nth) => [nth, { index, nth }]))])),
    4
  ],
  [
    "large sets of the same objects in the entries of a large map",
    15,
    (random) => {
      const people = range(15_000, (index) => ({ index, name: text(random, 30) }))
      return new Map(range(300, (index) => [index, new Set(range(400, () => people[below(random, people.length)]))]))
    },
    4
  ]
]

const SEEDS = 20

describe("Footprint.estimate", () => {
  it.effect.prop("where nothing is large it is exact", [Seed, Count], ([seed, count]) =>
    Effect.gen(function* () {
      const { all } = heap(seed, count)
      assert.deepStrictEqual(yield* estimate({ all, first: all[1] }), Footprint.exact({ all, first: all[1] }))
    })
  )

  it.effect.prop(
    "with an effort beyond measure it is exact",
    [Seed],
    ([seed]) =>
      Effect.gen(function* () {
        const { all } = heap(seed, 5_000)
        assert.deepStrictEqual(yield* estimate({ all }, { effort: Number.POSITIVE_INFINITY }), Footprint.exact({ all }))
      }),
    { arbitrary: { runs: 5 } }
  )

  it.effect.prop(
    "whatever refers to whatever, large within large: nothing counts twice",
    [Seed],
    ([seed]) =>
      Effect.gen(function* () {
        const value = tangle(seed)
        const exact = Footprint.exact(value)
        // More than 64 entries are many then. Less may be found: what one entry leads to is half of all now and then.
        const { bytes, error } = yield* estimate(value, { effort: 2, seed })
        assert.isAtMost(bytes, exact.bytes + error + 1)
        assert.isAtLeast(bytes, 0.5 * exact.bytes)
      }),
    { arbitrary: { runs: 60 } }
  )

  it.effect.each(LARGE)("%s: nearly always as near as it says", ([_, percent, make, effort = 16]) =>
    Effect.gen(function* () {
      const value = make(seeded(1))
      const exact = Footprint.exact(value)
      const off: Array<number> = []
      let near = 0
      let fieldsNear = 0
      for (let seed = 0; seed < SEEDS; seed++) {
        const { bytes, error, fields } = yield* estimate(value, { effort, seed })
        off.push(Math.abs(bytes - exact.bytes))
        if (Math.abs(bytes - exact.bytes) <= error) near++
        const isNear = (name: string) =>
          Math.abs((fields[name]?.bytes ?? 0) - (exact.fields[name]?.bytes ?? 0)) <= (fields[name]?.error ?? 0)
        if (Object.keys(exact.fields).every(isNear)) fieldsNear++
        assert.deepStrictEqual(Object.keys(fields), Object.keys(exact.fields))
      }
      assert.isAtLeast(near, 0.95 * SEEDS)
      assert.isAtLeast(fieldsNear, 0.95 * SEEDS)
      assert.isBelow(off.sort((a, b) => a - b)[SEEDS / 2] ?? 0, (percent / 100) * exact.bytes)
    })
  )

  it.effect("what it says is worth knowing: 5 % where nothing is shared, or by very many", () =>
    Effect.gen(function* () {
      const random = seeded(2)
      for (const value of [
        new Map(range(MANY, (index) => [`id-${index}`, { index, name: text(random, 30) }])),
        sharedBy(random, 500, "anywhere")
      ]) {
        const { bytes, error } = yield* estimate(value)
        assert.isAbove(error, 0)
        assert.isBelow(error, 0.05 * bytes)
      }
    })
  )

  it.effect("what a HashMap has of another one is not sampled again", () =>
    Effect.gen(function* () {
      const before = HashMap.fromIterable(range(MANY, (index) => [`session-${index}`, { index }] as const))
      const after = HashMap.set(before, "new", { index: -1 })
      const { bytes, fields } = yield* estimate({ before, after })
      assert.isAbove(fields.after?.bytes ?? 0, 1_000)
      assert.isBelow(fields.after?.bytes ?? bytes, 0.01 * bytes)
    })
  )

  it.effect("a single entry that is large further inside is missed, if it is not drawn", () =>
    Effect.gen(function* () {
      const few = new Map(range(MANY, (index) => [index, { of: { queue: queue(index, 2 * MANY) } }]))
      const one = new Map(few).set(MANY / 2, { of: { queue: new Uint8Array(1_000_000) } })
      const least = bytes(few) + 900_000
      assert.isAbove(bytes(one), least)
      let missed = 0
      for (let seed = 0; seed < SEEDS; seed++) {
        const { bytes, error } = yield* estimate(one, { seed })
        if (bytes + error < least) missed++
      }
      // One in nine is drawn.
      assert.isAbove(missed, 0.6 * SEEDS)
    })
  )

  it.effect("of a HashMap of this release entries are drawn; one that is made otherwise is walked", () =>
    Effect.gen(function* () {
      const map = HashMap.fromIterable(range(MANY, (index) => [index, { index }] as const))
      assert.isAbove((yield* estimate(map)).error, 0)
      const like = (changed: object): unknown =>
        Object.assign(Object.create(Object.getPrototypeOf(map)), { ...map, ...changed })
      const root: unknown = Reflect.get(map, "_root")
      for (const other of [
        like({ _root: undefined, _nodes: root }),
        like({ _root: { nodes: root } }),
        like({ _size: undefined, _count: MANY })
      ]) {
        assert.deepStrictEqual(yield* estimate(other), Footprint.exact(other))
      }
    })
  )

  it.effect("the same seed draws the same entries, another one others", () =>
    Effect.gen(function* () {
      const random = seeded(3)
      const value = { names: new Map(range(MANY, (index) => [index, text(random, 50)])) }
      const first = yield* estimate(value, { seed: 1 })
      assert.deepStrictEqual(yield* estimate(value, { seed: 1 }), first)
      assert.notDeepEqual(yield* estimate(value, { seed: 2 }), first)
    })
  )

  it.effect("more effort, less error; none is less than can be told from", () =>
    Effect.gen(function* () {
      const random = seeded(4)
      const value = new Map(range(MANY, (index) => [`id-${index}`, text(random, 50)]))
      const errors = yield* Effect.forEach([32, 16, 8, 4, 2], (effort) =>
        Effect.map(estimate(value, { effort }), ({ error }) => error)
      )
      assert.deepStrictEqual(
        errors,
        errors.toSorted((a, b) => a - b)
      )
      for (const effort of [1, 0, -1, Number.NaN]) {
        assert.deepStrictEqual(yield* estimate(value, { effort }), yield* estimate(value, { effort: 2 }))
      }
    })
  )

  it.effect("others have their turn all the while", () =>
    Effect.gen(function* () {
      const few = range(4_000, (index) => [index])
      const many = new Map(range(MANY, (index) => [index, { index }]))
      let turns = 0
      const turn = Effect.andThen(
        Effect.sync(() => turns++),
        Effect.yieldNow
      )
      yield* Effect.forkScoped(Effect.forever(turn, { disableYield: true }))
      yield* estimate({ few, many })
      // Of 6,000 things found, each is looked at, tells and settles; others have their turn after five hundred of that.
      assert.isAbove(turns, 30)
    })
  )

  it.effect.prop(
    "what is weighed may change meanwhile",
    [Seed],
    ([seed]) =>
      Effect.gen(function* () {
        const random = seeded(seed)
        const map = new Map<number, unknown>(range(8_000, (index) => [index, { index }]))
        const set = new Set(range(8_000, (index) => ({ index })))
        const list: Array<unknown> = range(8_000, (index) => ({ index }))
        const record: Record<string, unknown> = {}
        const value = { map, set, list, record }
        const before = Footprint.exact(value).bytes
        const change = Effect.sync(() => {
          for (let times = 0; times < 50; times++) {
            const index = below(random, 10_000)
            map.delete(index)
            map.set(10_000 + below(random, 10_000), { index })
            for (const one of set) {
              set.delete(one)
              break
            }
            record[`key-${index}`] = index
          }
          if (random() < 0.1) list.length = below(random, list.length + 1)
          if (random() < 0.02) map.clear()
        })
        yield* Effect.forkScoped(Effect.forever(Effect.andThen(change, Effect.yieldNow)))
        const { bytes } = yield* estimate(value)
        assert.isAbove(bytes, 0)
        assert.isBelow(bytes, 2 * before)
      }),
    { arbitrary: { runs: 20 } }
  )
})

describe("what is looked at is left alone", () => {
  const mustNot = (): never => {
    throw new Error("was called")
  }
  class Guarded {
    readonly visible = "0123456789"
    get hidden(): string {
      return mustNot()
    }
  }
  class GuardedMap extends Map<unknown, unknown> {
    override get size(): number {
      return mustNot()
    }
    override get = mustNot
    override keys = mustNot
    override entries = mustNot;
    override [Symbol.iterator] = mustNot
  }
  class GuardedSet extends Set<unknown> {
    override get size(): number {
      return mustNot()
    }
    override values = mustNot;
    override [Symbol.iterator] = mustNot
  }
  class GuardedBytes extends Uint8Array<ArrayBuffer> {
    override get byteLength(): number {
      return mustNot()
    }
    override get buffer(): ArrayBuffer {
      return mustNot()
    }
  }
  const getter = { enumerable: true, configurable: true, get: mustNot }
  const map = () => {
    const map = new GuardedMap()
    for (let index = 0; index < 3; index++) Map.prototype.set.call(map, index, { index })
    return map
  }
  const set = () => {
    const set = new GuardedSet()
    for (let index = 0; index < 3; index++) Set.prototype.add.call(set, { index })
    return set
  }

  it.effect.each<readonly [what: string, value: unknown, bytes: number]>([
    ["a getter of its own", Object.defineProperty({ a: 1 }, "b", getter), 24 + 2 * 8],
    ["a class's getter", new Guarded(), 32 + 32],
    ["an element", Object.defineProperty([null, 1.5, null], 0, getter), 32 + 16 + 24 + 16],
    ["a map's", map(), 184 + 4 * 8 + 3 * 32 + 64],
    ["a set's", set(), 152 + 2 * 8 + 3 * 32 + 64],
    ["a typed array's", new GuardedBytes(new ArrayBuffer(100)), 104 + 96 + 100],
    ["what says what it is", Object.defineProperty({}, Symbol.toStringTag, getter), 32],
    ["what says what is one", { constructor: Object.defineProperty({}, Symbol.hasInstance, getter) }, 64]
  ])("%s", ([_, value, bytes]) =>
    Effect.gen(function* () {
      const exact = Footprint.exact({ value })
      assert.deepStrictEqual(yield* estimate({ value }), exact)
      assert.strictEqual(exact.fields.value?.bytes, bytes)
    })
  )

  it("the stack of an error is not asked for", () => {
    const prepare = Error.prepareStackTrace
    let asked = 0
    Error.prepareStackTrace = () => asked++
    try {
      bytes([new Error("one"), new TypeError("two")])
    } finally {
      Error.prepareStackTrace = prepare
    }
    assert.strictEqual(asked, 0)
  })

  const { proxy, revoke } = Proxy.revocable<Array<number>>([], {})
  revoke()
  const hostile = new Proxy(
    {},
    { ownKeys: mustNot, get: mustNot, has: mustNot, getPrototypeOf: mustNot, getOwnPropertyDescriptor: mustNot }
  )
  const detached = new ArrayBuffer(1000)
  const detachedBytes = new Uint8Array(detached)
  structuredClone(detached, { transfer: [detached] })

  it.effect.each<readonly [what: string, value: unknown]>([
    ["a revoked proxy", proxy],
    ["a proxy that throws", hostile],
    ["a proxy of a map", new Proxy(new Map([[1, 2]]), {})],
    ["a proxy of a list", new Proxy([1, 2, 3], {})],
    ["no real map", Object.create(Map.prototype)],
    ["no real buffer", Object.create(ArrayBuffer.prototype)],
    ["no real bytes", Object.create(Uint8Array.prototype)],
    ["no real HashMap", { "~effect/HashMap": "~effect/HashMap" }],
    ["a buffer that was given away", [detached, detachedBytes]],
    ["weak things", [new WeakMap(), new WeakSet(), new WeakRef({})]],
    ["a promise", Promise.resolve(1)],
    ["a generator", (function* () {})()],
    ["a format", new Intl.NumberFormat()],
    ["a class", Guarded],
    ["everything", globalThis]
  ])("no harm comes from %s", ([_, value]) =>
    Effect.gen(function* () {
      const exact = Footprint.exact([value, { value }])
      assert.isAbove(exact.bytes, 0)
      assert.isAbove((yield* estimate([value, { value }])).bytes, 0)
    })
  )
})
