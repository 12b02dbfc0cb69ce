import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Schema, Scope, Stream } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { TestClock } from "effect/testing"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Sqlite from "../../src/layers/Sqlite.ts"
import { temporaryFolder } from "../support/folder.ts"
import { machine, onMachine } from "../support/machine.ts"

const temporaryFile = Effect.map(temporaryFolder, (folder) => join(folder, "test.db"))

/** A client of a file, in a temporary folder unless it says which. */
const client = Effect.fnUntraced(function* (path?: string, options?: Sqlite.Options) {
  const context = yield* Layer.build(Layer.fresh(Sqlite.file(path ?? (yield* temporaryFile), options)))
  return Context.get(context, SqlClient.SqlClient)
})

const counted = (rows: ReadonlyArray<unknown>) => rows.length

/** Text that is well-formed, as anything else is refused, and without NUL, after which Node.js 22 reads no further. */
const Text = Schema.String.check(Schema.makeFilter((text: string) => text.isWellFormed() && !text.includes("\0")))
const Value = Schema.Union([
  Text,
  Schema.Finite,
  Schema.Null,
  Schema.Uint8Array,
  Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n }))
])

describe("Sqlite", () => {
  it.effect.prop(
    "what is stored comes back, bigints and bytes too",
    [Schema.mutable(Schema.Array(Value))],
    ([values]) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE things (number INTEGER PRIMARY KEY, thing BLOB)`
        for (const thing of values) yield* sql`INSERT INTO things ${sql.insert({ thing })}`
        const rows = yield* sql<{ thing: unknown }>`SELECT thing FROM things ORDER BY number`
        assert.deepStrictEqual(
          rows.map(({ thing }) => thing),
          values
        )
      }).pipe(Effect.provide(Sqlite.memory), Effect.provideService(SqlClient.SafeIntegers, true)),
    { arbitrary: { size: 20, runs: 300 } }
  )

  it.effect("booleans are stored as numbers, dates as text, what is undefined as null", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql`SELECT ${true} AS yes, ${false} AS no, ${new Date(0)} AS start, ${undefined} AS none`
      assert.deepInclude(row, { yes: 1, no: 0, start: "1970-01-01T00:00:00.000Z", none: null })
    }).pipe(Effect.provide(Sqlite.memory))
  )

  it.effect("a number too large for a double is never rounded: it is a bigint, or an error", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const large = sql`SELECT 9007199254740993 AS large`
      const [row] = yield* Effect.provideService(large, SqlClient.SafeIntegers, true)
      assert.deepInclude(row, { large: 9007199254740993n })
      assert.strictEqual((yield* Effect.flip(large))._tag, "SqlError")
      // The statement is the same one, and kept: what one caller asked for is not what the next gets.
      assert.deepInclude((yield* sql`SELECT 1 AS one`)[0], { one: 1 })
    }).pipe(Effect.provide(Sqlite.memory))
  )

  it.effect("values are all there when columns share a name", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT 1 AS x, 2 AS x`.values, [[1, 2]])
      assert.deepInclude((yield* sql`SELECT 1 AS x, 2 AS x`)[0], { x: 2 })
    }).pipe(Effect.provide(Sqlite.memory))
  )

  it.effect("raw, a change says how many rows it was, and a question answers with rows", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE names (name TEXT)`
      const changed = yield* sql`INSERT INTO names ${sql.insert([{ name: "Ada" }, { name: "Joe" }])}`.raw
      assert.deepInclude(changed, { changes: 2 })
      assert.lengthOf(
        yield* Schema.decodeUnknownEffect(Schema.Array(Schema.Json))(yield* sql`SELECT * FROM names`.raw),
        2
      )
    }).pipe(Effect.provide(Sqlite.memory))
  )

  it.effect("more statements than are kept work all the same", () =>
    Effect.gen(function* () {
      const sql = yield* client(undefined, { statements: 2 })
      for (const number of [1, 2, 3, 1, 2, 3]) {
        assert.deepStrictEqual(yield* sql.unsafe(`SELECT ${number} AS x`).values, [[number]])
      }
    }).pipe(Effect.scoped)
  )

  it.effect("what was committed is there when the file is opened again; what was rolled back is not", () =>
    Effect.gen(function* () {
      const path = yield* temporaryFile
      yield* Effect.scoped(
        Effect.gen(function* () {
          const sql = yield* client(path)
          yield* sql`CREATE TABLE names (name TEXT)`
          yield* sql.withTransaction(sql`INSERT INTO names VALUES ('kept')`)
          const lost = Effect.andThen(sql`INSERT INTO names VALUES ('lost')`, Effect.fail("no more"))
          assert.strictEqual(yield* Effect.flip(sql.withTransaction(lost)), "no more")
          // Of a transaction within a transaction only the inner one is lost.
          yield* sql.withTransaction(
            Effect.andThen(sql`INSERT INTO names VALUES ('outer')`, Effect.flip(sql.withTransaction(lost)))
          )
        })
      )
      const sql = yield* client(path)
      assert.deepStrictEqual(yield* sql`SELECT name FROM names ORDER BY name`.values, [["kept"], ["outer"]])
    }).pipe(Effect.scoped)
  )

  it.effect("transactions of several fibers do not interleave, those that fail and are interrupted neither", () =>
    Effect.gen(function* () {
      const sql = yield* client()
      yield* sql`CREATE TABLE counter (value INTEGER)`
      yield* sql`INSERT INTO counter VALUES (0)`
      const add = (end: Effect.Effect<void, string>) =>
        sql.withTransaction(
          Effect.gen(function* () {
            const [row] = yield* sql<{ value: number }>`SELECT value FROM counter`
            yield* Effect.yieldNow
            yield* sql`UPDATE counter SET value = ${(row?.value ?? 0) + 1}`
            yield* Effect.yieldNow
            yield* end
          })
        )
      const ends = [Effect.void, Effect.fail("no"), Effect.interrupt]
      yield* Effect.forEach(
        Array.from({ length: 30 }, (_, index) => ends[index % 3] ?? Effect.void),
        (end) => Effect.exit(add(end)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(yield* sql`SELECT value FROM counter`.values, [[10]])
    }).pipe(Effect.scoped)
  )

  it.effect("a transaction that is interrupted while it waits for its turn leaves the connection free", () =>
    Effect.gen(function* () {
      const sql = yield* client()
      const first = yield* Effect.forkChild(sql.withTransaction(Effect.never))
      const second = yield* Effect.forkChild(sql.withTransaction(sql`SELECT 1`))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(second)
      yield* Fiber.interrupt(first)
      assert.strictEqual(counted(yield* sql`SELECT 1`), 1)
    }).pipe(Effect.scoped)
  )

  it.effect("an error says of which kind it is", () =>
    Effect.gen(function* () {
      const sql = yield* client()
      yield* sql`CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL, mail TEXT UNIQUE)`
      yield* sql`INSERT INTO users VALUES ('1', 'Ada', 'ada')`
      const kind = <A>(failing: Effect.Effect<A, SqlError>) => Effect.map(Effect.flip(failing), ({ reason }) => reason)

      assert.strictEqual((yield* kind(sql`SELEC 1`))._tag, "SqlSyntaxError")
      const key = yield* kind(sql`INSERT INTO users VALUES ('1', 'Joe', 'joe')`)
      assert.deepInclude(key, { _tag: "UniqueViolation", constraint: "users.id" })
      const mail = yield* kind(sql`INSERT INTO users VALUES ('2', 'Joe', 'ada')`)
      assert.deepInclude(mail, { _tag: "UniqueViolation", constraint: "users.mail" })
      assert.strictEqual((yield* kind(sql`INSERT INTO users VALUES ('3', NULL, NULL)`))._tag, "ConstraintError")
      assert.match((yield* kind(sql`SELECT * FROM nowhere`)).message ?? "", /test\.db: no such table: nowhere$/)
      assert.match((yield* kind(sql`SELECT ${{ a: 1 }}`)).message ?? "", /SQLite stores strings/)
      assert.match((yield* kind(sql`SELECT ${"\ud800"}`)).message ?? "", /lone surrogates/)
      assert.strictEqual((yield* kind(sql`SELECT ${2n ** 63n}`))._tag, "UnknownError")
      assert.strictEqual((yield* kind(Effect.scoped(client("/nowhere/at/all.db"))))._tag, "ConnectionError")
      // None of them has spoilt the connection.
      assert.strictEqual(counted(yield* sql`SELECT * FROM users`), 1)
    }).pipe(Effect.scoped)
  )

  it.effect("who asks a database that was closed is told so", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const sql = yield* Scope.provide(client(":memory:"), scope)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Effect.flip(sql`SELECT 1`)).reason._tag, "ConnectionError")
    })
  )

  describe("while somebody else uses the file", () => {
    const shared = Effect.fnUntraced(function* (options?: Sqlite.Options) {
      const path = yield* temporaryFile
      const sql = yield* client(path, options)
      yield* sql`CREATE TABLE names (name TEXT)`
      const other = yield* Effect.acquireRelease(
        Effect.sync(() => new DatabaseSync(path)),
        (other) => Effect.sync(() => other.close())
      )
      return { sql, other, insert: sql`INSERT INTO names VALUES ('Ada')` }
    })
    const locked = (options?: Sqlite.Options) =>
      Effect.tap(shared(options), ({ other }) => Effect.sync(() => other.exec("BEGIN IMMEDIATE")))

    it.effect("they may read while we write, and see what is committed", () =>
      Effect.gen(function* () {
        const { insert, other, sql } = yield* shared()
        const seen = () => other.prepare("SELECT name FROM names").all().length
        other.exec("BEGIN")
        assert.strictEqual(seen(), 0)
        yield* sql.withTransaction(
          Effect.andThen(
            insert,
            Effect.sync(() => assert.strictEqual(seen(), 0))
          )
        )
        other.exec("COMMIT")
        assert.strictEqual(seen(), 1)
      }).pipe(Effect.scoped)
    )

    it.effect("what a transaction has read, nobody else changes before it writes", () =>
      Effect.gen(function* () {
        const { insert, other, sql } = yield* shared()
        yield* sql.withTransaction(
          Effect.gen(function* () {
            assert.strictEqual(counted(yield* sql`SELECT name FROM names`), 0)
            assert.throws(() => other.exec("INSERT INTO names VALUES ('Joe')"), /locked/)
            yield* insert
          })
        )
        assert.deepStrictEqual(yield* sql`SELECT name FROM names`.values, [["Ada"]])
      }).pipe(Effect.scoped)
    )

    it.effect("statements and transactions wait, and no other fiber does", () =>
      Effect.gen(function* () {
        const { insert, other, sql } = yield* locked()
        const alone = yield* Effect.forkChild(insert, { startImmediately: true })
        const transaction = yield* Effect.forkChild(sql.withTransaction(insert), { startImmediately: true })
        yield* TestClock.adjust("1 second")
        other.exec("COMMIT")
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(alone)
        yield* Fiber.join(transaction)
        assert.strictEqual(counted(yield* sql`SELECT name FROM names`), 2)
      }).pipe(Effect.scoped)
    )

    it.effect("streams wait too, and what they change is changed once", () =>
      Effect.gen(function* () {
        const { other, sql } = yield* locked()
        const stream = sql<{ name: string }>`INSERT INTO names VALUES ('Ada'), ('Joe') RETURNING name`.stream
        yield* Fiber.interrupt(yield* Effect.forkChild(Stream.runDrain(stream), { startImmediately: true }))
        const waiting = yield* Effect.forkChild(Stream.runCollect(stream), { startImmediately: true })
        yield* TestClock.adjust("1 second")
        assert.isUndefined(waiting.pollUnsafe())
        other.exec("COMMIT")
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(
          (yield* Fiber.join(waiting)).map(({ name }) => name),
          ["Ada", "Joe"]
        )
        assert.strictEqual(counted(yield* sql`SELECT name FROM names`), 2)
        // Nothing of it has the file locked.
        other.exec("INSERT INTO names VALUES ('Grace')")
      }).pipe(Effect.scoped)
    )

    it.effect.each([-3_600_000, 3_600_000])("they wait as long as they would, when the clock is set by %d ms", (by) =>
      Effect.gen(function* () {
        const { step } = yield* machine
        const { insert, other } = yield* locked({ lockTimeout: "2 seconds" })
        const waiting = yield* Effect.forkChild(Effect.flip(insert), { startImmediately: true })
        yield* TestClock.adjust("1 second")
        yield* step(by)
        yield* TestClock.adjust("500 millis")
        assert.isUndefined(waiting.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.isDefined(waiting.pollUnsafe())
        other.exec("COMMIT")
      }).pipe(Effect.scoped, onMachine)
    )

    it.effect("nobody waits longer than they would", () =>
      Effect.gen(function* () {
        const { insert, other, sql } = yield* locked({ lockTimeout: "2 seconds" })
        for (const late of [insert, Stream.runDrain(insert.stream)]) {
          const waiting = yield* Effect.forkChild(Effect.flip(late), { startImmediately: true })
          yield* TestClock.adjust("3 seconds")
          assert.strictEqual((yield* Fiber.join(waiting)).reason._tag, "LockTimeoutError")
        }
        other.exec("COMMIT")
        yield* insert
        assert.strictEqual(counted(yield* sql`SELECT name FROM names`), 1)
      }).pipe(Effect.scoped)
    )
  })

  describe("streams", () => {
    const numbers = (sql: SqlClient.SqlClient, count: number) =>
      sql<{ number: number }>`
        WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${count})
        SELECT number FROM numbers
      `.stream

    it.effect("give every row once, in order, however many", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        for (const count of [1, 127, 128, 129, 1000]) {
          const rows = yield* Stream.runCollect(numbers(sql, count))
          assert.deepStrictEqual(
            rows.map(({ number }) => number),
            Array.from({ length: count }, (_, index) => index + 1)
          )
        }
      }).pipe(Effect.provide(Sqlite.memory))
    )

    it.effect("that end early give connection and table back", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE names (name TEXT)`
        yield* sql`INSERT INTO names ${sql.insert([{ name: "Ada" }, { name: "Grace" }, { name: "Joe" }])}`
        const pairs = sql`SELECT * FROM names AS one, names AS other, names AS third, names AS fourth, names AS fifth`
        assert.strictEqual(counted(yield* Stream.runCollect(Stream.take(pairs.stream, 3))), 3)
        yield* sql`DROP TABLE names`
      }).pipe(Effect.provide(Sqlite.memory))
    )

    it.effect("within a transaction the same statement may be asked meanwhile", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const pairs = numbers(sql, 300).pipe(Stream.mapEffect(() => Stream.runHead(numbers(sql, 300))))
        assert.strictEqual(counted(yield* sql.withTransaction(Stream.runCollect(pairs))), 300)
      }).pipe(Effect.provide(Sqlite.memory))
    )

    it.effect("fail with what went wrong", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        assert.strictEqual((yield* Effect.flip(Stream.runDrain(sql`SELEC`.stream))).reason._tag, "SqlSyntaxError")
        yield* sql`CREATE TABLE numbers (number INTEGER)`
        yield* sql`INSERT INTO numbers VALUES (9007199254740993), (1)`
        const wrong = sql`SELECT number FROM numbers`.stream
        assert.strictEqual((yield* Effect.flip(Stream.runDrain(wrong))).reason.operation, "stream")
        // It has given the table back.
        yield* sql`DROP TABLE numbers`
      }).pipe(Effect.provide(Sqlite.memory))
    )
  })
})
