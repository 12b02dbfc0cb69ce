/** The server as an operator meets it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Queue, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { writeFileSync } from "node:fs"
import { get } from "node:http"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FinishedSpan } from "../../src/domain/TraceStore.ts"
import * as grpc from "../support/grpc.ts"
import * as otlp from "../support/otlp.ts"
import * as processes from "../support/process.ts"
import { sampledCarrier, TRACE_ID } from "../support/tracing.ts"

/** The names of the spans that a server has of the caller's trace. */
const spanNames = (url: string, token: string) =>
  Effect.promise(async () => {
    const headers = { authorization: `Bot ${token}` }
    const response = await fetch(`${url.replace("0.0.0.0", "127.0.0.1")}/traces/${TRACE_ID}`, { headers })
    if (response.status === 404) return []
    const { spans } = Schema.decodeUnknownSync(Schema.Struct({ spans: Schema.Array(FinishedSpan) }))(
      await response.json()
    )
    return spans.map(({ name }) => name)
  })

const run = (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) =>
  Effect.scoped(Effect.flatMap(processes.start("src/programs/main.ts", args, env), ({ exited }) => exited))

const health = (url: string) => Effect.promise(() => fetch(`${url}/healthz`).then(({ status }) => status))

const me = (url: string, token: string) =>
  Effect.promise(() =>
    fetch(`${url}/api/v10/users/@me`, { headers: { authorization: `Bot ${token}` } }).then(({ status }) => status)
  )

/** A port that was free a moment ago. */
const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

