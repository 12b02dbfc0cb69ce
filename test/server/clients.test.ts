/**
 * The libraries that people use, unmodified, each in a process of its own, against the real server: they log in, look around,
 * chat both ways, say how they are, join a call, and find their way back; with and without compression.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Queue, Schema, type Scope } from "effect"
import { execFileSync } from "node:child_process"
import { createRequire } from "node:module"
import * as processes from "../support/process.ts"

const Said = Schema.fromJsonString(
  Schema.Struct({
    event: Schema.String,
    user: Schema.optionalKey(Schema.NullOr(Schema.String)),
    guild: Schema.optionalKey(Schema.NullOr(Schema.String)),
    members: Schema.optionalKey(Schema.NullOr(Schema.Int)),
    channels: Schema.optionalKey(Schema.Array(Schema.String)),
    author: Schema.optionalKey(Schema.String),
    content: Schema.optionalKey(Schema.String),
    status: Schema.optionalKey(Schema.String),
    channel: Schema.optionalKey(Schema.NullOr(Schema.String)),
    count: Schema.optionalKey(Schema.Int),
    command: Schema.optionalKey(Schema.String),
    reason: Schema.optionalKey(Schema.String)
  })
)
type Said = typeof Said.Type

const decode = Schema.decodeUnknownOption(Said)

interface Person {
  /** What it says next of this kind; all else that it says meanwhile is passed over. */
  readonly hears: (event: string, is?: (said: Said) => boolean) => Effect.Effect<Said>
  readonly does: (command: string) => Effect.Effect<void>
}

const enter = Effect.fnUntraced(function* (
  [program, ...args]: readonly [string, ...ReadonlyArray<string>],
  env: Readonly<Record<string, string>>
): Effect.fn.Return<Person, never, Scope.Scope> {
  const { child, lines } = yield* processes.command(program, args, env, "pipe")
  let past: Array<string> = []
  // Some say very much while the server is away.
  const next = Effect.map(Queue.take(lines), (line) => {
    past = [...past.slice(-30), line]
    return Option.getOrUndefined(decode(line))
  })
  const hears: Person["hears"] = (event, is = () => true) =>
    Effect.gen(function* () {
      while (true) {
        const said = yield* next
        if (said?.event === event && is(said)) return said
      }
    }).pipe(
      Effect.timeoutOrElse({
        duration: "40 seconds",
        orElse: () => Effect.die(new Error(`no ${event} of ${program} ${args.join(" ")}:\n${past.join("\n")}`))
      })
    )
  return { hears, does: (command) => Effect.sync(() => void child.stdin?.write(`${command}\n`)) }
})

const require = createRequire(import.meta.url)
const isInstalled = (name: string): boolean => {
  try {
    require(name)
    return true
  } catch {
    return false
  }
}
const hasPython = ((): boolean => {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import discord"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

const script = (name: string) => [process.execPath, `test/clients/${name}.mjs`] as const

interface Library {
  readonly name: string
  readonly program: readonly [string, ...ReadonlyArray<string>]
  readonly compression?: string
  /** What brings it, where it is not there. */
  readonly missing?: string | undefined
}

const zlibSync = isInstalled("zlib-sync") ? undefined : "npm's zlib-sync"

const LIBRARIES: ReadonlyArray<Library> = [
  { name: "discord.js", program: script("discordjs") },
  { name: "discord.js with zlib-sync", program: script("discordjs"), compression: "zlib-stream", missing: zlibSync },
  { name: "oceanic.js", program: script("oceanic") },
  { name: "oceanic.js, zlib-stream", program: script("oceanic"), compression: "zlib-stream" },
  { name: "oceanic.js, zstd-stream", program: script("oceanic"), compression: "zstd-stream" },
  { name: "eris", program: script("eris") },
  { name: "eris, zlib-stream", program: script("eris"), compression: "zlib-stream", missing: zlibSync },
  {
    name: "discord.py (which always asks for zlib-stream)",
    program: ["/usr/bin/python3", "test/clients/discord_py.py"],
    missing: hasPython ? undefined : "Debian's python3-discord"
  }
]

const title = ({ missing, name }: Library) => (missing === undefined ? name : `${name} (skipped: it takes ${missing})`)

describe("client libraries", () => {
  for (const library of LIBRARIES) {
    it.live.skipIf(library.missing !== undefined)(title(library), () =>
      Effect.gen(function* () {
        const { child, exited, url } = yield* processes.server()
        const env = (token: string) => ({ URL: url, TOKEN: token })
        const other = yield* enter(script("discordjs"), env("demo-1"))
        const one = yield* enter(library.program, { ...env("demo-2"), COMPRESS: library.compression ?? "" })
        yield* other.hears("ready")
        const ready = yield* one.hears("ready")
        assert.deepInclude(ready, { user: "demo-2", guild: "Fanfare", members: 3 })
        assert.sameMembers(Array.from(ready.channels ?? []), ["general", "announcements", "staff", "lounge"])

        yield* other.does("say general hello there")
        yield* one.hears("message", ({ author, content }) => author === "demo-1" && content === "hello there")
        for (const text of ["hello yourself", "ж漢😀 and so on", "x".repeat(1_900)]) {
          yield* one.does(`say general ${text}`)
          yield* other.hears("message", ({ author, content }) => author === "demo-2" && content === text)
          yield* one.hears("message", ({ content }) => content === text)
        }

        yield* one.does("status dnd")
        yield* other.hears("presence", ({ status }) => status === "dnd")
        yield* other.does("status idle")
        yield* one.hears("presence", ({ status }) => status === "idle")

        yield* one.does("join lounge")
        yield* other.hears("voice", ({ channel }) => channel === "lounge")
        yield* one.hears("voice", ({ channel }) => channel === "lounge")

        yield* one.does("members")
        assert.strictEqual((yield* one.hears("members")).count, 3)

        child.kill("SIGTERM")
        assert.strictEqual((yield* exited).code, 0)
        yield* processes.server([], { PORT: new URL(url).port })
        yield* one.hears("ready")
        yield* other.hears("ready")
        yield* other.does("say general back again")
        yield* one.hears("message", ({ content }) => content === "back again")
      }).pipe(Effect.scoped)
    )
  }
})
