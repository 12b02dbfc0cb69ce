import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { MemberList } from "../../../src/domain/memberlist/MemberList.ts"
import { type Op, weight } from "../../../src/domain/memberlist/Op.ts"
import * as Ranges from "../../../src/domain/memberlist/Ranges.ts"
import { Entry } from "../../../src/domain/memberlist/Entry.ts"
import { header, type Row } from "../../../src/domain/memberlist/Row.ts"
import { Watch } from "../../../src/domain/memberlist/Watch.ts"
import { userId } from "../../support/community.ts"
import { ADMINS, Client, Put, Remove, Step, take } from "../../support/memberlist.ts"
import { below, seeded } from "../../support/random.ts"

const Part = Schema.Struct({
  gap: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })),
  length: Schema.Literals([1, 1, 2, 3, 5, 8, 13, 21])
})
/** Ranges that mostly have gaps between them, and are about as long as the list. */
const Asked = Schema.Array(Part).check(Schema.isMaxLength(Ranges.MOST))
const rangesOf = (parts: typeof Asked.Type): Ranges.Ranges => {
  let next = 0
  return Ranges.make(
    parts.map(({ gap, length }): Ranges.Range => {
      const from = next + gap
      next = from + length
      return [from, next - 1]
    })
  )
}
const Bursts = Schema.Array(Schema.Array(Step))

const START = [ADMINS, "online", "offline"] as const

/** What a client is to know: the rows that there are in its ranges, and nothing else. */
const expected = <A>(list: MemberList<A>, ranges: Ranges.Ranges): ReadonlyArray<Row<A> | undefined> => {
  const known: Array<Row<A> | undefined> = []
  const rows = list.rows(0, list.length)
  for (const [from, to] of Ranges.all(ranges)) {
    rows.slice(from, to + 1).forEach((row, index) => {
      while (known.length < from) known.push(undefined)
      known[from + index] = row
    })
  }
  return known
}

/** What of some rows is to be seen: the name only says where they stand. */
const seen = (rows: ReadonlyArray<Row<unknown> | undefined>) =>
  rows.map((row) => (row?._tag === "Member" ? { user: row.user, value: row.value } : row))

const garbage = new Entry(userId(999), "", "online", -1)

