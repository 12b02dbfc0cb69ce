/**
 * What it costs a server to hand a message to a thousand real WebSocket clients in another process: processor time per
 * delivery, and deliveries a second until the last client has it; for one message, and for bursts of 50. Ours is the
 * whole way, from the command to the guild. Beside it, in turn: `ws`, sending the same text in a loop, and Socket.IO's
 * broadcast of it.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpMiddleware, HttpRouter, HttpServer } from "effect/http"
import { fork } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Server } from "socket.io"
import { WebSocketServer } from "ws"
import { community, general, member } from "../examples/support/salon.ts"
import * as rates from "../test/support/rates.ts"
import {
  Accounts,
  Backlog,
  Guilds,
  Ingress,
  MemberStore,
  Offload,
  Payload,
  Sampler,
  Session,
  SessionSocket,
  TraceStore,
  Transport
} from "../src/index.ts"
import type { Kind, Order } from "./support/clients.ts"
import { median, permutations, quick, report } from "./support/report.ts"

const CLIENTS = quick ? 10 : 1_000
const BURST = quick ? 5 : 50
/** Every order of the three, so often. */
const SINGLE_CYCLES = quick ? 1 : 15
const BURST_CYCLES = quick ? 1 : 2
const WARM_UP = 1

const author = member(0)
const draft = { content: "hello, everyone: ".repeat(10), embeds: [], tts: false }

const clients = Effect.gen(function* () {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(new URL("./support/clients.ts", import.meta.url))),
    (child) => Effect.sync(() => child.kill())
  )
  const Answer = Schema.Literals(["connected", "expecting", "done"])
  const answer = (expected: typeof Answer.Type) =>
    Effect.callback<void>((resume) => {
      const ended = () => resume(Effect.die("the process of the clients has ended"))
      child.once("exit", ended)
      child.once("message", (message) => {
        child.off("exit", ended)
        resume(message === expected ? Effect.void : Effect.die(`the clients said ${String(message)}`))
      })
    })
  const tell = (order: Order) => Effect.sync(() => void child.send(order))
  return {
    connect: (kind: Kind, url: string) =>
      Effect.andThen(tell({ do: "connect", kind, url, count: CLIENTS }), answer("connected")),
    expect: (frames: number) => Effect.andThen(tell({ do: "expect", frames }), answer("expecting")),
    done: answer("done")
  }
})

const port = (address: string | AddressInfo | null) =>
  address === null || typeof address === "string" ? 0 : address.port

/** All clients are one user's. */
const sessions = Layer.provide(
  Session.layer(),
  Layer.succeed(Backlog.Reference, new Backlog.Backlog({ ...Backlog.DEFAULTS, sessions: CLIENTS }))
)

const fanfare = Effect.gen(function* () {
  const strategies = Layer.mergeAll(Sampler.byFanOutSize(), MemberStore.heap, Offload.inline)
  const guilds = Guilds.layer([{ community, members: [author] }]).pipe(Layer.provide(strategies))
  const server = HttpRouter.serve(Ingress.layer(SessionSocket.webSocket.layer()), {
    disableLogger: true,
    disableListenLog: true
  }).pipe(
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: 0 })),
    Layer.provideMerge(guilds),
    Layer.provide([
      sessions,
      rates.unlimited,
      Accounts.fromTokens([[Redacted.make("bench"), author.user]]),
      TraceStore.ring({ traces: 1 }),
      Transport.layerIsolated,
      Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)
    ])
  )
  const context = yield* Layer.build(server)
  const address = yield* Effect.provideContext(HttpServer.addressFormattedWith(Effect.succeed), context)
  const found = yield* Effect.provideContext(
    Effect.map(Guilds.Guilds, ({ all }) => all[0]),
    context
  )
  const guild = yield* Effect.fromOption(Option.fromUndefinedOr(found))
  const say = Transport.call(guild, "SendMessage", { author: author.user.id, channel: general.id, draft })
  return {
    url: `${address.replace("http", "ws")}/gateway`,
    /** What a client gets, as a text. */
    text: Payload.frame(Payload.fromEvent({ _tag: "MessageCreated", message: yield* say }), 1),
    say,
    burst: Effect.all(
      Array.from({ length: BURST }, () => say),
      { concurrency: "unbounded", discard: true }
    )
  }
})

const times = (count: number, send: () => void) =>
  Effect.sync(() => {
    for (let sent = 0; sent < count; sent++) send()
  })