describe("npm start", () => {
  it.live("--help explains every option", () =>
    Effect.gen(function* () {
      const { code, output } = yield* run(["--help"])
      assert.strictEqual(code, 0)
      for (const word of [
        "--host",
        "--port",
        "--token",
        "HOST",
        "PORT",
        "FANFARE_TOKENS",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "--grpc-host",
        "--grpc-port",
        "--trace-callers",
        "--public-url",
        "--tokens-file",
        "--mailbox-waits",
        "--offload",
        "--workers"
      ]) {
        assert.include(output, word)
      }
    })
  )

  it.live("on loopback: demo tokens, printed; healthy as soon as it says so", () =>
    Effect.gen(function* () {
      const { child, exited, url } = yield* processes.server()
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
      assert.strictEqual(yield* health(url), 200)
      assert.strictEqual(yield* me(url, "demo-3"), 200)
      child.kill("SIGINT")
      const { code, output } = yield* exited
      assert.strictEqual(code, 0)
      for (const token of ["demo-1", "demo-2", "demo-3"]) assert.include(output, token)
    }).pipe(Effect.scoped)
  )

  it.live("a request that comes as soon as the port is open is answered, and told to come again if need be", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      yield* processes.start("src/programs/main.ts", ["--port", String(port)])
      const statuses: Array<number> = []
      // Asks at once, and again, until the server is there: no request is left without an answer.
      while (statuses.at(-1) !== 200) {
        const status = yield* Effect.promise(() =>
          fetch(`http://127.0.0.1:${port}/healthz`).then(
            ({ status }) => status,
            () => 0
          )
        )
        statuses.push(status)
        yield* Effect.sleep(1)
      }
      assert.includeMembers([0, 503, 200], statuses)
    }).pipe(Effect.scoped)
  )

  it.live("tokens of one's own replace the demo's, and are not printed", () =>
    Effect.gen(function* () {
      const ways = [
        [["--token", "s3cret-a", "--token", "s3cret-b"], {}],
        [[], { FANFARE_TOKENS: "s3cret-a,s3cret-b" }]
      ] as const
      for (const [args, env] of ways) {
        const { child, exited, url } = yield* processes.server(args, env)
        assert.deepStrictEqual(
          yield* Effect.forEach(["s3cret-a", "s3cret-b", "demo-1"], (token) => me(url, token)),
          [200, 200, 401]
        )
        const settings = yield* Effect.promise(() => fetch(`${url}/settings.json`).then((response) => response.text()))
        assert.notInclude(settings, "s3cret")
        child.kill("SIGTERM")
        assert.notInclude((yield* exited).output, "s3cret")
      }
    }).pipe(Effect.scoped)
  )

  it.live("on any other address it refuses the demo tokens, and starts with others", () =>
    Effect.gen(function* () {
      const refused = yield* run(["--host", "0.0.0.0", "--port", "0"])
      assert.strictEqual(refused.code, 1)
      assert.match(refused.output, /FANFARE_TOKENS/)
      assert.notInclude(refused.output, "    at ")
      const { url } = yield* processes.server([], { HOST: "0.0.0.0", FANFARE_TOKENS: "s3cret" })
      assert.strictEqual(yield* me(url.replace("0.0.0.0", "127.0.0.1"), "s3cret"), 200)
    }).pipe(Effect.scoped)
  )

  it.live("blank tokens are no tokens, and no token is twice: nobody becomes the owner by leaving theirs out", () =>
    Effect.gen(function* () {
      for (const args of [["--token="], ["--token", " "], ["--token", "a", "--token", "a"]]) {
        assert.strictEqual((yield* run([...args, "--host", "0.0.0.0", "--port", "0"])).code, 1)
      }
      assert.strictEqual((yield* run(["--port", "0"], { FANFARE_TOKENS: "a,,b" })).code, 1)
      const { url } = yield* processes.server([], { FANFARE_TOKENS: "a, b" })
      assert.strictEqual(yield* me(url, "b"), 200)
      const anonymous = yield* Effect.promise(() => fetch(`${url}/api/v10/users/@me`).then(({ status }) => status))
      assert.strictEqual(anonymous, 401)
    }).pipe(Effect.scoped)
  )

  it.live.each(["SIGTERM", "SIGINT"] as const)(
    "%s to npm alone stops the server with it, and leaves nothing",
    (signal) =>
      Effect.gen(function* () {
        const npm = yield* Effect.flatMap(processes.command("npm", ["start", "--", "--port", "0"]), processes.listening)
        npm.child.kill(signal)
        yield* npm.exited
        const status = yield* Effect.promise(() =>
          fetch(npm.url).then(
            ({ status }) => status,
            () => "gone"
          )
        )
        assert.strictEqual(status, "gone")
      }).pipe(Effect.scoped)
  )

  /** A client that identifies; what it gets, in order, and at last the code of the close. */
  const connected = (url: string, token: string) =>
    Effect.callback<Queue.Dequeue<number | { readonly op: number; readonly t: string | null }>>((resume) => {
      const got = Effect.runSync(Queue.unbounded<number | { readonly op: number; readonly t: string | null }>())
      const socket = new WebSocket(`${url.replace("http", "ws")}/gateway?v=10&encoding=json`)
      const Frame = Schema.fromJsonString(Schema.Struct({ op: Schema.Int, t: Schema.NullOr(Schema.String) }))
      socket.addEventListener("message", ({ data }) => {
        const frame = Schema.decodeUnknownSync(Frame)(data)
        Queue.offerUnsafe(got, frame)
        if (frame.op === 10) socket.send(JSON.stringify({ op: 2, d: { token, intents: 513, properties: {} } }))
        if (frame.t === "GUILD_CREATE") resume(Effect.succeed(got))
      })
      socket.addEventListener("close", ({ code }) => Queue.offerUnsafe(got, code))
    })

  it.live.each([["inline"], ["senders"], ["workers", "--workers", "3"]] as const)(
    "--offload %s: everybody gets the message, the trace has every hop, and at the end all are told to reconnect",
    ([offload, ...more]) =>
      Effect.gen(function* () {
        const { child, exited, url } = yield* processes.server(["--offload", offload, ...more], {
          // All of them are one user, and begin at once.
          FANFARE_LIMITS: "identifies=1000/1s,requests=10000/1s"
        })
        // Enough that no thread is left out, whichever the system chooses for each.
        const clients = yield* Effect.forEach(Array.from({ length: 24 }), () => connected(url, "demo-2"))
        yield* write(url, "demo-1")
        let names: ReadonlyArray<string> = []
        const hops = ["ingress.http", "guild.SendMessage", "relay.fanout", "session.deliver"]
        // Spans of other threads come a moment later.
        while (!hops.every((hop) => names.includes(hop))) names = yield* spanNames(url, "demo-1")
        child.kill("SIGTERM")
        assert.strictEqual((yield* exited).code, 0)
        for (const client of clients) {
          const got = yield* Queue.clear(client)
          const told = got.map((frame) => (typeof frame === "number" ? frame : (frame.t ?? frame.op)))
          assert.deepStrictEqual(told, [10, "READY", "GUILD_CREATE", "MESSAGE_CREATE", 7, 1001])
        }
      }).pipe(Effect.scoped)
  )

  it.live("a thread that dies is replaced: its clients see their connections end, and connect again", () =>
    Effect.gen(function* () {
      const file = join(tmpdir(), randomUUID())
      const mortal = new URL("../support/remote/mortal.ts", import.meta.url).href
      const { lines, url } = yield* processes.server(["--offload", "workers", "--workers", "1"], {
        NODE_OPTIONS: `--import=${mortal}`,
        DIES_OF: file
      })
      const before = yield* connected(url, "demo-2")
      writeFileSync(file, "")
      let last: unknown
      while (typeof last !== "number") last = yield* Queue.take(before)
      // No close of the server's: clients take that for a reason to resume.
      assert.strictEqual(last, 1006)
      while (!/died; another takes its place/.test(yield* Queue.take(lines)));
      const isThere = Effect.promise(() =>
        fetch(`${url}/healthz`).then(
          ({ ok }) => ok,
          () => false
        )
      )
      while (!(yield* isThere)) yield* Effect.sleep(20)
      const after = yield* connected(url, "demo-2")
      yield* write(url, "demo-1")
      let name: string | null = null
      while (name !== "MESSAGE_CREATE") {
        const frame = yield* Queue.take(after)
        name = typeof frame === "number" ? null : frame.t
      }
      // What it says is up to a second old.
      const status = Effect.promise(() => fetch(`${url}/healthz`).then((response) => response.text()))
      while (!(yield* status).includes(`"sessions":1`)) yield* Effect.sleep("100 millis")
    }).pipe(Effect.scoped)
  )

  it.live("each thread exports under an instance id of its own, beside what the operator says of the resource", () =>
    Effect.gen(function* () {
      const collector = yield* otlp.receiver
      const { child, exited, url } = yield* processes.server(["--offload", "workers", "--workers", "1"], {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_RESOURCE_ATTRIBUTES: "service.instance.id=here,service.name=salon"
      })
      yield* write(url, "demo-1")
      child.kill("SIGTERM")
      assert.strictEqual((yield* exited).code, 0)
      const spans = yield* Queue.clear(collector.spans)
      const of = (name: string) => spans.find((span) => span.name === name)
      const [ingress, guild] = [of("ingress.http"), of("guild.SendMessage")]
      assert.strictEqual(ingress?.traceId, guild?.traceId)
      assert.match(String(ingress?.instance), /^here\/.+\/[1-9]\d*$/)
      assert.match(String(guild?.instance), /^here\/.+\/0$/)
    }).pipe(Effect.scoped)
  )

  it.live.runIf(process.platform === "linux")(
    "of servers that start on one port at once, one serves and the others end",
    () =>
      Effect.gen(function* () {
        const port = yield* freePort
        const args = ["--offload", "workers", "--workers", "1", "--port", String(port)]
        const all = yield* Effect.forEach([1, 2, 3], () => processes.start("src/programs/main.ts", args))
        const ends = yield* Effect.forEach(all, ({ exited }) => Effect.forkChild(exited))
        yield* Effect.repeat(Effect.sleep("100 millis"), {
          until: () => ends.filter((end) => end.pollUnsafe() !== undefined).length >= 2
        })
        for (const end of ends) {
          if (end.pollUnsafe() === undefined) continue
          const { code, output } = yield* Fiber.join(end)
          assert.strictEqual(code, 1)
          assert.include(output, `cannot listen on 127.0.0.1:${port}`)
        }
        const serving = all.find((_, index) => ends[index]?.pollUnsafe() === undefined)
        assert.isDefined(serving)
        const { url } = yield* processes.listening(serving)
        for (let nth = 0; nth < 10; nth++) assert.strictEqual(yield* me(url, "demo-1"), 200)
      }).pipe(Effect.scoped)
  )

  it.live("clients are told where the server is: by its public URL, else as they have reached it", () =>
    Effect.gen(function* () {
      const told = (url: string, headers: Readonly<Record<string, string>> = {}) =>
        Effect.promise(() => fetch(`${url}/api/v10/gateway`, { headers }).then((response) => response.json()))
      const near = yield* processes.server()
      const { host } = new URL(near.url)
      assert.deepStrictEqual(yield* told(near.url), { url: `ws://${host}/gateway` })
      // The first of a chain of proxies is the one that the client talks to.
      assert.deepStrictEqual(yield* told(near.url, { "x-forwarded-proto": "https,http" }), {
        url: `wss://${host}/gateway`
      })
      const behind = yield* processes.server(["--public-url", "https://chat.example/fanfare/"])
      assert.deepStrictEqual(yield* told(behind.url), { url: "wss://chat.example/fanfare/gateway" })
    }).pipe(Effect.scoped)
  )

  it.live("tokens may be in a file, which no other user of the machine sees", () =>
    Effect.gen(function* () {
      const file = join(tmpdir(), randomUUID())
      writeFileSync(file, "first\nsecond\n")
      const { url } = yield* processes.server(["--tokens-file", file])
      for (const token of ["first", "second"]) assert.strictEqual(yield* me(url, token), 200)
      assert.strictEqual(yield* me(url, "demo-1"), 401)
    }).pipe(Effect.scoped)
  )

  it.live("with the demo tokens, only pages of this machine may talk to it, under its own name", () =>
    Effect.gen(function* () {
      const asked = (url: string, headers: Readonly<Record<string, string>>) =>
        Effect.callback<number | undefined>((resume) => {
          get(`${url}/settings.json`, { headers }, (response) => {
            response.resume()
            resume(Effect.succeed(response.statusCode))
          })
        })
      const demo = yield* processes.server()
      const { port } = new URL(demo.url)
      for (const host of [`localhost:${port}`, "127.0.0.1", "[::1]:80"]) {
        assert.strictEqual(yield* asked(demo.url, { host }), 200, host)
      }
      for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "localhost.evil.example"]) {
        assert.strictEqual(yield* asked(demo.url, { host }), 403, host)
      }
      assert.strictEqual(yield* asked(demo.url, { origin: `http://localhost:${port}` }), 200)
      for (const origin of ["https://evil.example", "null"]) {
        assert.strictEqual(yield* asked(demo.url, { origin }), 403, origin)
      }
      const own = yield* processes.server([], { FANFARE_TOKENS: "s3cret" })
      assert.strictEqual(yield* asked(own.url, { host: "chat.example", origin: "https://chat.example" }), 200)
    }).pipe(Effect.scoped)
  )

  it.live("two servers never share a port, though threads of one do", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server(["--offload", "workers", "--workers", "1"])
      const { port } = new URL(url)
      for (const offload of ["workers", "inline"]) {
        const taken = yield* run(["--offload", offload, "--port", port])
        assert.strictEqual(taken.code, 1)
        assert.match(taken.output, /EADDRINUSE.*--port/s)
      }
    }).pipe(Effect.scoped)
  )

  it.live("PORT is heeded, and --port goes before it; a port that is taken is said so, and what to do", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server(["--port", "0"], { PORT: "1" })
      const { port } = new URL(url)
      const taken = yield* run([], { PORT: port })
      assert.strictEqual(taken.code, 1)
      assert.match(taken.output, /EADDRINUSE.*--port/s)
    }).pipe(Effect.scoped)
  )

  it.live.each([
    ["--port 99999", ["--port", "99999"], {}, /from 0 to 65535/],
    ["PORT=abc", [], { PORT: "abc" }, /got "abc"/],
    ["--grpc-port x", ["--grpc-port", "x"], {}, /got "x"/],
    ["--limit frames=5", ["--limit", "frames=5"], {}, /got "frames=5".*sessions.*messages \(a rate\)/],
    ["FANFARE_LIMITS=5", [], { FANFARE_LIMITS: "5" }, /got "5".*sessions.*messages \(a rate\)/],
    ["--public-url chat.example", ["--public-url", "chat.example"], {}, /begins with http:\/\/ or https:\/\//],
    ["--tokens-file nowhere", ["--tokens-file", "/nowhere/tokens"], {}, /tokens-file|nowhere/],
    ["--trace-callers maybe", ["--trace-callers", "maybe"], {}, /continue.*link.*ignore/s],
    ["a sampler that there is not", ["--port", "0"], { OTEL_TRACES_SAMPLER: "xray" }, /always_on.*traceidratio/s],
    [
      "a ratio that is none",
      ["--port", "0"],
      { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" },
      /from 0 to 1/
    ],
    [
      "gRPC on any other address, with demo tokens",
      ["--grpc-port", "0", "--grpc-host", "0.0.0.0"],
      {},
      /FANFARE_TOKENS/
    ],
    ["an endpoint that is no URL", ["--port", "0"], { OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" }, /no URL/],
    [
      "a compression that there is not",
      ["--port", "0"],
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_COMPRESSION: "zip" },
      /OTEL_\*.*zip/s
    ]
  ] as const)("what cannot be is said without a stack trace: %s", ([, args, env, words]) =>
    Effect.gen(function* () {
      const { code, output } = yield* run(args, env)
      assert.strictEqual(code, 1)
      assert.match(output, words)
      assert.notInclude(output, "    at ")
      // Nor is every option that there is listed.
      assert.isAtMost(output.trim().split("\n").length, 2)
    })
  )

  it.live("an endpoint's password is not shown, whatever is wrong with it", () =>
    Effect.gen(function* () {
      const { output } = yield* run(["--port", "0"], { OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://name:s3cret@collector" })
      assert.include(output, `"ftp://***@collector", which is no URL`)
      assert.notInclude(output, "s3cret")
    })
  )

  it.live("a request that asks first whether to send its body is handled once", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server()
      const { hostname, port } = new URL(url)
      const body = JSON.stringify({ content: "hello" })
      const text = yield* Effect.callback<string>((resume) => {
        const client = connect(Number(port), hostname)
        let text = ""
        client.on("data", (data) => {
          if (text === "") client.write(body)
          text += String(data)
        })
        client.on("close", () => resume(Effect.succeed(text)))
        client.write(
          "POST /api/v10/channels/1200000000000000010/messages HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n" +
            `authorization: Bot demo-1\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`
        )
      })
      assert.deepStrictEqual(
        Array.from(text.matchAll(/HTTP\/1.1 (\d+)/g), ([, status]) => status),
        ["100", "200"]
      )
      assert.match(text, /x-ratelimit-remaining: 4/i)
    }).pipe(Effect.scoped)
  )

  it.live("a port for gRPC that is taken is said once, with what to do", () =>
    Effect.gen(function* () {
      // Whoever has it, it is taken.
      const { url } = yield* processes.server()
      const { port } = new URL(url)
      const { code, output } = yield* run(["--port", "0", "--grpc-port", port])
      assert.strictEqual(code, 1)
      assert.match(output, /^fanfare: cannot listen for gRPC .*--grpc-port/)
      assert.strictEqual(output.trim().split("\n").length, 1, output)
    }).pipe(Effect.scoped)
  )

  /** Writes a message as a sampled caller does. */
  const write = (
    url: string,
    token: string,
    trace: Readonly<Record<string, string>> = { traceparent: sampledCarrier.traceparent }
  ) =>
    Effect.promise(async () => {
      const { status } = await fetch(
        `${url.replace("0.0.0.0", "127.0.0.1")}/api/v10/channels/1200000000000000010/messages`,
        {
          method: "POST",
          headers: { authorization: `Bot ${token}`, ...trace },
          body: JSON.stringify({ content: "hello" })
        }
      )
      assert.strictEqual(status, 200)
    })

  it.live.each([
    ["on loopback it goes on", [], {}, true],
    ["on loopback, unless told otherwise", ["--trace-callers", "ignore"], {}, false],
    ["on any other address it is not looked at", [], { HOST: "0.0.0.0" }, false],
    ["on any other address, unless told otherwise", ["--trace-callers", "continue"], { HOST: "0.0.0.0" }, true],
    ["nor can a stranger force one by a link", ["--trace-callers", "link"], { HOST: "0.0.0.0" }, false]
  ] as const)("a caller's trace: %s", ([, args, env, goesOn]) =>
    Effect.gen(function* () {
      const { url } = yield* processes.server(args, { FANFARE_TOKENS: "s3cret", ...env })
      yield* write(url, "s3cret")
      assert.deepStrictEqual((yield* spanNames(url, "s3cret")).slice(0, 1), goesOn ? ["ingress.http"] : [])
    }).pipe(Effect.scoped)
  )

  it.live("a trace is shown to whoever began it and to the operator; a stranger's is not even kept", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server([], { FANFARE_TOKENS: "owner,writer,reader" })
      yield* Effect.promise(() =>
        fetch(`${url}/api/v10/channels/1200000000000000010/messages`, {
          method: "POST",
          headers: { authorization: "Bot nobody", traceparent: sampledCarrier.traceparent },
          body: JSON.stringify({ content: "hello" })
        })
      )
      assert.deepStrictEqual(yield* spanNames(url, "owner"), [])
      yield* write(url, "writer")
      for (const token of ["owner", "writer"]) assert.include(yield* spanNames(url, token), "ingress.http", token)
      assert.deepStrictEqual(yield* spanNames(url, "reader"), [])
    }).pipe(Effect.scoped)
  )

  it.live("gRPC beside HTTP, where it is asked for; callers' traces go on there", () =>
    Effect.gen(function* () {
      const running = yield* processes.start("src/programs/main.ts", ["--grpc-port", "0"], {
        PORT: "0",
        HOST: "0.0.0.0",
        FANFARE_TOKENS: "s3cret"
      })
      let address: string | undefined
      while (address === undefined) address = /gRPC on (\S+)/.exec(yield* Queue.take(running.lines))?.[1]
      const { url } = yield* processes.listening(running)
      const { sendMessage } = yield* grpc.connect(address)
      const { traceparent } = sampledCarrier
      yield* sendMessage(
        { channelId: "1200000000000000010", content: "hello" },
        { authorization: "s3cret", traceparent }
      )
      const names = yield* spanNames(url, "s3cret")
      assert.includeMembers(names, ["ingress.grpc", "guild.SendMessage"])
      running.child.kill("SIGTERM")
      assert.strictEqual((yield* running.exited).code, 0)
    }).pipe(Effect.scoped)
  )

  it.live.each([
    ["sampled", 1],
    ["all", 2],
    ["none", 0]
  ] as const)("the time in mailboxes is a metric, of such messages as the operator likes: %s", ([waits, count]) =>
    Effect.gen(function* () {
      const collector = yield* otlp.receiver
      const { child, exited, url } = yield* processes.server(["--mailbox-waits", waits], {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        FANFARE_TOKENS: "s3cret"
      })
      yield* write(url, "s3cret")
      yield* write(url, "s3cret", {})
      child.kill("SIGTERM")
      assert.strictEqual((yield* exited).code, 0)
      const metrics = yield* Queue.clear(collector.metrics)
      const guild = metrics.findLast(
        ({ attributes, name }) => name === "fanfare.mailbox.wait" && attributes.get("actor") === "guild"
      )
      assert.strictEqual(guild?.count ?? 0, count)
    }).pipe(Effect.scoped)
  )

  it.live("where traces begin here: OTEL_TRACES_SAMPLER", () =>
    Effect.gen(function* () {
      const collector = yield* otlp.receiver
      const { child, exited, url } = yield* processes.server([], {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "1"
      })
      const { status } = yield* Effect.promise(() =>
        fetch(`${url}/api/v10/channels/1200000000000000010/messages`, {
          method: "POST",
          headers: { authorization: "Bot demo-1" },
          body: JSON.stringify({ content: "hello" })
        })
      )
      assert.strictEqual(status, 200)
      child.kill("SIGTERM")
      assert.strictEqual((yield* exited).code, 0)
      const names = (yield* Queue.clear(collector.spans)).map(({ name }) => name)
      assert.includeMembers(names, ["ingress.http", "guild.SendMessage"])
    }).pipe(Effect.scoped)
  )

  it.live("PORT=0 is any port; telemetry can be switched off in any case", () =>
    Effect.gen(function* () {
      const running = yield* processes.start("src/programs/main.ts", [], {
        PORT: "0",
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
        OTEL_SDK_DISABLED: "TRUE"
      })
      const { url } = yield* processes.listening(running)
      const settings = yield* Effect.promise(() => fetch(`${url}/settings.json`).then((response) => response.text()))
      assert.include(settings, `"traces":true`)
    }).pipe(Effect.scoped)
  )

  it.live("a collector that is not there is said so, and holds up no end", () =>
    Effect.gen(function* () {
      const { child, exited, lines, url } = yield* processes.server([], {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
        OTEL_EXPORTER_OTLP_TIMEOUT: "10000",
        OTEL_BSP_SCHEDULE_DELAY: "50"
      })
      yield* Effect.promise(() =>
        fetch(`${url}/api/v10/channels/1200000000000000010/messages`, {
          method: "POST",
          headers: { authorization: "Bot demo-1", traceparent: sampledCarrier.traceparent },
          body: JSON.stringify({ content: "hello" })
        })
      )
      while (!/telemetry could not be exported/.test(yield* Queue.take(lines)));
      child.kill("SIGTERM")
      assert.strictEqual((yield* exited).code, 0)
    }).pipe(Effect.scoped)
  )

  it.live("a telemetry protocol that is not supported is said so, and what to do", () =>
    Effect.gen(function* () {
      const { code, output } = yield* run(["--port", "0"], {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc"
      })
      assert.strictEqual(code, 1)
      assert.match(output, /http\/protobuf or http\/json/)
    })
  )
})
