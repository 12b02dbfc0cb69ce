/**
 * A port that several threads are to share, looked at before they do.
 *
 * @since 0.1.0
 */
import { Effect, Schema, type Scope } from "effect"
import { createServer, type Server } from "node:net"

/**
 * The address could not be listened on, in words that say what to do.
 *
 * @since 0.1.0
 * @category errors
 */
export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  address: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `cannot listen on ${this.address} (${this.reason}): choose another with --host and --port, or free this one`
  }
}

/**
 * This system does not let threads share a port.
 *
 * @since 0.1.0
 * @category errors
 */
export class CannotShare extends Schema.TaggedError<CannotShare>()("CannotShare", { reason: Schema.String }) {
  override get message() {
    return (
      `this system does not let threads share a port (SO_REUSEPORT: ${this.reason}), as --offload workers needs it: ` +
      `use --offload senders`
    )
  }
}

/** Listens for a moment, and answers with the port. */
const tried = (options: { readonly host: string; readonly port: number; readonly reusePort: boolean }) =>
  Effect.callback<number, Error>((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen(options, () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : options.port
      server.close(() => resume(Effect.succeed(port)))
    })
  })

/**
 * Has the address to itself among servers like this one, from before it is looked at until the scope closes: between the look
 * and the threads that listen, another one would find nobody there either. (Linux's abstract sockets are gone with their
 * process, however that ends. Elsewhere there is nothing of the kind, and the look has to do.)
 */
const held = (address: string): Effect.Effect<void, CannotListen, Scope.Scope> =>
  process.platform !== "linux"
    ? Effect.void
    : Effect.acquireRelease(
        Effect.callback<Server, CannotListen>((resume) => {
          const server = createServer()
          server.once("error", () => {
            const reason = "EADDRINUSE: another server shares it among its threads"
            resume(Effect.fail(new CannotListen({ address, reason })))
          })
          server.listen(`\0fanfare ${address}`, () => resume(Effect.succeed(server.unref())))
        }),
        (server) => Effect.sync(() => server.close())
      ).pipe(Effect.asVoid)

/**
 * The port to share: the one that is wanted, or for 0 one that is free. Nobody else must listen there, not even one who
 * would share it: connections would be dealt out among two servers. It is held until the scope closes.
 *
 * @since 0.1.0
 * @category getters
 */
export const shared = Effect.fnUntraced(function* (
  host: string,
  wanted: number
): Effect.fn.Return<number, CannotListen | CannotShare, Scope.Scope> {
  if (wanted !== 0) yield* held(`${host}:${wanted}`)
  const port = yield* Effect.mapError(
    tried({ host, port: wanted, reusePort: false }),
    ({ message }) => new CannotListen({ address: `${host}:${wanted}`, reason: message })
  )
  if (wanted === 0) yield* held(`${host}:${port}`)
  yield* Effect.mapError(tried({ host, port, reusePort: true }), ({ message }) => new CannotShare({ reason: message }))
  return port
})
