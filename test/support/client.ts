/** A gateway client in memory: says what it is told to, and reads frames as values. */
import { Effect, Fiber, Layer, Queue, Schema, type Scope } from "effect"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import * as Opcode from "../../src/domain/gateway/Opcode.ts"
import { SessionSocket, type SocketClosed } from "../../src/domain/SessionSocket.ts"
import * as memory from "../../src/layers/SessionSocket/memory.ts"
import * as Gateway from "../../src/programs/Gateway.ts"

export const Frame = Schema.Struct({
  op: Schema.Int,
  t: Schema.NullOr(Schema.String),
  s: Schema.NullOr(Schema.Int),
  d: Schema.Json
})
export type Frame = typeof Frame.Type

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Frame))

export interface GatewayClient {
  readonly next: Effect.Effect<Frame, SocketClosed>
  /** Frames until one of this name; those before are dropped. */
  readonly until: (name: string) => Effect.Effect<Frame, SocketClosed>
  readonly say: (op: number, d: unknown) => Effect.Effect<void, SocketClosed>
  readonly raw: memory.Client
  readonly conversation: Fiber.Fiber<void>
}

type Converses = Effect.Services<ReturnType<typeof Gateway.converse>>

/** Connects to the gateway; the conversation lives as long as the scope. */
export const connect = Effect.fnUntraced(function* (options?: {
  readonly query?: Partial<Gateway.Options>
  readonly capacity?: number
}): Effect.fn.Return<GatewayClient, never, Exclude<Converses, SessionSocket> | Scope.Scope> {
  const { client, socket } = yield* memory.make(
    options?.capacity === undefined ? undefined : { capacity: options.capacity }
  )
  const conversation = yield* Effect.forkScoped(
    Gateway.converse({ url: "ws://test/gateway", ...options?.query }).pipe(
      Effect.ensuring(socket.close(1006, "")),
      Effect.provide(Layer.succeed(SessionSocket, socket)),
      Effect.orDie
    )
  )
  const next = Effect.map(Queue.take(client.frames), decode)
  const until = (name: string): Effect.Effect<Frame, SocketClosed> =>
    Effect.flatMap(next, (frame) => (frame.t === name ? Effect.succeed(frame) : until(name)))
  return {
    next,
    until,
    say: (op, d) => client.send(JSON.stringify({ op, d })),
    raw: client,
    conversation
  }
})

/** Connects, identifies, and waits until the guild is there. */
export const login = Effect.fnUntraced(function* (token: string, options?: { readonly intents?: number }) {
  const client = yield* connect()
  yield* client.next
  yield* client.say(Opcode.IDENTIFY, { token, intents: options?.intents ?? Intents.GUILDS | Intents.GUILD_MESSAGES })
  yield* client.until("GUILD_CREATE")
  return client
})
