/**
 * What guilds and a worker say to each other over their link, as JSON text.
 *
 * Both directions are bounded without the link having to be: so many of a guild's commands are under way at a time, until
 * the worker has carried them out (`Taken`), and so many requests to a guild, until they are answered.
 *
 * @since 0.1.0
 */
import { type Effect, type Exit, Schema } from "effect"
import * as Actor from "../Actor.ts"
import * as Community from "../Community.ts"
import * as Envelope from "../Envelope.ts"
import * as Payload from "../gateway/Payload.ts"
import * as Guild from "../guild/Protocol.ts"
import * as Refusal from "../guild/Refusal.ts"
import { ChannelId, GuildId, SessionId, UserId } from "../Ids.ts"
import { Member } from "../Member.ts"
import { Message } from "../Message.ts"

/**
 * How many commands of a guild may be under way to a worker, and how many requests of a worker to a guild.
 *
 * @since 0.1.0
 * @category limits
 */
export const WINDOW = 256

/**
 * What a guild has its sessions at a worker told: the requests of a relay, with a session by its id.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Command = Schema.Union([
  Schema.TaggedStruct("Attach", {
    session: SessionId,
    member: Member,
    intents: Schema.Int,
    welcome: Payload.schema
  }),
  Schema.TaggedStruct("Detach", { session: SessionId }),
  Schema.TaggedStruct("Dispatch", {
    payload: Payload.schema,
    channel: ChannelId,
    intent: Schema.Int,
    sessions: Schema.Int
  }),
  Schema.TaggedStruct("Stop", {})
])
/**
 * @since 0.1.0
 * @category models
 */
export type Command = typeof Command.Type

/**
 * What a worker asks of a guild: the guild's requests, but for the handle of a session that connects, which stays there.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Request = Schema.Union([
  Schema.TaggedStruct("SendMessage", { payload: Guild.SendMessage }),
  Schema.TaggedStruct("Connect", {
    payload: Schema.Struct({ session: SessionId, user: UserId, intents: Schema.Int })
  }),
  Schema.TaggedStruct("Disconnect", { payload: Guild.Disconnect }),
  Schema.TaggedStruct("Describe", { payload: Guild.Describe }),
  Schema.TaggedStruct("Status", {})
])
/**
 * @since 0.1.0
 * @category models
 */
export type Request = typeof Request.Type

type Protocol = Guild.Protocol<unknown>

/**
 * How a guild answers a request, or what became of it instead.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer<T extends Actor.Tag<Protocol>> = Exit.Exit<
  Protocol[T]["success"],
  Protocol[T]["error"] | Actor.ActorError
>

interface Reply<T extends Actor.Tag<Protocol>> {
  readonly encode: (answer: Answer<T>) => Effect.Effect<unknown, Schema.SchemaError>
  readonly decode: (input: unknown) => Effect.Effect<Answer<T>, Schema.SchemaError>
}

const reply = <A, E>(success: Schema.Codec<A, unknown>, error: Schema.Codec<E, unknown>) => {
  const codec = Schema.toCodecJson(
    Schema.Exit(
      success,
      Schema.Union([error, Actor.ActorNotStarted, Actor.ActorStopped, Actor.ActorDied, Actor.CallTimedOut]),
      Schema.Defect()
    )
  )
  return { encode: Schema.encodeEffect(codec), decode: Schema.decodeUnknownEffect(codec) }
}

/**
 * How answers travel, by the request's tag.
 *
 * @since 0.1.0
 * @category wire format
 */
export const replies: { readonly [T in Actor.Tag<Protocol>]: Reply<T> } = {
  SendMessage: reply(
    Message,
    Schema.Union([Refusal.UnknownMember, Refusal.UnknownChannel, Refusal.MissingAccess, Refusal.MissingPermissions])
  ),
  Connect: reply(Guild.View, Refusal.UnknownMember),
  Disconnect: reply(Schema.Void, Schema.Never),
  Describe: reply(Guild.View, Refusal.UnknownMember),
  Status: reply(Guild.Status, Schema.Never)
}

/**
 * From the guilds to a worker. `Start` comes first: which guilds there are, and which of all workers this one is.
 * `Command` is for the sessions of one guild; `Reply` answers the request of that number.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Down = Schema.fromJsonString(
  Schema.Union([
    Schema.TaggedStruct("Start", { worker: Schema.Int, communities: Schema.Array(Community.schema) }),
    Schema.TaggedStruct("Command", { guild: GuildId, command: Envelope.schema(Command) }),
    Schema.TaggedStruct("Reply", { number: Schema.Int, exit: Schema.Unknown })
  ])
)

/**
 * From a worker to the guilds. A `Request` with a number wants a reply. `Taken` says how many more of a guild's commands
 * have been carried out.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Up = Schema.fromJsonString(
  Schema.Union([
    Schema.TaggedStruct("Request", {
      guild: GuildId,
      number: Schema.optionalKey(Schema.Int),
      request: Envelope.schema(Request)
    }),
    Schema.TaggedStruct("Taken", { guild: GuildId, count: Schema.Int })
  ])
)

/**
 * @since 0.1.0
 * @category wire format
 */
export const encodeDown: (down: typeof Down.Type) => string = Schema.encodeSync(Down)

/**
 * @since 0.1.0
 * @category wire format
 */
export const encodeUp: (up: typeof Up.Type) => string = Schema.encodeSync(Up)

/**
 * @since 0.1.0
 * @category wire format
 */
export const decodeDown: (text: string) => Effect.Effect<typeof Down.Type, Schema.SchemaError> =
  Schema.decodeEffect(Down)

/**
 * @since 0.1.0
 * @category wire format
 */
export const decodeUp: (text: string) => Effect.Effect<typeof Up.Type, Schema.SchemaError> = Schema.decodeEffect(Up)
