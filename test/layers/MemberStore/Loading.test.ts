import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Option, Schema, Scope, Stream } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { TestClock } from "effect/testing"
import type { Member } from "../../../src/domain/Member.ts"
import * as MemberQuery from "../../../src/domain/MemberQuery.ts"
import { type Members, ScanTimedOut, type ScanOptions } from "../../../src/domain/MemberStore.ts"
import * as MemberStore from "../../../src/layers/MemberStore.ts"
import { hybrid } from "../../../src/layers/MemberStore/hybrid.ts"
import * as Sqlite from "../../../src/layers/Sqlite.ts"
import { guildId, member, STAFF, userId } from "../../support/community.ts"
import { byId, durable, everybody, indices, life, open, put, turns } from "../../support/durable/store.ts"
import { type Machine, machine, onMachine } from "../../support/machine.ts"
import { below, seeded } from "../../support/random.ts"
import * as statements from "../../support/statements.ts"

const USERS = 9
const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: USERS - 1 }))
const World = Schema.Struct({
  seed: Schema.Int,
  pageSize: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
  before: Schema.Array(Index),
  changes: Schema.Array(
    Schema.Union([
      Schema.Struct({ do: Schema.Literal("put"), index: Index, isStaff: Schema.Boolean }),
      Schema.Struct({ do: Schema.Literal("remove"), index: Index })
    ])
  )
})

/** Heap, but that what is to be done there is done some turns later. */
const slow = (later: Effect.Effect<void>) =>
  Layer.effect(
    MemberStore.MemberStore,
    Effect.map(MemberStore.MemberStore, (store) => ({
      open: (guild) =>
        Effect.map(store.open(guild), (members): Members => ({
          ...members,
          get: (user) => Effect.andThen(later, members.get(user)),
          put: (member) => Effect.andThen(later, members.put(member)),
          remove: (user) => Effect.andThen(later, members.remove(user))
        }))
    }))
  ).pipe(Layer.provide(MemberStore.heap))

type Model = ReadonlyMap<string, Member>

