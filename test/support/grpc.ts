/** A real gRPC client of the internal ingress. */
import * as grpc from "@grpc/grpc-js"
import { Effect, Queue, Schema, type Scope } from "effect"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"

export const Message = Schema.Struct({
  id: Schema.String,
  guildId: Schema.String,
  channelId: Schema.String,
  authorId: Schema.String,
  content: Schema.String,
  sentAt: Schema.Int,
  nonce: Schema.String,
  replyTo: Schema.String
})

const Event = Schema.Struct({ frame: Schema.String })

const isServiceError = (error: unknown): error is grpc.ServiceError =>
  error instanceof Error && "code" in error && "details" in error && "metadata" in error

export interface Subscription {
  /** The next frame; the status with which the stream ended, once it has. */
  readonly next: Effect.Effect<string, grpc.ServiceError | "end">
  readonly cancel: Effect.Effect<void>
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
}

export interface Client {
  readonly sendMessage: (
    request: unknown,
    metadata?: Readonly<Record<string, string>>,
    options?: grpc.CallOptions
  ) => Effect.Effect<typeof Message.Type, grpc.ServiceError>
  readonly subscribe: (
    request: unknown,
    metadata?: Readonly<Record<string, string>>
  ) => Effect.Effect<Subscription, never, Scope.Scope>
}

const metadataOf = (entries: Readonly<Record<string, string>> = {}): grpc.Metadata => {
  const metadata = new grpc.Metadata()
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value)
  return metadata
}

export const connect = Effect.fnUntraced(function* (address: string): Effect.fn.Return<Client, never, Scope.Scope> {
  const definition = yield* GrpcIngress.definition
  const method = (name: string) => {
    const found = definition[name]
    if (found === undefined) throw new Error(`the service has no method ${name}`)
    return found
  }
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => new grpc.Client(address, grpc.credentials.createInsecure())),
    (client) => Effect.sync(() => client.close())
  )
  const unary = method("SendMessage")
  const stream = method("Subscribe")
  return {
    sendMessage: (request, metadata, options = {}) =>
      Effect.callback((resume) => {
        const call = client.makeUnaryRequest(
          unary.path,
          unary.requestSerialize,
          unary.responseDeserialize,
          request,
          metadataOf(metadata),
          options,
          (error, value) =>
            resume(error === null ? Effect.orDie(Schema.decodeUnknownEffect(Message)(value)) : Effect.fail(error))
        )
        return Effect.sync(() => call.cancel())
      }),
    subscribe: Effect.fnUntraced(function* (request, metadata) {
      const frames = yield* Queue.unbounded<string, grpc.ServiceError | "end">()
      const call = yield* Effect.acquireRelease(
        Effect.sync(() =>
          client.makeServerStreamRequest(
            stream.path,
            stream.requestSerialize,
            stream.responseDeserialize,
            request,
            metadataOf(metadata)
          )
        ),
        (call) => Effect.sync(() => call.cancel())
      )
      call.on("data", (event: unknown) => {
        Queue.offerUnsafe(frames, Schema.decodeUnknownSync(Event)(event).frame)
      })
      call.on("error", (error: unknown) => {
        if (isServiceError(error)) Effect.runSync(Queue.fail(frames, error))
      })
      call.on("end", () => Effect.runSync(Queue.fail(frames, "end" as const)))
      return {
        next: Queue.take(frames),
        cancel: Effect.sync(() => call.cancel()),
        pause: Effect.sync(() => void call.pause()),
        resume: Effect.sync(() => void call.resume())
      }
    })
  }
})
