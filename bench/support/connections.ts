/** Connections that take whatever is written to them: to a process that reads and forgets it. */
import { Effect } from "effect"
import { fork } from "node:child_process"
import { createServer, type Socket } from "node:net"
import type { Order } from "./discard.ts"

export const connections = Effect.fnUntraced(function* (count: number) {
  const sockets: Array<Socket> = []
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => createServer((socket) => void sockets.push(socket))),
    (server) => Effect.sync(() => server.close())
  )
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(new URL("./discard.ts", import.meta.url))),
    (child) => Effect.sync(() => child.kill())
  )
  yield* Effect.callback<void>((resume) => {
    server.listen(0, "127.0.0.1", () => resume(Effect.void))
  })
  const address = server.address()
  const port = address === null || typeof address === "string" ? 0 : address.port
  child.send({ port, count } satisfies Order)
  while (sockets.length < count) yield* Effect.sleep("10 millis")
  return sockets
})
