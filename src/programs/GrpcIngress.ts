/**
 * The internal ingress: gRPC, for services that write into guilds or listen to them. The service is in
 * `proto/fanfare.proto`.
 *
 * @since 0.1.0
 */
import { status } from "@grpc/grpc-js"
import { Context, Duration, Effect, Layer, Schema } from "effect"
import { Hex } from "effect/encoding"
import type { Accounts } from "../domain/Accounts.ts"
import * as Address from "../domain/Address.ts"
import * as CloseCode from "../domain/gateway/CloseCode.ts"
import * as Intents from "../domain/gateway/Intents.ts"
import * as RestError from "../domain/gateway/RestError.ts"
import * as Rates from "../domain/gateway/Rates.ts"
import { ChannelId, GuildId, MessageId, SessionId, type UserId } from "../domain/Ids.ts"
import type { Message } from "../domain/Message.ts"
import * as Monotonic from "../domain/Monotonic.ts"
import { SessionSocket, type SocketClosed } from "../domain/SessionSocket.ts"
import * as Guild from "./Guild.ts"
import { Guilds } from "./Guilds.ts"
import * as Caller from "./ingress/caller.ts"
import * as GrpcServer from "./ingress/GrpcServer.ts"
import { admitted, beyond } from "./ingress/limited.ts"
import * as Submission from "./ingress/Submission.ts"
import * as Session from "./Session.ts"
import * as Transport from "./Transport.ts"

export {
  /**
   * @since 0.1.0
   * @category definitions
   */
  definition,
  /**
   * @since 0.1.0
   * @category errors
   */
  GrpcCannotListen,
  /**
   * @since 0.1.0
   * @category models
   */
  type StreamCall
} from "./ingress/GrpcServer.ts"

/** A protobuf string that was not set is empty. */
const unlessEmpty = <A>(schema: Schema.Codec<A, string>) => Schema.Union([Schema.Literal(""), schema])

const SendMessageRequest = Schema.Struct({
  channelId: ChannelId,
  content: Schema.String,
  nonce: Schema.String,
  replyTo: unlessEmpty(MessageId)
})

const SubscribeRequest = Schema.Struct({ intents: Schema.Int, guildId: unlessEmpty(GuildId) })

const CODES: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED
}

const failure = ({ errors, message, retryAfter, status: http }: RestError.RestError): GrpcServer.Failure => ({
  code: CODES[http] ?? status.INTERNAL,
  details:
    retryAfter !== undefined
      ? `${message} Try again in ${retryAfter} s.`
      : errors === undefined
        ? message
        : `${message}: ${JSON.stringify(errors)}`
})

const known = (call: GrpcServer.UnaryCall | GrpcServer.StreamCall) =>
  Caller.caller(call.metadata.get("authorization")[0]?.toString(), Address.client(call.getPeer().replace(/:\d+$/, "")))

/** What a user asks for by gRPC counts with what they ask for by other ways. */
const counted = Effect.fnUntraced(function* (
  take: (rates: Rates.Rates, now: number) => Rates.Counted
): Effect.fn.Return<void, RestError.RestError> {
  yield* admitted(take(yield* Rates.Reference, yield* Monotonic.now))
})

/** Who calls, if they have not asked for too much: before anything else of the call is looked at. */
const caller = (call: GrpcServer.UnaryCall | GrpcServer.StreamCall) =>
  Effect.tap(known(call), ({ id }) => counted((rates, now) => rates.request(id, now)))

const request = <A, I>(schema: Schema.Codec<A, I>, call: GrpcServer.UnaryCall | GrpcServer.StreamCall) =>
  Effect.mapError(
    Schema.decodeUnknownEffect(schema)(call.request),
    ({ message }) => new RestError.RestError({ status: 400, code: 0, message: message.replaceAll(/\s*\n\s*/g, " ") })
  )

const response = ({ author, channelId, draft, guildId, id, sentAt }: Message) => ({
  id,
  guildId,
  channelId,
  authorId: author.user.id,
  content: draft.content,
  sentAt: Math.trunc(sentAt),
  nonce: String(draft.nonce ?? ""),
  replyTo: draft.replyTo ?? ""
})

/** How long a guild may take: no longer than the caller waits. The deadline is a time of the wall clock, as gRPC has it. */
const timeout = (call: GrpcServer.UnaryCall) =>
  Effect.clockWith((clock) => {
    const left = new Date(call.getDeadline()).getTime() - clock.currentTimeMillisUnsafe()
    return Effect.succeed(Duration.millis(Number.isFinite(left) ? Math.min(5000, Math.max(0, left)) : 5000))
  })

