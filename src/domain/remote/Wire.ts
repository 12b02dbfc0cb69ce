/**
 * What guilds and a worker say to each other over their link, as JSON text.
 *
 * Both directions are bounded without the link having to be: so many of a guild's commands are under way at a time, until
 * the worker has carried them out (`Taken`), and so many requests to a guild, until they are answered. What is read of a
 * guild's members beside it has bounds of its own: a guild's commands never wait for a search.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Option, Schema, Struct } from "effect"
import * as Actor from "../Actor.ts"
import * as Community from "../Community.ts"
import * as Envelope from "../Envelope.ts"
import * as Payload from "../gateway/Payload.ts"
import type { Connect } from "../guild/commands/sessions.ts"
import { reads } from "../guild/commands/reads.ts"
import { commands, type Protocol as GuildProtocol, type ReadProtocol } from "../guild/Protocol.ts"
import { GuildId, RoleId, SessionId, UserId } from "../Ids.ts"
import * as Relay from "../relay/Protocol.ts"
import * as UserIds from "../UserIds.ts"

/**
 * How many commands of a guild may be under way to a worker, and how many requests of a worker to a guild.
 *
 * @since 0.1.0
 * @category limits
 */
export const WINDOW = 256

/**
 * What a guild has its sessions at a worker told: the requests of a relay, with a session by its id. One that comes is told
 * apart by the number of its request to connect (`connection`): the same session may have asked more than once.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Command = Schema.Union([
  Schema.TaggedStruct("Begin", { community: Community.schema }),
  Schema.TaggedStruct("Attach", {
    session: SessionId,
    connection: Schema.Int,
    user: UserId,
    roles: Schema.Array(RoleId),
    intents: Schema.Int,
    isActive: Schema.Boolean,
    welcome: Payload.schema
  }),
  Schema.TaggedStruct("Detach", Relay.Detach.fields),
  Schema.TaggedStruct("Turn", Relay.Turn.fields),
  Schema.TaggedStruct("Dispatch", Relay.Dispatch.fields),
  Schema.TaggedStruct("Restructure", Relay.Restructure.fields),
  Schema.TaggedStruct("Enrol", Relay.Enrol.fields),
  Schema.TaggedStruct("Speak", Relay.Speak.fields),
  Schema.TaggedStruct("Watch", Relay.Watch.fields),
  Schema.TaggedStruct("Tell", Relay.Tell.fields),
  Schema.TaggedStruct("Stop", {})
])
/**
 * @since 0.1.0
 * @category models
 */
export type Command = typeof Command.Type

/** A worker's requests are the guild's; the handle of a session that connects stays where it is. */
type Requests = Omit<GuildProtocol<unknown>, "Connect"> &
  ReadProtocol & {
    readonly Connect: Omit<GuildProtocol<unknown>["Connect"], "payload"> & { readonly payload: typeof Connect.Type }
  }

/**
 * @since 0.1.0
 * @category models
 */
export type RequestTag = Actor.Tag<Requests>

/**
 * How a guild answers a request, or what became of it instead.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer<T extends RequestTag> = Exit.Exit<Requests[T]["success"], Requests[T]["error"] | Actor.ActorError>

/**
 * @since 0.1.0
 * @category models
 */
export interface Codec<A> {
  readonly encode: (value: A) => Effect.Effect<unknown, Schema.SchemaError>
  readonly encodeSync: (value: A) => unknown
  readonly decode: (input: unknown) => Effect.Effect<A, Schema.SchemaError>
}

/** How a request travels, and how its answer does, of which `parts` may have come before. */
interface Way<T extends RequestTag> {
  readonly payload: Codec<Requests[T]["payload"]>
  readonly answer: Pick<Codec<Answer<T>>, "encode"> & {
    readonly decode: (
      input: unknown,
      parts: ReadonlyArray<UserIds.UserIds>
    ) => Effect.Effect<Answer<T>, Schema.SchemaError>
  }
}

const codec = <A>(schema: Schema.Codec<A, unknown>): Codec<A> => {
  const json = Schema.toCodecJson(schema)
  return {
    encode: Schema.encodeEffect(json),
    encodeSync: Schema.encodeSync(json),
    decode: Schema.decodeUnknownEffect(json)
  }
}

