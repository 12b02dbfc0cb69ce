/**
 * What the server's options and its environment come to: the same for all of its threads.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Limits } from "./limitOptions.ts"

/**
 * `tokens` are those of the members, the owner's first (as text, since they go to other threads: log no settings); `isDemo`
 * says that everybody knows them. `isExported`: spans go to a collector. `callers`, `start` and `publicUrl` are the ingress's.
 * So many members and their sessions are `simulated`. `limits` are those that differ from the defaults. The process may have so
 * many `files` open. The `threads` that share the port talk in `channel`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Settings = Schema.Struct({
  host: Schema.String,
  port: Schema.Int,
  tokens: Schema.NonEmptyArray(Schema.String),
  isDemo: Schema.Boolean,
  isExported: Schema.Boolean,
  callers: Schema.Literals(["continue", "link", "ignore"]),
  start: Schema.Finite,
  mailboxWaits: Schema.Literals(["sampled", "all", "none"]),
  simulated: Schema.Int,
  threads: Schema.Int,
  files: Schema.Number,
  limits: Limits,
  publicUrl: Schema.optionalKey(Schema.String),
  channel: Schema.optionalKey(Schema.String)
})
/**
 * @since 0.1.0
 * @category models
 */
export type Settings = typeof Settings.Type

/**
 * What a thread says in the channel: where it listens, or why it does not serve.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Announcement = Schema.Union([
  Schema.TaggedStruct("Listening", { thread: Schema.Int, address: Schema.String }),
  Schema.TaggedStruct("Failed", { reason: Schema.String })
])
/**
 * @since 0.1.0
 * @category models
 */
export type Announcement = typeof Announcement.Type