const sendMessage = (call: GrpcServer.UnaryCall, author: UserId) =>
  Effect.gen(function* () {
    const { channelId: channel, content, nonce, replyTo } = yield* request(SendMessageRequest, call)
    yield* counted((rates, now) => rates.message(author, channel, now))
    const guild = yield* Submission.guildOf(channel)
    const input = {
      content,
      ...(nonce === "" ? undefined : { nonce }),
      ...(replyTo === "" ? undefined : { message_reference: { message_id: replyTo } })
    }
    const message = yield* Submission.submit(guild, { author, channel, input }, { timeout: yield* timeout(call) })
    return response(message)
  }).pipe(
    Effect.mapError(failure),
    Effect.tap(() => Effect.annotateCurrentSpan("rpc.grpc.status_code", status.OK)),
    Effect.tapError(({ code }) => Effect.annotateCurrentSpan("rpc.grpc.status_code", code))
  )

const DEFAULT_INTENTS = Intents.GUILDS | Intents.GUILD_MESSAGES

/** The guilds that the caller wants to hear of; one that it names must exist. */
const wanted = (guildId: GuildId | "") =>
  Effect.flatMap(Guilds, ({ all, byId }) =>
    guildId === ""
      ? Effect.succeed(all)
      : Effect.mapBoth(Effect.fromOption(byId(guildId)), {
          onFailure: RestError.unknownGuild,
          onSuccess: (guild) => [guild]
        })
  )

const subscribe = (call: GrpcServer.StreamCall) =>
  Effect.gen(function* () {
    const { id: user } = yield* caller(call)
    const { guildId, intents } = yield* request(SubscribeRequest, call)
    if (!Intents.isValid(intents)) {
      return yield* new RestError.RestError({ status: 400, code: 0, message: CloseCode.INVALID_INTENTS.reason })
    }
    yield* counted((rates, now) => rates.identify(user, now))
    const guilds = yield* wanted(guildId)
    const sessions = yield* Session.Sessions
    const session = yield* Effect.catch(sessions.open(SessionId.make(Hex.random(32)), user), ({ message }) =>
      beyond("sessions", RestError.tooManySessions(message))
    )
    for (const guild of guilds) {
      yield* Guild.connect(guild, session, { user, intents: intents === 0 ? DEFAULT_INTENTS : intents }).pipe(
        Effect.catchTag("UnknownMember", () => (guildId === "" ? Effect.void : RestError.missingAccess())),
        Effect.catchTag("StoreUnavailable", RestError.unavailable),
        Effect.catchTag(Submission.ACTOR_ERRORS, Submission.unanswered)
      )
    }
    const socket = yield* SessionSocket
    yield* Effect.raceFirst(socket.receive, Effect.flatMap(session.closed, Effect.fail))
  }).pipe(
    Effect.catchTag("SocketClosed", (_: SocketClosed) => Effect.void),
    Effect.mapError(failure),
    Effect.onInterrupt(() =>
      Effect.flatMap(SessionSocket, (socket) => socket.close(CloseCode.GOING_AWAY.code, CloseCode.GOING_AWAY.reason))
    ),
    Effect.scoped
  )

const SERVICE = { "rpc.system": "grpc", "rpc.service": "fanfare.v1.Fanfare" } as const

/** Who calls is known before their trace is looked at: a stranger's is not. */
const traced = (call: GrpcServer.UnaryCall, options: Transport.IngressOptions) =>
  Effect.flatMap(Effect.mapError(caller(call), failure), ({ id }) => {
    const attributes = { ...SERVICE, "rpc.method": "SendMessage", "user.id": id }
    return Transport.ingress(call.metadata, { name: "ingress.grpc", attributes }, sendMessage(call, id), options)
  })

/**
 * `port` 0 is any that is free. `grace` is what stopping lets calls finish in. `socket` makes a session's socket of a
 * call's response stream.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Transport.IngressOptions, GrpcServer.Options {
  readonly socket: (stream: GrpcServer.StreamCall) => Layer.Layer<SessionSocket>
}

/**
 * Where the gRPC ingress listens.
 *
 * @since 0.1.0
 * @category services
 */
export class GrpcIngress extends Context.Service<GrpcIngress, { readonly host: string; readonly port: number }>()(
  "fanfare/programs/GrpcIngress"
) {}

/**
 * Serves `proto/fanfare.proto`. Only what changes something is traced: `SendMessage`, as `ingress.grpc`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<GrpcIngress, GrpcServer.GrpcCannotListen, Guilds | Accounts | Session.Sessions> =>
  Layer.effect(
    GrpcIngress,
    Effect.map(
      GrpcServer.serve<Guilds | Accounts | Session.Sessions>(
        {
          unary: { SendMessage: (call) => traced(call, options) },
          stream: { Subscribe: (call) => Effect.provide(subscribe(call), Layer.fresh(options.socket(call))) }
        },
        options
      ),
      (port) => ({ host: options.host, port })
    )
  )
