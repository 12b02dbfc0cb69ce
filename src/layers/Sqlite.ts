/**
 * A database within this process, in a file or in memory: the `SqlClient` of `effect/sql` upon Node's own SQLite.
 *
 * SQLite works in the thread that asks it: a statement holds the thread for as long as it takes, a commit for as long as
 * the disk takes. There is one connection. A transaction, and a stream until its end, has it to itself; everything else
 * waits for its turn.
 *
 * Node.js 22 prints an `ExperimentalWarning` when this module is imported, and reads text only up to a NUL; Node.js 24 does
 * neither.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, Layer, Semaphore } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { makeCompilerSqlite } from "effect/sql/Statement"
import { DatabaseSync } from "node:sqlite"
import * as Connection from "./Sqlite/connection.ts"
import { failure } from "./Sqlite/failure.ts"

/**
 * `lockTimeout` is how long a statement waits for another process that has locked the file, 2 seconds by default; other
 * fibers go on meanwhile. What is committed outlives the process, and with *full* (the default) a power cut too; *normal*
 * spares each commit the wait for the disk. `statements` is how many prepared statements are kept, 128 by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly lockTimeout?: Duration.Input
  readonly synchronous?: "full" | "normal"
  readonly statements?: number
}

const client = Effect.fnUntraced(function* (path: string, options: Options) {
  const { lockTimeout = "2 seconds", statements = 128, synchronous = "full" } = options
  const database = yield* Effect.acquireRelease(
    // SQLite's own wait for a lock would hold the thread: the connection's does not.
    Effect.try({
      try: () => new DatabaseSync(path, { timeout: 0 }),
      catch: (cause) => failure(cause, "open", path)
    }),
    (database) => Effect.sync(() => database.close())
  )
  const connection = Connection.make(database, { path, lockTimeout, statements })
  // Readers and a writer of other processes do not lock each other out.
  yield* connection.executeUnprepared("PRAGMA journal_mode = WAL", [], undefined)
  yield* connection.executeUnprepared(`PRAGMA synchronous = ${synchronous}`, [], undefined)
  const acquirers = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connection),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => database.isTransaction
  })
  return yield* SqlClient.make({
    ...acquirers,
    driver: "node-sqlite",
    compiler: makeCompilerSqlite(),
    spanAttributes: [["db.system.name", "sqlite"]],
    // One that reads before it writes could otherwise find that another process has written in between, and have to fail.
    beginTransaction: "BEGIN IMMEDIATE",
    prepareTransactionControls: true,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`
  })
})

/**
 * The database in this file, which is made when there is none.
 *
 * @since 0.1.0
 * @category layers
 */
export const file = (path: string, options: Options = {}): Layer.Layer<SqlClient.SqlClient, SqlError> =>
  Layer.effect(SqlClient.SqlClient, client(path, options)).pipe(Layer.provide(Reactivity.layer))

/**
 * A database of its own, gone with the Layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const memory: Layer.Layer<SqlClient.SqlClient, SqlError> = file(":memory:")
