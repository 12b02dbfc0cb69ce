/** What one connection may have of the server, with real connections. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, type Scope } from "effect"
import type { RequestListener, ServerResponse } from "node:http"
import { once } from "node:events"
import { connect, Socket } from "node:net"
import { BoundedServer, CUTS, MOST_IN_FLIGHT, type Options } from "../../../src/programs/server/BoundedServer.ts"

const REQUEST = "GET / HTTP/1.1\r\nhost: test\r\n\r\n"

const serve = Effect.fnUntraced(function* (
  listener: RequestListener | undefined,
  options?: Options
): Effect.fn.Return<(localAddress?: string) => Socket, never, Scope.Scope> {
  const server = new BoundedServer(options)
  if (listener !== undefined) {
    server.on("request", listener)
    server.on("checkContinue", (request, response) => {
      response.writeContinue()
      listener(request, response)
    })
  }
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return (localAddress = "127.0.0.1") => connect({ port, host: "127.0.0.1", localAddress }).on("error", () => {})
})

const closed = (socket: Socket) =>
  Effect.callback<void>((resume) => void socket.once("close", () => resume(Effect.void)))

/** Waits until a client has had so many answers. */
const answers = (socket: Socket, count: number) =>
  Effect.callback<void>((resume) => {
    let text = ""
    socket.on("data", (data) => {
      text += String(data)
      if (text.split("HTTP/1.1 ").length - 1 >= count) resume(Effect.void)
    })
  })

describe("BoundedServer", () => {
  it.effect("an address has as many connections as it may, and this machine any number", () =>
    Effect.gen(function* () {
      const limits: Array<string> = []
      const server = new BoundedServer({ perAddress: 2, limited: (limit) => void limits.push(limit) })
      const from = (address: string): Socket => {
        const socket = Object.defineProperty(new Socket(), "remoteAddress", { value: address })
        server.emit("connection", socket)
        return socket
      }
      const [first, ...others] = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"].map(from)
      if (first === undefined) return assert.fail("there is no connection")
      assert.deepStrictEqual(
        [first, ...others].map(({ destroyed }) => destroyed),
        [false, false, true, false]
      )
      assert.deepStrictEqual(limits, ["connections-per-address"])
      yield* Effect.promise(() => once(first.destroy(), "close"))
      assert.deepStrictEqual(
        ["192.0.2.1", "192.0.2.1"].map((address) => from(address).destroyed),
        [false, true]
      )
      for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
        for (let nth = 0; nth < 5; nth++) assert.isFalse(from(address).destroyed)
      }
    })
  )

  it.live("a connection that asks for more at a time than it may is cut, and nothing more of it is begun", () =>
    Effect.gen(function* () {
      let begun = 0
      const open = yield* serve(() => void begun++)
      const client = open()
      client.write(REQUEST.repeat(500))
      yield* closed(client)
      assert.strictEqual(begun, MOST_IN_FLIGHT)
    }).pipe(Effect.scoped)
  )

  it.live("whoever is cut again and again is not read any more, and others are", () =>
    Effect.gen(function* () {
      let begun = 0
      const open = yield* serve((_, response) => {
        begun++
        response.end("ok")
      })
      for (let cut = 0; cut < CUTS.tokens; cut++) {
        const client = open("127.0.0.2").resume()
        client.write(REQUEST.repeat(MOST_IN_FLIGHT + 1))
        yield* closed(client)
      }
      const before = begun
      const client = open("127.0.0.2").resume()
      client.write(REQUEST)
      yield* closed(client)
      assert.strictEqual(begun, before)
      const other = open()
      other.write(REQUEST)
      yield* answers(other, 1)
    }).pipe(Effect.scoped)
  )

  it.live("whoever asks first whether to send a body is not told to send one that is too large", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const open = yield* serve(
        (request, response) => {
          heard.push(request.headers["content-length"] ?? "")
          response.writeHead(request.headers["content-length"] === "11" ? 413 : 200, { connection: "close" }).end()
        },
        { body: 10 }
      )
      const ask = (length: number) => {
        const client = open()
        let text = ""
        client.on("data", (data) => (text += String(data)))
        client.write(`POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`)
        return Effect.map(closed(client), () => Array.from(text.matchAll(/^HTTP\/1.1 (\d+)/gm), ([, status]) => status))
      }
      assert.deepStrictEqual(yield* ask(10), ["100", "200"])
      assert.deepStrictEqual(yield* ask(11), ["413"])
      assert.deepStrictEqual(heard, ["10", "11"])
    }).pipe(Effect.scoped)
  )

  it.live("whoever waits for answers may ask as often as they like, and pipeline a little", () =>
    Effect.gen(function* () {
      const waiting: Array<ServerResponse> = []
      const open = yield* serve((_, response) => {
        waiting.push(response)
        if (waiting.length === MOST_IN_FLIGHT) for (const one of waiting.splice(0)) one.end("ok")
      })
      const client = open()
      for (let round = 1; round <= 5; round++) {
        const answered = yield* Effect.forkChild(answers(client, MOST_IN_FLIGHT), { startImmediately: true })
        client.write(REQUEST.repeat(MOST_IN_FLIGHT))
        yield* Fiber.join(answered)
        client.removeAllListeners("data")
      }
      assert.isFalse(client.destroyed)
    }).pipe(Effect.scoped)
  )

  it.live("a connection that takes nothing of what it is sent is cut", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<Socket>()
      const open = yield* serve(
        ({ socket }, response) => {
          response.end(Buffer.alloc(32 * 1024 * 1024))
          Deferred.doneUnsafe(asked, Effect.succeed(socket))
        },
        { standstill: 300 }
      )
      const client = open()
      client.pause()
      client.write(REQUEST)
      yield* closed(yield* Deferred.await(asked))
      client.destroy()
    }).pipe(Effect.scoped)
  )

  it.live("before there is anybody to answer, clients are told to come again", () =>
    Effect.gen(function* () {
      const open = yield* serve(undefined)
      const client = open()
      client.write(REQUEST)
      const said = yield* Effect.callback<string>(
        (resume) => void client.once("data", (data) => resume(Effect.succeed(String(data))))
      )
      assert.match(said, /^HTTP\/1\.1 503 .*retry-after: 1/is)
    }).pipe(Effect.scoped)
  )
})
