/** A load in a process of its own: so many requests in flight over kept connections, for as long as it is told. */
import * as grpc from "@grpc/grpc-js"
import { Effect } from "effect"
import { Agent, request } from "node:http"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"

export interface Order {
  readonly protocol: "http" | "grpc"
  readonly port: number
  readonly millis: number
  readonly headers: Readonly<Record<string, string>>
}

const IN_FLIGHT = 16
const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })

const http = ({ headers, port }: Order) =>
  new Promise<void>((done, fail) => {
    request({ agent, port, host: "127.0.0.1", method: "POST", path: "/messages", headers }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`status ${response.statusCode}`))
      response.resume().on("end", done)
    })
      .on("error", fail)
      .end(BODY)
  })

const MESSAGE = { channelId: "10", content: "hello" }
const BODY = JSON.stringify(MESSAGE)

const method = Effect.runSync(GrpcIngress.definition).SendMessage
const clients = new Map<number, grpc.Client>()

const call = ({ headers, port }: Order) =>
  new Promise<void>((done, fail) => {
    if (method === undefined) return fail(new Error("the service has no SendMessage"))
    const client = clients.get(port) ?? new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
    clients.set(port, client)
    const metadata = new grpc.Metadata()
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value)
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      MESSAGE,
      metadata,
      (error) => (error === null ? done() : fail(error))
    )
  })

process.on("message", async (order: Order) => {
  const send = order.protocol === "http" ? http : call
  let requests = 0
  const start = performance.now()
  const worker = async () => {
    while (performance.now() - start < order.millis) {
      await send(order)
      requests++
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  process.send?.({ requests, millis: performance.now() - start })
})