const way = <P, A, E>(command: {
  readonly payload: Schema.Codec<P, unknown>
  readonly success: Schema.Codec<A, unknown>
  readonly error: Schema.Codec<E, unknown>
}) => ({
  payload: codec(command.payload),
  answer: codec(
    Schema.Exit(
      command.success,
      Schema.Union([command.error, Actor.ActorNotStarted, Actor.ActorStopped, Actor.ActorDied, Actor.CallTimedOut]),
      Schema.Defect()
    )
  )
})

const found = way(reads.FindMembers)

/**
 * How requests and their answers travel.
 *
 * @since 0.1.0
 * @category wire format
 */
export const ways: { readonly [T in RequestTag]: Way<T> } = {
  SendMessage: way(commands.SendMessage),
  Connect: way(commands.Connect),
  Disconnect: way(commands.Disconnect),
  SetActive: way(commands.SetActive),
  SetStatus: way(commands.SetStatus),
  Describe: way(commands.Describe),
  Status: way(commands.Status),
  CreateRole: way(commands.CreateRole),
  UpdateRole: way(commands.UpdateRole),
  OrderRoles: way(commands.OrderRoles),
  DeleteRole: way(commands.DeleteRole),
  CreateChannel: way(commands.CreateChannel),
  UpdateChannel: way(commands.UpdateChannel),
  OrderChannels: way(commands.OrderChannels),
  DeleteChannel: way(commands.DeleteChannel),
  AddMember: way(commands.AddMember),
  UpdateMember: way(commands.UpdateMember),
  RemoveMember: way(commands.RemoveMember),
  SetVoice: way(commands.SetVoice),
  FindMembers: {
    payload: found.payload,
    answer: {
      encode: found.answer.encode,
      decode: (input, parts) =>
        Effect.map(
          found.answer.decode(input),
          Exit.map((last) => UserIds.UserIds.joined([...parts, last]))
        )
    }
  },
  PageMembers: way(reads.PageMembers),
  GetMembers: way(reads.GetMembers),
  CountMembers: way(reads.CountMembers),
  WatchMembers: way(reads.WatchMembers)
}

/**
 * What a worker asks of a guild: which request it is, and what is in it, in the form in which it travels.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Request = Schema.Struct({
  tag: Schema.Literals(Struct.keys(ways)),
  payload: Schema.Unknown
})
/**
 * @since 0.1.0
 * @category models
 */
export type Request = typeof Request.Type

/**
 * From the guilds to a worker. `Start` comes first: which guilds there are, and which of all workers this one is. The first
 * command of each guild is `Begin`.
 * `Command` is for the sessions of one guild; `Reply` answers the request of that number. Before it there may be a `Part` of
 * the answer, or several: a million ids written out in one go would hold the guild's thread for 50 ms.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Down = Schema.fromJsonString(
  Schema.Union([
    Schema.TaggedStruct("Start", { worker: Schema.Int, guilds: Schema.Array(GuildId) }),
    Schema.TaggedStruct("Command", { guild: GuildId, command: Envelope.schema(Command) }),
    Schema.TaggedStruct("Part", { number: Schema.Int, users: UserIds.schema }),
    Schema.TaggedStruct("Reply", { number: Schema.Int, exit: Schema.Unknown })
  ])
)

/**
 * From a worker to the guilds. A `Request` with a number wants a reply. One that is `Abandoned` wants none any more: if it
 * only reads something, it is stopped. `Taken` says how many more of a guild's commands have been carried out.
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
    Schema.TaggedStruct("Abandoned", { guild: GuildId, number: Schema.Int }),
    Schema.TaggedStruct("Taken", {
      guild: GuildId,
      count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: WINDOW }))
    })
  ])
)

const AnyCommand = Schema.fromJsonString(Schema.TaggedStruct("Command", { guild: GuildId }))

/**
 * The guild of a command, whether or not the rest of it can be read.
 *
 * @since 0.1.0
 * @category wire format
 */
export const commandOf: (text: string) => Option.Option<GuildId> = (text) =>
  Option.map(Schema.decodeOption(AnyCommand)(text), ({ guild }) => guild)

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
