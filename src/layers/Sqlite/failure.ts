/**
 * What SQLite says when something goes wrong, as a `SqlError`.
 *
 * @see https://www.sqlite.org/rescode.html
 * @since 0.1.0
 */
import { Predicate } from "effect"
import {
  classifySqliteError,
  ConnectionError,
  SqlError,
  type SqlErrorReason,
  SqlSyntaxError,
  UniqueViolation
} from "effect/sql/SqlError"

const BUSY = 5
const BUSY_RECOVERY = 261
const ERROR = 1
const CORRUPT = 11
const NOT_A_DATABASE = 26
/** A key given twice: the primary one, a row's number. */
const CONSTRAINT_PRIMARY_KEY = 1555
const CONSTRAINT_ROWID = 2579

/** SQLite's extended result code. What Node itself objects to has none. */
const codeOf = (cause: unknown): number | undefined =>
  Predicate.hasProperty(cause, "errcode") && typeof cause.errcode === "number" ? cause.errcode : undefined

const reason = (cause: unknown, operation: string, path: string): SqlErrorReason => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const details = { cause, message: `${path}: ${message}`, operation }
  const code = codeOf(cause)
  if (code === ERROR && message.includes("syntax error")) return new SqlSyntaxError(details)
  if (code === CONSTRAINT_PRIMARY_KEY || code === CONSTRAINT_ROWID) {
    return new UniqueViolation({ ...details, constraint: message.replace("UNIQUE constraint failed: ", "") })
  }
  // The database was closed.
  if (Predicate.hasProperty(cause, "code") && cause.code === "ERR_INVALID_STATE") return new ConnectionError(details)
  // Effect looks for the code under the name that other drivers give it.
  if (cause instanceof Error && code !== undefined) Object.assign(cause, { errno: code })
  return classifySqliteError(cause, details)
}

/**
 * `operation` is what was being done, to the database in the file at `path`.
 *
 * @since 0.1.0
 * @category errors
 */
export const failure = (cause: unknown, operation: string, path: string): SqlError =>
  new SqlError({ reason: reason(cause, operation, path) })

/**
 * Whether the file has what SQLite cannot read: it will not get better by trying again. (Other databases do not say so.)
 *
 * @since 0.1.0
 * @category guards
 */
export const isDamaged = (error: unknown): error is SqlError => {
  if (!(error instanceof SqlError)) return false
  const code = codeOf(error.reason.cause) ?? 0
  return (code & 0xff) === CORRUPT || (code & 0xff) === NOT_A_DATABASE
}

/**
 * Whether it is only that somebody else has the file locked just now. (Not so when a transaction has read what somebody
 * else has changed since: waiting would not help it.)
 *
 * @since 0.1.0
 * @category guards
 */
export const isBusy = ({ reason }: SqlError): boolean => {
  const code = codeOf(reason.cause)
  return code === BUSY || code === BUSY_RECOVERY
}
