/** Connections on which nothing is said. */
import { Effect, type Scope } from "effect"
import { connect, type Socket } from "node:net"

/** Opens one; what comes on it is thrown away. It lives as long as the scope. */
export const open = (port: number, host: string): Effect.Effect<Socket, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<Socket>((resume) => {
      const socket = connect(port, host, () => resume(Effect.succeed(socket)))
      socket.on("error", () => {}).resume()
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

/** Waits until it is closed, if it is not. */
export const closed = (socket: Socket): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (socket.closed) return resume(Effect.void)
    socket.once("close", () => resume(Effect.void))
  })
