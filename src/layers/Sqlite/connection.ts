/**
 * A connection to an open database, as `effect/sql` asks for it.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, Option, Schedule, Stream } from "effect"
import { SafeIntegers } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import * as Monotonic from "../../domain/Monotonic.ts"
import { failure, isBusy } from "./failure.ts"

/** What a stream reads at a time. */
const CHUNK = 128

/** A boolean is 0 or 1, a date its ISO text. */
const bound = (value: unknown): SQLInputValue => {
  switch (typeof value) {
    case "string":
      // Node would put others in their place and say nothing.
      if (value.isWellFormed()) return value
      throw new TypeError("SQLite stores text as UTF-8, which has no lone surrogates: take them out, or encode them")
    case "number":
    case "bigint":
      return value
    case "boolean":
      return value ? 1 : 0
    case "undefined":
      return null
  }
  if (value === null || value instanceof Uint8Array) return value
  if (value instanceof Date) return value.toISOString()
  throw new TypeError("SQLite stores strings, numbers, bigints, booleans, dates, bytes and null: encode anything else")
}

/** Those that were used last are kept. */
const cache = (database: DatabaseSync, capacity: number) => {
  const statements = new Map<string, StatementSync>()
  return (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? database.prepare(sql)
    statements.delete(sql)
    statements.set(sql, statement)
    for (const oldest of statements.keys()) {
      if (statements.size <= capacity) break
      statements.delete(oldest)
    }
    return statement
  }
}

interface Chunk<A> {
  readonly rows: ReadonlyArray<A>
  readonly isLast: boolean
}

/** The next few rows. */
const chunk = <A>(iterator: Iterator<A>): Chunk<A> => {
  const rows: Array<A> = []
  while (rows.length < CHUNK) {
    const { done, value } = iterator.next()
    if (done === true) return { rows, isLast: true }
    rows.push(value)
  }
  return { rows, isLast: false }
}

/**
 * A stream's rows, the first of which have been read: not before then does SQLite do anything, and find that the file is
 * locked.
 */
const begun = (statement: StatementSync, parameters: Array<SQLInputValue>) => {
  const iterator = statement.iterate(...parameters)
  try {
    return { iterator, first: chunk(iterator) }
  } catch (cause) {
    iterator.return?.()
    throw cause
  }
}

/**
 * `path` is where the database is, as errors say it. `lockTimeout`: how long a statement is tried while another process has
 * the file locked. `statements`: how many prepared ones are kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  database: DatabaseSync,
  options: { readonly path: string; readonly lockTimeout: Duration.Input; readonly statements: number }
): Connection => {
  const { path } = options
  const prepared = cache(database, options.statements)
  const fresh = (sql: string) => database.prepare(sql)
  const waiting = Schedule.min([Schedule.exponential("1 millis"), Schedule.spaced("50 millis")]).pipe(
    Schedule.upTo({ duration: options.lockTimeout }),
    Monotonic.schedule
  )

  const attempt = <A>(
    prepare: (sql: string) => StatementSync,
    sql: string,
    parameters: ReadonlyArray<unknown>,
    use: (statement: StatementSync, bound: Array<SQLInputValue>) => A,
    operation = "execute"
  ): Effect.Effect<A, SqlError> =>
    Effect.withFiber((fiber) => {
      try {
        const statement = prepare(sql)
        statement.setReadBigInts(fiber.getRef(SafeIntegers))
        return Effect.succeed(use(statement, parameters.map(bound)))
      } catch (cause) {
        return Effect.fail(failure(cause, operation, path))
      }
    })
  /** Most find the file free, and pay for no schedule. */
  const patiently = <A, R>(attempt: Effect.Effect<A, SqlError, R>): Effect.Effect<A, SqlError, R> =>
    Effect.catchIf(attempt, isBusy, () => Effect.retry(attempt, { while: isBusy, schedule: waiting }))
  const run = <A>(...what: Parameters<typeof attempt<A>>) => patiently(attempt(...what))

  const rows = (statement: StatementSync, parameters: Array<SQLInputValue>) => {
    statement.setReturnArrays(false)
    return statement.all(...parameters)
  }
  const values = (statement: StatementSync, parameters: Array<SQLInputValue>) => {
    statement.setReturnArrays(true)
    return statement.all(...parameters).map((row) => Object.values(row))
  }
  const raw = (statement: StatementSync, parameters: Array<SQLInputValue>) =>
    statement.columns().length > 0 ? rows(statement, parameters) : statement.run(...parameters)

  const execute =
    (prepare: (sql: string) => StatementSync): Connection["execute"] =>
    (sql, parameters, transformRows) => {
      const found = run(prepare, sql, parameters, rows)
      return transformRows === undefined ? found : Effect.map(found, transformRows)
    }

  return {
    execute: execute(prepared),
    executeUnprepared: execute(fresh),
    executeRaw: (sql, parameters) => run(prepared, sql, parameters, raw),
    executeValues: (sql, parameters) => run(prepared, sql, parameters, values),
    executeValuesUnprepared: (sql, parameters) => run(fresh, sql, parameters, values),
    executeStream: (sql, parameters, transformRows) =>
      // Acquiring cannot be interrupted: that is each attempt, and not the time between them.
      patiently(
        Effect.acquireRelease(
          // A statement of its own: whoever reads the stream within a transaction may run the same one meanwhile.
          attempt(fresh, sql, parameters, begun, "stream"),
          ({ iterator }) => Effect.sync(() => void iterator.return?.())
        )
      ).pipe(
        Effect.map(({ first, iterator }) =>
          Stream.paginate(Option.some(first), (read) =>
            Effect.try({
              try: () => {
                const { isLast, rows } = Option.getOrElse(read, () => chunk(iterator))
                return [transformRows?.(rows) ?? rows, isLast ? Option.none() : Option.some(Option.none())] as const
              },
              catch: (cause) => failure(cause, "stream", path)
            })
          )
        ),
        Stream.unwrap
      )
  }
}
