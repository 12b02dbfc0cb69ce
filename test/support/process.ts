/** Programs of this repository, run as processes, as people run them. */
import { Effect, Queue, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { resolve } from "node:path"

const ROOT = resolve(import.meta.dirname, "../..")

export interface Running {
  readonly child: ChildProcess
  /** Lines of standard output and error, as they come. */
  readonly lines: Queue.Dequeue<string>
  /** The exit code, and everything printed. */
  readonly exited: Effect.Effect<{ readonly code: number | null; readonly output: string }>
}

/** Starts a command in the repository; it is killed, with all that it started, when the scope closes. */
export const command = Effect.fnUntraced(function* (
  name: string,
  args: ReadonlyArray<string> = [],
  env: Readonly<Record<string, string>> = {},
  stdin: "ignore" | "pipe" = "ignore"
): Effect.fn.Return<Running, never, Scope.Scope> {
  const lines = yield* Queue.unbounded<string>()
  let output = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(name, args, {
        cwd: ROOT,
        detached: true,
        stdio: [stdin, "pipe", "pipe"],
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }
      })
    ),
    ({ pid }) => Effect.ignore(Effect.try(() => (pid === undefined ? undefined : process.kill(-pid, "SIGKILL"))))
  )
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ""
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text
      const parts = (rest + text).split("\n")
      rest = parts.pop() ?? ""
      Queue.offerAllUnsafe(lines, parts)
    })
  }
  const exit = new Promise<number | null>((done) => child.on("close", (code) => done(code)))
  return {
    child,
    lines,
    exited: Effect.map(
      Effect.promise(() => exit),
      (code) => ({ code, output })
    )
  }
})

/** Starts a script of the repository with this very Node. */
export const start = (
  script: string,
  args: ReadonlyArray<string> = [],
  env: Readonly<Record<string, string>> = {},
  stdin: "ignore" | "pipe" = "ignore"
) => command(process.execPath, [resolve(ROOT, script), ...args], env, stdin)

/** Where a server listens, once it says so; `said` is what it has said until then. */
export const listening = Effect.fnUntraced(function* (running: Running) {
  const address = (line: string): string | undefined => /listening on (http:\/\/\S+)/.exec(line)?.[1]
  let [url, said]: [url: string | undefined, said: string] = [undefined, ""]
  while (url === undefined) {
    const line = yield* Queue.take(running.lines)
    said += `${line}\n`
    url = address(line)
  }
  return { ...running, url, said }
})

/** The server, once it listens: on a free port, unless `PORT` says otherwise. */
export const server = (args: ReadonlyArray<string> = [], env: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(start("src/programs/main.ts", args, { PORT: "0", ...env }), listening)
