/**
 * The server's options, as `docs/operating.md` lists them: flags, and the variables behind them.
 *
 * @since 0.1.0
 */
import { Config, Effect, Option, Redacted } from "effect"
import { Flag } from "effect/cli"
import * as LimitOptions from "./limitOptions.ts"

const host = Flag.String("host").pipe(
  Flag.withDescription("Address to listen on (HOST)"),
  Flag.withFallbackConfig(Config.NonEmptyString("HOST")),
  Flag.withDefault("127.0.0.1")
)

const publicUrl = Flag.String("public-url").pipe(
  Flag.withDescription(
    "Where clients reach this server, if that is behind a proxy: https://chat.example/path (PUBLIC_URL)"
  ),
  Flag.withMetavar("url"),
  Flag.withFallbackConfig(Config.NonEmptyString("PUBLIC_URL")),
  Flag.filter(
    (text) => /^https?:\/\//.test(text) && URL.canParse(text),
    (text) => `Expected a URL that begins with http:// or https://, got "${text}"`
  ),
  Flag.optional
)

const MAX_PORT = 65_535

const portFrom = (text: string): Option.Option<number> =>
  Option.filter(Option.some(Number(text)), (port) => /^\d+$/.test(text) && port <= MAX_PORT)
const wrongPort = (text: string): string => `Expected a port from 0 to ${MAX_PORT}, got "${text}"`

const port = Flag.String("port").pipe(
  Flag.withDescription("Port to listen on, 0 for any that is free (PORT)"),
  Flag.withMetavar("integer"),
  Flag.withFallbackConfig(Config.NonEmptyString("PORT")),
  Flag.withDefault("8080"),
  Flag.filterMap(portFrom, wrongPort)
)

const grpcHost = Flag.String("grpc-host").pipe(
  Flag.withDescription("Address to listen on for gRPC (GRPC_HOST)"),
  Flag.withFallbackConfig(Config.NonEmptyString("GRPC_HOST")),
  Flag.withDefault("127.0.0.1")
)

const grpcPort = Flag.String("grpc-port").pipe(
  Flag.withDescription("Port to listen on for gRPC, 0 for any that is free; without it there is none (GRPC_PORT)"),
  Flag.withMetavar("integer"),
  Flag.withFallbackConfig(Config.NonEmptyString("GRPC_PORT")),
  Flag.filterMap(portFrom, wrongPort),
  Flag.optional
)

const traceCallers = Flag.Literals("trace-callers", ["continue", "link", "ignore"]).pipe(
  Flag.withDescription(
    "What becomes of the trace that a caller brings: it goes on; a trace that begins here links to it; or it is not " +
      "looked at. The default is continue on a loopback address, ignore on any other, for HTTP and for gRPC each its own"
  ),
  Flag.optional
)

const mailboxWaits = Flag.Literals("mailbox-waits", ["sampled", "all", "none"]).pipe(
  Flag.withDescription(
    "Of which messages the time in mailboxes is recorded in the metric fanfare.mailbox.wait: of sampled ones, which " +
      "costs nothing more, of all, or of none"
  ),
  Flag.withDefault("sampled")
)

const offload = Flag.Literals("offload", ["inline", "senders", "workers"]).pipe(
  Flag.withDescription(
    "Who executes fan-outs: whoever decided them; sender fibers; or worker threads, in which all sessions and their " +
      "connections then live"
  ),
  Flag.withDefault("inline")
)

const workerCount = Flag.Int("workers").pipe(
  Flag.withDescription("How many worker threads there are with --offload workers; by default one less than processors"),
  Flag.filter(
    (count) => count >= 1 && count <= 256,
    (count) => `Expected from 1 to 256 workers, got ${count}`
  ),
  Flag.optional
)

const members = Flag.Literals("members", ["heap", "hybrid"]).pipe(
  Flag.withDescription(
    "Where members live: as objects on the heap; or, which is for very many, in shared memory that threads scan"
  ),
  Flag.withDefault("heap")
)

const simulate = Flag.Int("simulate").pipe(
  Flag.withDescription("How many members are simulated, each with a session: to see how it is among very many"),
  Flag.withDefault(0),
  Flag.filter(
    (count) => count >= 0 && count <= 10_000_000,
    (count) => `Expected from 0 to 10000000 members, got ${count}`
  )
)

const tokens = Flag.Redacted("token").pipe(
  Flag.withDescription(
    "Token of one member; repeat it for more (FANFARE_TOKENS, separated by commas). " +
      "On a loopback address the default is demo-1, demo-2 and demo-3"
  ),
  Flag.atLeast(0)
)

const tokensFile = Flag.FileText("tokens-file").pipe(
  Flag.withDescription("File with the tokens of members, one in each line: other users of the machine do not see them"),
  Flag.optional
)

const limits = Flag.String("limit").pipe(
  Flag.withDescription(
    "What a client may have, otherwise than by default; repeat it for more (FANFARE_LIMITS, separated by commas). The names " +
      "are in docs/operating.md"
  ),
  Flag.withMetavar("name=value"),
  Flag.filterMap(LimitOptions.parse, LimitOptions.expected),
  Flag.atLeast(0)
)

/**
 * @since 0.1.0
 * @category options
 */
export const flags = {
  host,
  port,
  grpcHost,
  grpcPort,
  publicUrl,
  tokens,
  tokensFile,
  traceCallers,
  mailboxWaits,
  offload,
  workers: workerCount,
  members,
  limits,
  simulate
}

const configuredTokens = Config.option(Config.String("FANFARE_TOKENS")).pipe(
  Config.map((tokens) => (Option.isNone(tokens) ? [] : tokens.value.split(","))),
  Config.map((tokens) => tokens.map((token) => Redacted.make(token.trim())))
)

/**
 * The tokens that are given: by flags and in the file, or else by the variable.
 *
 * @since 0.1.0
 * @category options
 */
export const givenTokens = (given: {
  readonly tokens: ReadonlyArray<Redacted.Redacted>
  readonly tokensFile: Option.Option<string>
}) => {
  const inFile = Option.match(given.tokensFile, {
    onNone: () => [],
    onSome: (text) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => Redacted.make(line.trim()))
  })
  const all = [...given.tokens, ...inFile]
  return all.length > 0 ? Effect.succeed(all) : configuredTokens
}