describe("durable, while a guild is loaded", () => {
  it.effect.prop(
    "every answer is one of a moment between question and answer, however pages, changes and questions fall",
    [World],
    ([{ before, changes, pageSize, seed }]) => {
      const random = seeded(seed)
      const later = Effect.suspend(() => turns(below(random, 4)))
      const program = Effect.gen(function* () {
        const members = yield* open()
        const states: Array<Model> = [new Map(before.map((index) => [userId(index), member(index)]))]
        /** How many of the changes have been acknowledged. */
        let acknowledged = 0
        let isOver = false

        const asked = Effect.fnUntraced(function* <A, E>(
          question: Effect.Effect<A, E>,
          answers: (state: Model, said: A) => boolean
        ) {
          const first = acknowledged
          const said = yield* question
          assert.isTrue(
            states.slice(first).some((state) => answers(state, said)),
            `${JSON.stringify(said)} is not said by any of the states ${first} to ${states.length - 1}`
          )
        })
        const isSame = (state: Model, said: ReadonlyArray<Member>) =>
          JSON.stringify(byId(state.values())) === JSON.stringify(said)

        const ask = Effect.fnUntraced(function* () {
          while (!isOver) {
            yield* later
            const user = userId(below(random, USERS))
            yield* asked(
              members.get(user),
              (state, said) => JSON.stringify(Option.getOrUndefined(said)) === JSON.stringify(state.get(user))
            )
            yield* asked(members.size, (state, said) => state.size === said)
          }
        })
        const scan = Effect.fnUntraced(function* () {
          while (!isOver) {
            yield* asked(everybody(members), isSame)
            yield* later
          }
        })
        const readers = yield* Effect.forEach([ask(), ask(), scan()], (reader) => Effect.forkChild(reader))

        for (const change of changes) {
          yield* later
          const next = new Map(states.at(-1))
          const user = userId(change.index)
          if (change.do === "put") {
            const changed = member(change.index, change.isStaff ? [STAFF] : [])
            next.set(user, changed)
            states.push(next)
            yield* members.put(changed)
          } else {
            const wasThere = next.delete(user)
            states.push(next)
            assert.strictEqual(yield* members.remove(user), wasThere)
          }
          acknowledged++
        }
        yield* asked(everybody(members), isSame)
        isOver = true
        yield* Fiber.joinAll(readers)
        return states.at(-1) ?? new Map()
      })
      return Effect.gen(function* () {
        yield* life(Effect.flatMap(open(), (members) => put(members, before)))
        const store = MemberStore.durable({ working: slow(later), pageSize })
        const last = yield* life(program, store).pipe(statements.before(() => Effect.as(later, "run")))
        yield* life(
          Effect.gen(function* () {
            const members = yield* open()
            assert.strictEqual(yield* members.size, last.size)
            assert.deepStrictEqual(yield* everybody(members), byId(last.values()))
            assert.strictEqual(yield* members.size, last.size)
          })
        )
      }).pipe(Effect.provide(Sqlite.memory))
    },
    { arbitrary: { runs: 150, size: 40 } }
  )

  /**
   * A database with members 0 to `count - 1`, of whose pages only so many can be read, until `repair`ed: what is left is
   * tried again as the clock goes on. `isDown` makes everything fail.
   */
  const broken = (count: number, readable: number) => {
    const database = { pages: 0, readable, isDown: false }
    const before = (text: string) =>
      Effect.sync(() => {
        // Pages are statements with a limit, and no others are.
        const isPage = text.includes("LIMIT")
        if (database.isDown || (isPage && database.pages >= database.readable)) return "fail" as const
        if (isPage) database.pages++
        return "run" as const
      })
    const repair = Effect.suspend(() => {
      database.readable = Number.POSITIVE_INFINITY
      database.isDown = false
      return TestClock.adjust("1 minute")
    })
    const run = <A, E>(
      program: Effect.Effect<A, E, MemberStore.MemberStore | SqlClient | Scope.Scope>,
      store = durable
    ) =>
      Effect.gen(function* () {
        yield* life(Effect.flatMap(open(), (members) => put(members, indices(count))))
        return yield* statements.before(before)(life(program, store))
      }).pipe(Effect.provide(Sqlite.memory))
    return { database, repair, run }
  }

  it.effect("its members are asked for and changed, and their number is right, before they have come", () => {
    const { database, repair, run } = broken(7, 2)
    return run(
      Effect.gen(function* () {
        const members = yield* open()
        yield* TestClock.adjust("1 second")
        assert.strictEqual(database.pages, 2)
        // Members 0 to 3 have come, and the others have not.
        assert.strictEqual(yield* members.size, 7)
        for (const index of indices(7)) {
          assert.deepStrictEqual(yield* members.get(userId(index)), Option.some(member(index)))
        }
        for (const index of [1, 5]) assert.isTrue(yield* members.remove(userId(index)))
        for (const index of [1, 5, 8]) assert.isFalse(yield* members.remove(userId(index)))
        for (const index of [2, 6, 8]) yield* members.put(member(index, [STAFF]))
        assert.strictEqual(yield* members.size, 6)
        const expected = [member(0), member(2, [STAFF]), member(3), member(4), member(6, [STAFF]), member(8, [STAFF])]
        for (const index of [1, 5, 7]) assert.deepStrictEqual(yield* members.get(userId(index)), Option.none())
        for (const one of expected) assert.deepStrictEqual(yield* members.get(one.user.id), Option.some(one))
        yield* repair
        assert.deepStrictEqual(yield* everybody(members), expected)
        assert.strictEqual(yield* members.size, 6)
      })
    )
  })

  it.effect("scans wait for all members, and no longer than they may", () => {
    const { repair, run } = broken(3, 1)
    return run(
      Effect.gen(function* () {
        const members = yield* open()
        const deadline = "5 seconds"
        const late = [
          Effect.flip(members.ids(MemberQuery.everybody, { deadline })),
          Effect.flip(Stream.runDrain(members.scan(MemberQuery.everybody, { deadline })))
        ]
        const waiting = yield* Effect.forEach(late, (scan) => Effect.forkChild(scan, { startImmediately: true }))
        yield* TestClock.adjust("6 seconds")
        for (const error of yield* Fiber.joinAll(waiting)) {
          assert.deepStrictEqual(error, new ScanTimedOut({ guild: guildId(0), deadlineMillis: 5000 }))
        }
        const scan = yield* Effect.forkChild(everybody(members), { startImmediately: true })
        const forever = members.ids(MemberQuery.everybody, { deadline: "Infinity" })
        const patient = yield* Effect.forkChild(forever, { startImmediately: true })
        yield* repair
        assert.strictEqual((yield* Fiber.join(patient)).size, 3)
        assert.deepStrictEqual(
          yield* Fiber.join(scan),
          indices(3).map((index) => member(index))
        )
      })
    )
  })

  it.effect(
    "a scan within somebody's transaction is refused while members come: they would wait for each other",
    () => {
      const { repair, run } = broken(3, 1)
      return run(
        Effect.gen(function* () {
          const sql = yield* SqlClient
          const members = yield* open()
          yield* TestClock.adjust("1 second")
          for (const scan of [Effect.asVoid(members.ids(MemberQuery.everybody)), Effect.asVoid(everybody(members))]) {
            const error = yield* Effect.flip(sql.withTransaction(scan))
            assert.deepInclude(error, { _tag: "ScanDied", isFinal: true })
            assert.match(error.message, /scan them outside/)
          }
          yield* repair
          // Now the database has no part in it.
          assert.lengthOf(yield* sql.withTransaction(everybody(members)), 3)
          assert.strictEqual((yield* sql.withTransaction(members.ids(MemberQuery.everybody))).size, 3)
        })
      )
    }
  )

  it.effect.each([0, -3_600_000, 3_600_000])(
    "what a scan has not waited for is left to the working store, and late is late whoever says so, when the clock is set by %d ms",
    (by) => {
      const { database, run } = broken(3, 0)
      const given: Array<ScanOptions | undefined> = []
      const hasty = Layer.effect(
        MemberStore.MemberStore,
        Effect.map(MemberStore.MemberStore, (store) => ({
          open: (guild) =>
            Effect.map(store.open(guild), (members): Members => ({
              ...members,
              ids: (_, options) =>
                Effect.suspend(() => {
                  given.push(options)
                  return new ScanTimedOut({ guild, deadlineMillis: 1 })
                })
            }))
        }))
      ).pipe(Layer.provide(MemberStore.heap))
      const program = (step: Machine["step"]) =>
        Effect.gen(function* () {
          const members = yield* open()
          const ids = Effect.flip(members.ids(MemberQuery.everybody, { deadline: "1 hour" }))
          const waiting = yield* Effect.forkChild(ids, { startImmediately: true })
          yield* TestClock.adjust("10 minutes")
          // However the wall clock is set meanwhile.
          yield* step(by)
          yield* TestClock.adjust("10 minutes")
          database.readable = Number.POSITIVE_INFINITY
          yield* TestClock.adjust("1 minute")
          assert.deepInclude(yield* Fiber.join(waiting), { _tag: "ScanTimedOut", deadlineMillis: 3_600_000 })
          const left = Duration.toMinutes(Duration.fromInputUnsafe(given[0]?.deadline ?? 0))
          assert.isAtLeast(left, 39)
          assert.isAtMost(left, 40)
        })
      const store = MemberStore.durable({ working: hasty, pageSize: 2 })
      return Effect.flatMap(machine, ({ step }) => run(program(step), store)).pipe(onMachine)
    }
  )

  it.effect(
    "a database that does not answer is no reason to die: what it is needed for fails, and loading goes on",
    () => {
      const { database, repair, run } = broken(5, 1)
      return run(
        Effect.gen(function* () {
          const members = yield* open()
          yield* TestClock.adjust("1 second")
          database.isDown = true
          // Members 0 and 1 have come.
          assert.deepStrictEqual(yield* members.get(userId(1)), Option.some(member(1)))
          const failing = [
            members.get(userId(2)),
            members.size,
            members.put(member(1, [STAFF])),
            members.remove(userId(0))
          ]
          for (const effect of failing) assert.strictEqual((yield* Effect.flip(effect))._tag, "StoreUnavailable")
          yield* TestClock.adjust("1 hour")
          yield* repair
          assert.deepStrictEqual(
            yield* everybody(members),
            indices(5).map((index) => member(index))
          )
          database.isDown = true
          assert.strictEqual(yield* members.size, 5)
          assert.strictEqual((yield* Effect.flip(members.put(member(9))))._tag, "StoreUnavailable")
          assert.deepStrictEqual(
            yield* everybody(members),
            indices(5).map((index) => member(index))
          )
          yield* repair
          yield* members.put(member(9))
          assert.strictEqual(yield* members.size, 6)
        })
      )
    }
  )

  it.effect("opening a guild while the database does not answer is fine; starting the store is not", () => {
    const { database, repair, run } = broken(2, 0)
    return run(
      Effect.gen(function* () {
        database.isDown = true
        assert.strictEqual((yield* Effect.flip(life(open())))._tag, "SqlError")
        const members = yield* open()
        yield* TestClock.adjust("1 second")
        yield* repair
        assert.strictEqual(yield* members.size, 2)
      })
    )
  })

  it.effect("a guild that is opened twice is loaded once, until the last has closed it; then nothing goes on", () => {
    const { database, repair, run } = broken(5, 1)
    return run(
      Effect.gen(function* () {
        const [first, second] = [yield* Scope.make(), yield* Scope.make()]
        const one = yield* Scope.provide(open(), first)
        const other = yield* Scope.provide(open(), second)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(database.pages, 1)
        yield* one.put(member(7))
        yield* Scope.close(first, Exit.void)
        database.readable = 2
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(database.pages, 2)
        assert.strictEqual(yield* other.size, 6)
        yield* Scope.close(second, Exit.void)
        yield* repair
        assert.strictEqual(database.pages, 2)
      })
    )
  })

  /** What a working store opens, and whether it is told that nobody else has that, and nobody again. */
  const watched = (working: Layer.Layer<MemberStore.MemberStore>, isTransient: boolean) => {
    const opened: Array<Members> = []
    const layer = Layer.effect(
      MemberStore.MemberStore,
      Effect.map(MemberStore.MemberStore, (store) => ({
        open: (guild) =>
          Effect.flatMap(MemberStore.Transient, (isAsked) =>
            store.open(guild).pipe(
              Effect.provideService(MemberStore.Transient, isAsked && isTransient),
              Effect.tap((members) => Effect.sync(() => opened.push(members)))
            )
          )
      }))
    ).pipe(Layer.provide(working))
    return { opened, store: MemberStore.durable({ working: layer, pageSize: 2 }) }
  }
  const inShared = hybrid({ leafRows: 4, recentChanges: 1, workers: 1 })

  it.effect.each([
    { name: "heap", working: MemberStore.heap, forgets: true },
    { name: "heap", working: MemberStore.heap, forgets: false },
    { name: "hybrid", working: inShared, forgets: true },
    { name: "hybrid", working: inShared, forgets: false }
  ])(
    "a guild that is opened again is as the database has it, whatever the working store remembers: $name, forgets: $forgets",
    ({ forgets, working }) => {
      const { run } = broken(5, Number.POSITIVE_INFINITY)
      const { store } = watched(working, forgets)
      return run(
        Effect.gen(function* () {
          const sql = yield* SqlClient
          yield* Effect.scoped(Effect.flatMap(open(), everybody))
          yield* sql`DELETE FROM fanfare_members WHERE user_id LIKE '%3'`
          const members = yield* open()
          const expected = [0, 1, 2, 4].map((index) => member(index))
          assert.deepStrictEqual(yield* everybody(members), expected)
          assert.deepStrictEqual(yield* members.get(userId(3)), Option.none())
          // Their number was kept elsewhere, and is right again too.
          assert.strictEqual(yield* members.size, 4)
          assert.deepStrictEqual(yield* sql`SELECT size FROM fanfare_members_sizes`.values, [[4]])
        }),
        store
      )
    }
  )

  it.effect(
    "of a guild that has been closed the working store has nobody left, though it is opened again meanwhile",
    () => {
      const { run } = broken(20, Number.POSITIVE_INFINITY)
      const { opened, store } = watched(inShared, true)
      return run(
        Effect.gen(function* () {
          for (const waits of [0, 1, 5, 40]) {
            const scope = yield* Scope.make()
            yield* Scope.provide(open(), scope)
            yield* turns(waits)
            const [, found] = yield* Effect.all(
              [Scope.close(scope, Exit.void), Effect.scoped(Effect.flatMap(open(), everybody))],
              {
                concurrency: "unbounded"
              }
            )
            assert.lengthOf(found, 20)
          }
          assert.isAtLeast(opened.length, 4)
          for (const members of opened) assert.strictEqual(yield* members.size, 0)
        }),
        store
      )
    }
  )

  it.effect("of members that somebody else has brought, the number is right at once", () => {
    const { run } = broken(5, 0)
    return run(
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql`DELETE FROM fanfare_members_sizes`
        const members = yield* open()
        assert.strictEqual(yield* members.size, 5)
        yield* sql`DELETE FROM fanfare_members_sizes`
        yield* members.put(member(6))
        assert.deepStrictEqual(yield* sql`SELECT size FROM fanfare_members_sizes`.values, [[6]])
        assert.strictEqual(yield* members.size, 6)
      })
    )
  })

  it.effect("a row that holds no member is nobody, and keeps none from being loaded", () => {
    const { run } = broken(4, Number.POSITIVE_INFINITY)
    return run(
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql`UPDATE fanfare_members SET member = '{}' WHERE user_id LIKE '%1'`
        const elsewhere = sql`SELECT member FROM fanfare_members WHERE user_id LIKE '%3'`
        yield* sql`UPDATE fanfare_members SET member = (${elsewhere}) WHERE user_id LIKE '%2'`
        const members = yield* open()
        const expected = [member(0), member(3)]
        for (const index of [1, 2]) assert.deepStrictEqual(yield* members.get(userId(index)), Option.none())
        assert.deepStrictEqual(yield* everybody(members), expected)
        for (const index of [1, 2]) assert.deepStrictEqual(yield* members.get(userId(index)), Option.none())
        yield* members.put(member(1))
        assert.deepStrictEqual(yield* members.get(userId(1)), Option.some(member(1)))
      })
    )
  })

  it.effect("several guilds are loaded at the same time, each its own", () =>
    Effect.gen(function* () {
      const guilds = indices(4)
      const own = (guild: number) => indices(10).map((index) => 10 * guild + index)
      yield* life(
        Effect.forEach(guilds, (guild) => Effect.flatMap(open(guildId(guild)), (members) => put(members, own(guild))), {
          concurrency: "unbounded"
        })
      )
      yield* life(
        Effect.gen(function* () {
          const all = yield* Effect.forEach(guilds, (guild) => open(guildId(guild)))
          const changed = Effect.forEach(
            all,
            (members, guild) => Effect.andThen(members.put(member(99)), members.remove(userId(10 * guild))),
            { concurrency: "unbounded" }
          )
          yield* Effect.all([changed, Effect.forEach(all, everybody, { concurrency: "unbounded" })], {
            concurrency: "unbounded"
          })
          for (const [guild, members] of all.entries()) {
            const expected = [...own(guild).slice(1), 99].map((index) => member(index))
            assert.deepStrictEqual(yield* everybody(members), expected)
            assert.strictEqual(yield* members.size, 10)
          }
        })
      )
    }).pipe(Effect.provide(Sqlite.memory))
  )
})
