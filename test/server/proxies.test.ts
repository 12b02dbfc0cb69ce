/** Behind each proxy of `docs/proxies.md`, with the configuration that is there: a real client, through a real proxy. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue, Schedule } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join, resolve } from "node:path"
import { login } from "../support/bot.ts"
import { temporaryFolder } from "../support/folder.ts"
import * as processes from "../support/process.ts"

const page = readFileSync(resolve(import.meta.dirname, "../../docs/proxies.md"), "utf8")
const shown = (name: string): string => {
  const found = new RegExp(`^\`\`\`${name}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(page)?.[1]
  if (found === undefined) throw new Error(`docs/proxies.md has no configuration for ${name}`)
  return found
}

interface Proxy {
  readonly name: string
  /** Of Debian. */
  readonly package: string
  readonly command: string
  readonly config: (folder: string, port: number, upstream: string) => string
  readonly args: (folder: string, file: string) => ReadonlyArray<string>
}

/** As it is shown, but for where it listens, and without TLS. */
const PROXIES: ReadonlyArray<Proxy> = [
  {
    name: "nginx",
    package: "nginx-light",
    command: "nginx",
    config: (folder, port, upstream) => {
      const server = shown("nginx")
        .replace("127.0.0.1:8080", upstream)
        .replace("listen 443 ssl", `listen 127.0.0.1:${port}`)
        .replaceAll(/^ *ssl_.*$/gm, "")
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (one) => `${one}_temp_path ${join(folder, one)};`
      )
      return `daemon off; pid ${join(folder, "pid")}; error_log stderr; events {}\nhttp { access_log off; ${paths.join(" ")}\n${server} }`
    },
    args: (folder, file) => ["-p", folder, "-c", file]
  },
  {
    name: "caddy",
    package: "caddy",
    command: "caddy",
    config: (_, port, upstream) =>
      `{\n  admin off\n}\n${shown("caddy")
        .replace("chat.example", `http://127.0.0.1:${port}`)
        .replace("127.0.0.1:8080", upstream)}`,
    args: (_, file) => ["run", "--config", file, "--adapter", "caddyfile"]
  },
  {
    name: "haproxy",
    package: "haproxy",
    command: "haproxy",
    config: (_, port, upstream) =>
      shown("haproxy")
        .replace(/bind :443.*/, `bind 127.0.0.1:${port}`)
        .replace("X-Forwarded-Proto https", "X-Forwarded-Proto http")
        .replace("127.0.0.1:8080", upstream),
    args: (_, file) => ["-db", "-f", file]
  }
]

const program = (name: string): string | undefined =>
  ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"].map((path) => join(path, name)).find(existsSync)

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

const behind = Effect.fnUntraced(function* ({ args, command, config }: Proxy, path: string, url: string) {
  const folder = yield* temporaryFolder
  const port = yield* freePort
  const file = join(folder, "config")
  writeFileSync(file, config(folder, port, new URL(url).host))
  const running = yield* processes.command(path, args(folder, file), { HOME: folder })
  const own = `http://127.0.0.1:${port}`
  yield* Effect.tryPromise(() => fetch(`${own}/healthz`)).pipe(
    Effect.retry(Schedule.max([Schedule.spaced("50 millis"), Schedule.recurs(100)])),
    Effect.raceFirst(Effect.flatMap(running.exited, ({ output }) => Effect.die(new Error(`${command}: ${output}`))))
  )
  return own
})

describe.each(PROXIES)("behind $name ($package)", (proxy) => {
  const path = program(proxy.command) ?? ""

  it.live.skipIf(path === "")("a bot logs in, is told to resume there, writes and hears", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server([], { FANFARE_TOKENS: "one,two" })
      const own = yield* behind(proxy, path, url)
      const gateway = yield* Effect.promise(() => fetch(`${own}/api/v10/gateway`).then((answer) => answer.json()))
      assert.deepStrictEqual(gateway, { url: `${own.replace("http", "ws")}/gateway` })
      const bot = yield* login(own, "one")
      yield* Effect.promise(() => bot.channel("general").send("hello"))
      assert.strictEqual((yield* Queue.take(bot.messages)).content, "hello")
    }).pipe(Effect.scoped)
  )

  it.live.skipIf(path === "")("who guesses tokens from one address keeps nobody else waiting", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server([], { FANFARE_TOKENS: "one,two", FANFARE_LIMITS: "wrong-tokens=2/3600s" })
      const own = yield* behind(proxy, path, url)
      const ask = (base: string, token: string, headers: Readonly<Record<string, string>> = {}) =>
        Effect.promise(async () => {
          const answer = await fetch(`${base}/api/v10/users/@me`, {
            headers: { authorization: `Bot ${token}`, ...headers }
          })
          await answer.text()
          return answer.status
        })
      // What clients say of themselves does not count.
      const guesses = yield* Effect.forEach(["a", "b", "c"], (token, nth) =>
        ask(own, token, { "x-forwarded-for": `198.51.100.${nth}` })
      )
      assert.deepStrictEqual(guesses, [401, 401, 429])
      assert.strictEqual(yield* ask(own, "one"), 429)
      assert.strictEqual(yield* ask(url, "one", { "x-forwarded-for": "198.51.100.9" }), 200)
    }).pipe(Effect.scoped)
  )
})
