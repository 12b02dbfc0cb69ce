/**
 * How many connections fit among the files that the system lets a process have open. What comes beyond them Linux's sockets
 * accept and close without a word, and nothing else can be opened any more: no file, no database, no connection to a collector.
 *
 * @since 0.1.0
 */
import { Option, Schema } from "effect"

/** What else may be open at least, and which share of all files. */
const RESERVE = 64
const SHARE = 0.1

const Report = Schema.Struct({
  userLimits: Schema.Struct({ open_files: Schema.Struct({ soft: Schema.Union([Schema.Finite, Schema.String]) }) })
})
const decodeReport = Schema.decodeUnknownOption(Report)

/**
 * How many files this process may have open. Node has raised what the shell said (`ulimit -n`) to what the system allows; where
 * nothing is said, as on Windows, there is no end.
 *
 * @since 0.1.0
 * @category getters
 */
export const most = (): number => {
  const report = decodeReport(process.report.getReport())
  return Option.match(report, {
    onNone: () => Number.POSITIVE_INFINITY,
    onSome: ({ userLimits }) => {
      const { soft } = userLimits.open_files
      return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY
    }
  })
}

/**
 * How many connections each of so many threads may have, where the process may have so many files: 921 of 1,024 in one thread.
 *
 * @since 0.1.0
 * @category getters
 */
export const connections = (files: number, threads: number): number =>
  Number.isFinite(files) ? Math.max(1, Math.floor((files - Math.max(RESERVE, files * SHARE)) / threads)) : files