describe("Watch", () => {
  it.prop(
    "who does what is told knows the rows in its ranges, and no others, whatever happened between",
    [Asked, Bursts],
    ([asked, bursts]) => {
      const ranges = rangesOf(asked)
      const list = new MemberList<number>(START)
      const watch = new Watch(list, ranges)
      const client = new Client<number>()
      for (const burst of bursts) {
        for (const step of burst) take(list, step)
        client.apply(watch.changes())
        assert.deepStrictEqual(seen(client.rows), seen(expected(list, ranges)))
        assert.deepStrictEqual(watch.changes(), [])
      }
    },
    { arbitrary: { size: 60, runs: 500 } }
  )

  it.prop(
    "whoever joins is where the others are; wherever they have been, and whatever they remember",
    [Asked, Asked, Bursts, Schema.Array(Step), Bursts],
    ([asked, before, bursts, untold, later]) => {
      const [ranges, elsewhere] = [rangesOf(asked), rangesOf(before)]
      const list = new MemberList<number>(START)
      const [watch, other] = [new Watch(list, ranges), new Watch(list, elsewhere)]
      const [first, late, mover] = [new Client<number>(), new Client<number>(), new Client<number>()]
      const careless = new Client<number>(Array.from({ length: 60 }, () => garbage))
      const change = (burst: ReadonlyArray<typeof Step.Type>, clients: ReadonlyArray<Client<number>>) => {
        for (const step of burst) take(list, step)
        const ops = watch.changes()
        for (const client of clients) client.apply(ops)
        const rows = list.rows(0, list.length)
        for (const [from, to] of Ranges.all(ranges)) {
          const known = careless.rows.slice(from, Math.min(to + 1, rows.length))
          assert.deepStrictEqual(seen(known), seen(rows.slice(from, to + 1)))
        }
      }
      for (const client of [first, careless]) client.apply(watch.join())
      for (const burst of bursts) {
        change(burst, [first, careless])
        mover.apply(other.changes())
      }
      for (const step of untold) take(list, step)
      late.apply(watch.join())
      mover.apply(watch.join(bursts.length === 0 ? Ranges.none : elsewhere))
      for (const burst of later) change(burst, [first, careless, late, mover])
      for (const client of [late, mover]) assert.deepStrictEqual(seen(client.rows), seen(first.rows))
    },
    { arbitrary: { size: 60, runs: 300 } }
  )

  it.prop(
    "what could be told to nobody is told the next time; who joins meanwhile is told the same",
    [Asked, Schema.Array(Step), Schema.Array(Step), Schema.Array(Step)],
    ([asked, before, untold, later]) => {
      const ranges = rangesOf(asked)
      const list = new MemberList<number>(START)
      const watch = new Watch(list, ranges)
      const [first, second] = [new Client<number>(), new Client<number>()]
      for (const step of before) take(list, step)
      first.apply(watch.join())
      for (const step of untold) take(list, step)
      watch.changes()
      watch.takeBack()
      second.apply(watch.join())
      for (const step of later) take(list, step)
      const ops = watch.changes()
      for (const client of [first, second]) {
        client.apply(ops)
        assert.deepStrictEqual(seen(client.rows), seen(expected(list, ranges)))
      }
    },
    { arbitrary: { size: 60, runs: 300 } }
  )

  it.prop(
    "few changes are few ops: eight for each and each run at most; and never more to send than everything",
    [Asked, Schema.Array(Schema.Array(Schema.Union([Put, Put, Remove])))],
    ([asked, bursts]) => {
      const ranges = rangesOf(asked)
      const list = new MemberList<number>(START)
      const watch = new Watch(list, ranges)
      watch.changes()
      for (const burst of bursts) {
        for (const step of burst) take(list, step)
        const ops = watch.changes()
        // Each change takes a member and perhaps a header out, and puts a member and perhaps a header in. For each of the
        // four a row comes in or goes within a run, and one at its end.
        assert.isAtMost(ops.length, 8 * burst.length * ranges.runs.length)
        assert.isAtMost(weight(ops), weight(watch.join()))
      }
    },
    { arbitrary: { size: 60, runs: 300 } }
  )

  it.prop(
    "so it is in lists longer than the ranges, with few changes as with many",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))],
    ([seed]) => {
      const random = seeded(seed)
      const list = new MemberList<number>(START)
      const ranges = Ranges.make([
        [0, 99],
        [100, 199],
        [400, 499]
      ])
      const watch = new Watch(list, ranges)
      const client = new Client<number>()
      for (let burst = 0; burst < 40; burst++) {
        const times = 2 ** below(random, 9)
        const share = random()
        for (let time = 0; time < times; time++) {
          const who = userId(below(random, 900))
          const group = START[below(random, 3)] ?? "offline"
          if (random() < share) list.put(new Entry(who, String(below(random, 99)), group, below(random, 3)))
          else list.remove(who)
        }
        const ops = watch.changes()
        client.apply(ops)
        assert.deepStrictEqual(seen(client.rows), seen(expected(list, ranges)))
        assert.isAtMost(ops.length, 8 * times * ranges.runs.length)
        assert.isAtMost(weight(ops), weight(watch.join()))
      }
    },
    { arbitrary: { runs: 30 } }
  )
})

const user = (index: number, group: "online" | "offline", value = "") =>
  new Entry(userId(index), `user-${String(index).padStart(4, "0")}`, group, value)

/** So many who are online, with even numbers, and as many who are not, with odd ones. */
const listOf = (count: number): MemberList<string> => {
  const list = new MemberList<string>(START)
  for (let index = 0; index < count; index++) {
    list.put(user(2 * index, "online"))
    list.put(user(2 * index + 1, "offline"))
  }
  return list
}

/** What those are told who have known a list in these ranges, when it changes. */
const told = <A>(list: MemberList<A>, asked: ReadonlyArray<Ranges.Range>, change: () => void): ReadonlyArray<Op<A>> => {
  const watch = new Watch(list, Ranges.make(asked))
  watch.join()
  change()
  return watch.changes()
}

