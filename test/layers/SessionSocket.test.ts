import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Fiber, Layer, Queue, Scope } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import * as Socket from "effect/socket/Socket"
import { EventEmitter } from "node:events"
import { createServer } from "node:http"
import { connect } from "node:net"
import * as zlib from "node:zlib"
import type { Compression } from "../../src/domain/gateway/Compression.ts"
import { SessionSocket, SocketClosed } from "../../src/domain/SessionSocket.ts"
import * as grpcSocket from "../../src/layers/SessionSocket/grpc.ts"
import * as memory from "../../src/layers/SessionSocket/memory.ts"
import * as webSocket from "../../src/layers/SessionSocket/webSocket.ts"
import * as GrpcServer from "../../src/programs/ingress/GrpcServer.ts"
import { conforms, type Pair, type Peer } from "../conformance/SessionSocket.ts"
import * as grpc from "../support/grpc.ts"

conforms(
  "memory",
  Effect.map(memory.make(), ({ client, socket }): Pair => ({
    socket,
    peer: { receive: Queue.take(client.frames), send: client.send, close: client.close }
  }))
)

/** A real server that accepts sockets, at an address of its own. */
const server = Effect.fnUntraced(function* (options?: { readonly highWaterMark?: number }) {
  const accepted = yield* Queue.unbounded<SessionSocket["Service"]>()
  const done = yield* Deferred.make<void>()
  const route = HttpRouter.add(
    "GET",
    "/",
    Effect.gen(function* () {
      yield* Queue.offer(accepted, yield* SessionSocket)
      yield* Deferred.await(done)
      return HttpServerResponse.empty()
    }).pipe(Effect.provide(webSocket.layer(options)))
  )
  const context = yield* Layer.build(
    HttpRouter.serve(route, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: 0 }))
    )
  )
  yield* Effect.addFinalizer(() => Deferred.succeed(done, undefined))
  const address = yield* Effect.provideContext(HttpServer.addressFormattedWith(Effect.succeed), context)
  return { accepted, url: address.replace("http", "ws"), port: Number(new URL(address).port) }
})

/** Reads the messages of one stream, one after the other. */
const decoder = (compression: Compression) => {
  const stream =
    compression === "zlib-stream"
      ? zlib.createInflate({ flush: zlib.constants.Z_SYNC_FLUSH })
      : zlib.createZstdDecompress()
  let parts: Array<Buffer> = []
  stream.on("data", (part: Buffer) => void parts.push(part))
  return (bytes: Buffer, read: (text: string) => void) =>
    stream.write(bytes, () => {
      const text = Buffer.concat(parts).toString()
      parts = []
      read(text)
    })
}

const client = Effect.fnUntraced(function* (
  url: string,
  compression?: Compression
): Effect.fn.Return<Peer, never, Scope.Scope> {
  const frames = yield* Queue.unbounded<string, SocketClosed>()
  const ws = yield* Effect.acquireRelease(
    Effect.sync(() => new WebSocket(compression === undefined ? url : `${url}/?compress=${compression}`)),
    (ws) => Effect.sync(() => ws.close())
  )
  ws.binaryType = "arraybuffer"
  const read = (text: string) => void Queue.offerUnsafe(frames, text)
  const decode = compression && decoder(compression)
  ws.onmessage = ({ data }) => {
    if (decode === undefined || !(data instanceof ArrayBuffer)) read(String(data))
    else decode(Buffer.from(data), read)
  }
  ws.onclose = ({ code, reason }) => {
    const end = () => void Queue.failCauseUnsafe(frames, Cause.fail(new SocketClosed({ code, reason })))
    // After what is still being decoded.
    if (decode === undefined) end()
    else decode(Buffer.alloc(0), end)
  }
  yield* Effect.callback<void>((resume) => {
    ws.onopen = () => resume(Effect.void)
  })
  return {
    receive: Queue.take(frames),
    send: (frame) => Effect.sync(() => ws.send(typeof frame === "string" ? frame : new Uint8Array(frame))),
    close: (code, reason) => Effect.sync(() => ws.close(code, reason))
  }
})

