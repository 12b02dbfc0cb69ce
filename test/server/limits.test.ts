/** What an operator sets is what counts, in the server that they started. */
import * as grpc from "@grpc/grpc-js"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue, Schedule } from "effect"
import { once } from "node:events"
import { connect } from "node:net"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"
import * as processes from "../support/process.ts"
import * as tcp from "../support/tcp.ts"

const GENERAL = "1200000000000000010"

/** Everything that is answered to what is sent, until the connection is closed. */
const answered = (url: string, text: string) =>
  Effect.callback<string>((resume) => {
    const { hostname, port } = new URL(url)
    let answers = ""
    const client = connect(Number(port), hostname, () => client.write(text))
    client.on("data", (data) => void (answers += String(data)))
    client.on("error", () => {})
    client.on("close", () => resume(Effect.succeed(answers)))
  })

/** Each client has a connection of its own. */
const LOCAL = { "grpc.use_local_subchannel_pool": 1 }

const statusOfGrpc = (port: number, content: string) =>
  Effect.gen(function* () {
    const { SendMessage } = yield* GrpcIngress.definition
    if (SendMessage === undefined) return assert.fail("there is no such method")
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), LOCAL)),
      (client) => Effect.sync(() => client.close())
    )
    const metadata = new grpc.Metadata()
    metadata.set("authorization", "Bot demo-1")
    return yield* Effect.callback<grpc.status>((resume) => {
      client.makeUnaryRequest(
        SendMessage.path,
        SendMessage.requestSerialize,
        SendMessage.responseDeserialize,
        { channelId: GENERAL, content, nonce: "", replyTo: "" },
        metadata,
        (error) => resume(Effect.succeed(error?.code ?? grpc.status.OK))
      )
    })
  })

describe("--limit", () => {
  it.live("of bodies, of requests under way, of standing still, and of gRPC and its connections", () =>
    Effect.gen(function* () {
      const limits = [
        "body-size=1KiB",
        "requests-under-way=3",
        "standstill=0.3s",
        "grpc-request-size=1KiB",
        "grpc-connections=3"
      ]
      const args = limits.flatMap((limit) => ["--limit", limit])
      const { said, url } = yield* processes.server(["--grpc-port", "0", ...args])
      const grpcPort = Number(/gRPC on \S+:(\d+)/.exec(said)?.[1])

      const write = (content: string) =>
        Effect.promise(() =>
          fetch(`${url}/api/v10/channels/${GENERAL}/messages`, {
            method: "POST",
            headers: { authorization: "Bot demo-1", "content-type": "application/json" },
            body: JSON.stringify({ content })
          }).then(({ status }) => status)
        )
      assert.deepStrictEqual([yield* write("a"), yield* write("a".repeat(1_100))], [200, 413])

      const ask = `GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n`
      const last = ask.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")
      const answers = (text: string) => text.match(/HTTP\/1.1 200/g)?.length ?? 0
      assert.strictEqual(answers(yield* answered(url, ask.repeat(2) + last)), 3)
      assert.isBelow(answers(yield* answered(url, ask.repeat(3) + last)), 4)

      // By default that would take a minute.
      assert.strictEqual(yield* answered(url, ""), "")

      assert.strictEqual(yield* statusOfGrpc(grpcPort, "a"), grpc.status.OK)
      assert.strictEqual(yield* statusOfGrpc(grpcPort, "a".repeat(1_100)), grpc.status.RESOURCE_EXHAUSTED)
      const another = Effect.andThen(tcp.open(grpcPort, "127.0.0.1"), statusOfGrpc(grpcPort, "a"))
      const statuses = yield* Effect.replicateEffect(another, 5)
      assert.include(statuses, grpc.status.UNAVAILABLE)
    }).pipe(Effect.scoped)
  )

  it.live("of connections, of which there are no more than files may be open", () =>
    Effect.gen(function* () {
      const FILES = 200
      const FIT = FILES - 64
      const args = ["-c", `ulimit -n ${FILES}; exec "$0" "$@"`, process.execPath, "src/programs/main.ts", "--port", "0"]
      const { lines, url } = yield* Effect.flatMap(processes.command("bash", args), processes.listening)
      const { hostname, port } = new URL(url)
      const sockets = yield* Effect.replicateEffect(tcp.open(Number(port), hostname), FIT + 20)
      while (!(yield* Queue.take(lines)).includes("no more connections are taken"));
      yield* Effect.forEach(sockets.slice(FIT), tcp.closed, { discard: true })

      // Whoever is there is served, and so is who comes when others have gone.
      const [first, ...others] = sockets
      if (first === undefined) return assert.fail("nobody was let in")
      first.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
      const [answer] = yield* Effect.promise(() => once(first, "data"))
      assert.match(String(answer), /^HTTP\/1.1 200/)
      for (const socket of others) socket.destroy()
      const status = Effect.promise(() =>
        fetch(`${url}/healthz`).then(
          ({ status }) => status,
          () => 0
        )
      )
      yield* Effect.repeat(status, { until: (status) => status === 200, schedule: Schedule.spaced("20 millis") })
    }).pipe(Effect.scoped)
  )
})