describe("Watch, as one sees it", () => {
  it("at first there is a SYNC for each range, and it has what there is", () => {
    const list = listOf(75)
    const asked: ReadonlyArray<Ranges.Range> = [
      [0, 99],
      [100, 199],
      [300, 399]
    ]
    assert.deepStrictEqual(
      new Watch(list, Ranges.make(asked)).changes(),
      asked.map((range) => ({ _tag: "Sync", range, rows: list.rows(...range) }))
    )
    assert.deepStrictEqual(
      [list.rows(0, 0), list.rows(76, 76), list.rows(300, 399)],
      [[header("online", 75)], [header("offline", 75)], []]
    )
  })

  it("who changes their status without changing the group is one UPDATE", () => {
    const list = listOf(75)
    const idle = user(20, "online", "idle")
    assert.deepStrictEqual(
      told(list, [[0, 99]], () => list.put(idle)),
      [{ _tag: "Update", index: 11, row: idle }]
    )
  })

  it("what shows the same is nothing to tell", () => {
    const list = listOf(75)
    const again = () => {
      list.remove(userId(20))
      list.put(user(20, "online"))
    }
    assert.deepStrictEqual(told(list, [[0, 99]], again), [])

    const one = new MemberList<{ readonly shown: string; readonly hidden: number }>(["online"])
    const watch = new Watch(one, Ranges.make([[0, 99]]), (left, right) => left.shown === right.shown)
    one.put(new Entry(userId(1), "a", "online", { shown: "a", hidden: 1 }))
    watch.changes()
    one.put(new Entry(userId(1), "a", "online", { shown: "a", hidden: 2 }))
    assert.deepStrictEqual(watch.changes(), [])
  })

  it("who comes online is one INSERT; what does not fit any more is one DELETE; and the count is right", () => {
    const list = listOf(200)
    const came = user(5, "online")
    assert.deepStrictEqual(
      told(list, [[0, 99]], () => list.put(came)),
      [
        { _tag: "Delete", index: 99 },
        { _tag: "Update", index: 0, row: header("online", 201) },
        { _tag: "Insert", index: 4, row: came }
      ]
    )
  })

  it("who goes offline where both groups are seen goes from one to the other", () => {
    const list = listOf(10)
    const left = user(0, "offline")
    assert.deepStrictEqual(
      told(list, [[0, 99]], () => list.put(left)),
      [
        { _tag: "Delete", index: 1 },
        { _tag: "Update", index: 0, row: header("online", 9) },
        { _tag: "Update", index: 10, row: header("offline", 11) },
        { _tag: "Insert", index: 11, row: left }
      ]
    )
  })

  it("a group comes with its first member and goes with its last", () => {
    const list = listOf(10)
    const admin = new Entry(userId(8), "user-0008", ADMINS, "")
    const [watch, client] = [new Watch(list, Ranges.make([[0, 99]])), new Client<string>()]
    client.apply(watch.join())
    list.put(admin)
    const ops = watch.changes()
    assert.deepStrictEqual(ops, [
      { _tag: "Delete", index: 5 },
      { _tag: "Insert", index: 0, row: header(ADMINS, 1) },
      { _tag: "Insert", index: 1, row: admin },
      { _tag: "Update", index: 2, row: header("online", 9) }
    ])
    client.apply(ops)
    list.put(user(8, "online"))
    client.apply(watch.changes())
    assert.deepStrictEqual(seen(client.rows), seen(list.rows(0, 99)))
  })

  it("what happens above a range is told where the range begins and where it ends", () => {
    const list = listOf(400)
    const ops = told(list, [[300, 399]], () => list.remove(userId(0)))
    assert.deepStrictEqual(ops, [
      { _tag: "Delete", index: 300 },
      { _tag: "Insert", index: 399, row: user(798, "online") }
    ])
  })

  it("a range that the list no longer reaches is one INVALIDATE", () => {
    const list = listOf(100)
    const goOffline = () => {
      for (let index = 0; index < 100; index++) list.remove(userId(2 * index + 1))
    }
    assert.deepStrictEqual(
      told(
        list,
        [
          [0, 99],
          [150, 199]
        ],
        goOffline
      ),
      [{ _tag: "Invalidate", range: [150, 199] }]
    )
  })

  it("very many changes are one SYNC of each range that they touch", () => {
    const list = listOf(400)
    const reorder = () => list.setGroups(["offline", "online"])
    assert.deepStrictEqual(told(list, [[0, 99]], reorder), [{ _tag: "Sync", range: [0, 99], rows: list.rows(0, 99) }])
    const idle = () => {
      for (let index = 0; index < 99; index++) list.put(user(2 * index + 1, "offline"))
      for (let index = 100; index < 199; index++) list.put(user(2 * index + 1, "offline", "idle"))
    }
    assert.deepStrictEqual(
      told(
        list,
        [
          [0, 99],
          [100, 199],
          [200, 299]
        ],
        idle
      ),
      [{ _tag: "Sync", range: [100, 199], rows: list.rows(100, 199) }]
    )
  })

  it("who scrolls is told to forget what is out of sight, and gets what comes into it", () => {
    const list = listOf(400)
    const [before, after] = [
      Ranges.make([
        [0, 99],
        [100, 199]
      ]),
      Ranges.make([
        [0, 99],
        [300, 399]
      ])
    ]
    assert.deepStrictEqual(new Watch(list, after).join(before), [
      { _tag: "Invalidate", range: [100, 199] },
      { _tag: "Sync", range: [0, 99], rows: list.rows(0, 99) },
      { _tag: "Sync", range: [300, 399], rows: list.rows(300, 399) }
    ])
  })
})
