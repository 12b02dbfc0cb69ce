/** What a test and its workers say to each other, beside the link. */
import { Predicate, Schema } from "effect"
import type { GuildId, SessionId, UserId } from "../../../src/domain/Ids.ts"

export interface WorkerData {
  readonly channel: string
  readonly relayCapacity: number
  /** Whether relays there push through sender fibers. */
  readonly hasSenders: boolean
}

export const isWorkerData = (input: unknown): input is WorkerData => Predicate.hasProperty(input, "channel")

/** What a blocked worker finds where it waits, when it is to go on, and when it is to die of that. */
export const LIVE = 1
export const DIE = 2

/** To one worker. */
export type Said = { readonly to: string } & (
  | {
      readonly say: "open"
      /** What the client is called here: two clients may have the same session id, one after the other. */
      readonly client: string
      readonly session: SessionId
      readonly guild: GuildId
      readonly user: UserId
      readonly intents: number
      readonly isPassive?: boolean
    }
  | { readonly say: "connect" | "disconnect" | "close"; readonly client: string }
  | { readonly say: "block"; readonly until: SharedArrayBuffer }
  | { readonly say: "die" }
)

const Word = Schema.Union([
  Schema.Struct({ hear: Schema.Literals(["ready", "blocked"]), worker: Schema.String }),
  Schema.Struct({
    hear: Schema.Literals(["opened", "connected", "disconnected", "closed"]),
    client: Schema.String
  }),
  Schema.Struct({
    hear: Schema.Literal("span"),
    name: Schema.String,
    traceId: Schema.String,
    spanId: Schema.String,
    parentId: Schema.UndefinedOr(Schema.String)
  }),
  Schema.Struct({ hear: Schema.Literal("frame"), client: Schema.String, frame: Schema.String })
])

/** From any. */
export type Heard = typeof Word.Type

export const decodeHeard = (event: MessageEvent): Heard => Schema.decodeUnknownSync(Word)(event.data)