const ws = Effect.fnUntraced(function* (text: string) {
  const server = yield* Effect.acquireRelease(
    Effect.callback<WebSocketServer>((resume) => {
      const server: WebSocketServer = new WebSocketServer(
        { port: 0, host: "127.0.0.1", perMessageDeflate: false },
        () => resume(Effect.succeed(server))
      )
    }),
    (server) => Effect.sync(() => server.close())
  )
  const send = () => {
    for (const client of server.clients) client.send(text)
  }
  return { url: `ws://127.0.0.1:${port(server.address())}`, say: times(1, send), burst: times(BURST, send) }
})

const socketio = Effect.fnUntraced(function* (text: string) {
  const http = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const http = createServer()
      http.listen(0, "127.0.0.1", () => resume(Effect.succeed(http)))
    }),
    (http) => Effect.sync(() => http.close())
  )
  const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, pingTimeout: 60_000 })
  const send = () => void io.emit("m", text)
  return {
    url: `ws://127.0.0.1:${port(http.address())}/socket.io/?EIO=4&transport=websocket`,
    say: times(1, send),
    burst: times(BURST, send)
  }
})

interface Measured {
  readonly cpu: number
  readonly rate: number
}

const program = Effect.gen(function* () {
  const { connect, done, expect } = yield* clients
  const ours = yield* fanfare
  const subjects = { fanfare: ours, ws: yield* ws(ours.text), socketio: yield* socketio(ours.text) }
  yield* connect("fanfare", subjects.fanfare.url)
  yield* connect("ws", subjects.ws.url)
  yield* connect("socketio", subjects.socketio.url)

  const measured = Effect.fnUntraced(function* (send: Effect.Effect<void, unknown>, messages: number) {
    const deliveries = messages * CLIENTS
    yield* expect(deliveries)
    const before = process.cpuUsage()
    const start = performance.now()
    // Listens before it sends, or might miss the answer.
    yield* Effect.all([done, send], { concurrency: "unbounded", discard: true })
    const millis = performance.now() - start
    const { system, user } = process.cpuUsage(before)
    return { cpu: (system + user) / deliveries, rate: (deliveries / millis) * 1000 } satisfies Measured
  })

  const took: Record<string, Array<Measured>> = {}
  const kinds: ReadonlyArray<Kind> = ["fanfare", "ws", "socketio"]
  for (const [way, cycles, messages] of [
    ["say", SINGLE_CYCLES, 1],
    ["burst", BURST_CYCLES, BURST]
  ] as const) {
    for (let cycle = -WARM_UP; cycle < cycles; cycle++) {
      for (const order of permutations(kinds)) {
        for (const kind of order) {
          const figures = yield* measured(Effect.asVoid(subjects[kind][way]), messages)
          if (cycle >= 0) (took[`${kind} ${way}`] ??= []).push(figures)
        }
      }
    }
  }
  const cpu = (kind: Kind, way: "say" | "burst") => median((took[`${kind} ${way}`] ?? []).map(({ cpu }) => cpu))
  const rate = (kind: Kind, way: "say" | "burst") => median((took[`${kind} ${way}`] ?? []).map(({ rate }) => rate))
  report("sockets", {
    clients: CLIENTS,
    single_cpu_us: cpu("fanfare", "say"),
    single_per_s: rate("fanfare", "say"),
    burst_cpu_us: cpu("fanfare", "burst"),
    burst_per_s: rate("fanfare", "burst"),
    ws_single_cpu_us: cpu("ws", "say"),
    ws_single_per_s: rate("ws", "say"),
    ws_burst_cpu_us: cpu("ws", "burst"),
    ws_burst_per_s: rate("ws", "burst"),
    socketio_single_cpu_us: cpu("socketio", "say"),
    socketio_single_per_s: rate("socketio", "say"),
    socketio_burst_cpu_us: cpu("socketio", "burst"),
    socketio_burst_per_s: rate("socketio", "burst"),
    vs_ws_single: cpu("ws", "say") / cpu("fanfare", "say"),
    vs_ws_burst: cpu("ws", "burst") / cpu("fanfare", "burst"),
    vs_socketio: cpu("socketio", "say") / cpu("fanfare", "say"),
    vs_socketio_burst: cpu("socketio", "burst") / cpu("fanfare", "burst")
  })
})

await Effect.runPromise(Effect.scoped(program))
process.exit()
