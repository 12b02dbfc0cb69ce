/**
 * How many connections fit among the files that the system lets a process have open. Beyond that Node accepts connections and
 * closes them without a word, and nothing else can be opened any more: no file, no database, no connection to a collector.
 *
 * @since 0.1.0
 */
import { Option, Schema } from "effect"

/** What else may be open: so much for each thread, and such a share of all files. */
const RESERVE = 64
const SHARE = 0.1

/** The share of all files that gRPC's connections may be, of those that are left. */
const GRPC_SHARE = 0.05

const Report = Schema.Struct({
  userLimits: Schema.Struct({ open_files: Schema.Struct({ soft: Schema.Union([Schema.Finite, Schema.String]) }) })
})
const decodeReport = Schema.decodeUnknownOption(Report)

/**
 * How many files this process may have open. (Node has raised the soft limit to the hard one when it started.) Where nothing is
 * said of it, as on Windows, there is no end. Ask before there are connections: the report looks up the names of their addresses.
 *
 * @since 0.1.0
 * @category getters
 */
export const most = (): number => {
  const found = decodeReport(process.report.getReport())
  if (Option.isNone(found)) return Number.POSITIVE_INFINITY
  const { soft } = found.value.userLimits.open_files
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY
}

/**
 * How many connections each of so many threads may have, where the process may have so many files: 921 of 1,024 in one thread.
 * Any number, where there is no end of files.
 *
 * @since 0.1.0
 * @category getters
 */
export const connections = (files: number, threads: number): number =>
  Number.isFinite(files)
    ? Math.max(1, Math.floor((files - Math.max(RESERVE * threads, files * SHARE)) / threads))
    : Number.POSITIVE_INFINITY

/**
 * How many gRPC connections there may be beside them: 51 of 1,024.
 *
 * @since 0.1.0
 * @category getters
 */
export const grpcConnections = (files: number): number => Math.max(1, Math.floor(files * GRPC_SHARE))