const open = Effect.gen(function* () {
  const { accepted, url } = yield* server()
  const peer = yield* client(url)
  return { socket: yield* Queue.take(accepted), peer }
})

conforms("webSocket", open, {
  hears: true,
  stalled: Effect.gen(function* () {
    const { accepted, port } = yield* server({ highWaterMark: 1024 })
    const tcp = yield* Effect.acquireRelease(
      Effect.sync(() => connect(port, "127.0.0.1")),
      (tcp) => Effect.sync(() => tcp.destroy())
    )
    tcp.pause()
    tcp.write(
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return { socket: yield* Queue.take(accepted), leave: Effect.sync(() => void tcp.destroy()) }
  })
})

for (const compression of ["zlib-stream", "zstd-stream"] as const) {
  const open = Effect.gen(function* () {
    const { accepted, url } = yield* server()
    const peer = yield* client(url, compression)
    const pair: Pair = { socket: yield* Queue.take(accepted), peer }
    return pair
  })
  conforms(`webSocket, ${compression}`, open, { hears: true, isPadded: true })
}

/** A real call, whose responses are the frames. */
const openCall = Effect.gen(function* () {
  const accepted = yield* Queue.unbounded<SessionSocket["Service"]>()
  const port = yield* GrpcServer.serve(
    {
      unary: { SendMessage: () => Effect.never },
      stream: {
        Subscribe: (call) => {
          const socket = grpcSocket.make(call)
          return Effect.andThen(Queue.offer(accepted, socket), Effect.ignore(socket.receive))
        }
      }
    },
    { host: "127.0.0.1", port: 0, grace: 0 }
  )
  const { subscribe } = yield* grpc.connect(`127.0.0.1:${port}`)
  const call = yield* subscribe({})
  const closed = (error: Effect.Error<typeof call.next>) =>
    typeof error === "string"
      ? new SocketClosed({ code: 1000, reason: "" })
      : new SocketClosed({ code: Number(error.metadata.get("fanfare-close-code")[0]), reason: error.details })
  const pair: Pair = {
    socket: yield* Queue.take(accepted),
    peer: {
      receive: Effect.mapError(call.next, closed),
      send: () => Effect.die("a client says nothing on a stream of responses"),
      close: () => call.cancel
    }
  }
  return { ...pair, call }
})

conforms("grpc", openCall, {
  hears: false,
  stalled: Effect.gen(function* () {
    const { call, socket } = yield* openCall
    yield* call.pause
    return { socket, leave: call.cancel }
  })
})

describe("SessionSocket: webSocket, a connection that drains again and again", () => {
  it.effect("keeps no listeners", () =>
    Effect.gen(function* () {
      const connection = Object.assign(new EventEmitter(), {
        writableLength: Number.POSITIVE_INFINITY,
        writableNeedDrain: true,
        writable: true,
        destroyed: false,
        write: () => true,
        destroy: () => {}
      })
      const socket = Socket.make({
        reader: Effect.succeed({ pull: Effect.never, upgrade: () => Effect.void }),
        writer: Effect.succeed({ write: () => Effect.void, writeAll: () => Effect.void })
      })
      const session = yield* webSocket.make(socket, connection)
      const sending = yield* Effect.forkChild(session.send("frame"), { startImmediately: true })
      for (let drain = 0; drain < 20; drain++) {
        connection.emit("drain")
        yield* Effect.yieldNow
        assert.deepStrictEqual([connection.listenerCount("drain"), connection.listenerCount("close")], [1, 1])
      }
      connection.writableLength = 0
      connection.emit("drain")
      yield* Fiber.join(sending)
      assert.deepStrictEqual([connection.listenerCount("drain"), connection.listenerCount("close")], [0, 0])
      connection.destroyed = true
    })
  )
})
