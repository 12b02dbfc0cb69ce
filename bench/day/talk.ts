/** What clients are told to do, in whichever thread they live, and what is answered. */
import { Predicate, Schema } from "effect"
import type { Settings } from "../../src/programs/server/Settings.ts"
import type { InstrumentsShared } from "./Instruments.ts"
import type { Shared } from "./Tally.ts"

/**
 * How a client reads: everything at once; at once but for a pause now and then; or so many frames, and then nothing any more.
 */
export const Manner = Schema.Literals(["reads", "pauses", "stops"])
export type Manner = typeof Manner.Type

const Draft = { author: Schema.String, channel: Schema.String, content: Schema.String }

/** `guild` is the guild's place among all. */
export const Order = Schema.Union([
  Schema.Struct({
    do: Schema.Literal("connect"),
    client: Schema.Int,
    guild: Schema.Int,
    user: Schema.String,
    intents: Schema.Int,
    isPassive: Schema.Boolean,
    manner: Manner
  }),
  /** The session that a client has connects once more. */
  Schema.Struct({ do: Schema.Literal("again"), client: Schema.Int }),
  Schema.Struct({ do: Schema.Literal("disconnect"), client: Schema.Int }),
  /** The client's session ends. */
  Schema.Struct({ do: Schema.Literal("stop"), client: Schema.Int }),
  Schema.Struct({ do: Schema.Literal("turn"), client: Schema.Int, isActive: Schema.Boolean }),
  Schema.Struct({ do: Schema.Literal("call"), client: Schema.Int, channel: Schema.NullOr(Schema.String) }),
  Schema.Struct({ do: Schema.Literal("say"), guild: Schema.Int, timeout: Schema.Int, ...Draft }),
  Schema.Struct({ do: Schema.Literal("find"), guild: Schema.Int, prefix: Schema.String, limit: Schema.Int }),
  /** The thread measures itself, until it is told to stop; what it found is in the instruments. */
  Schema.Struct({
    do: Schema.Literal("measure"),
    what: Schema.Literals(["pieces", "utilization"]),
    isOn: Schema.Boolean
  }),
  /** Bytes of the thread's heap that are in use. */
  Schema.Struct({ do: Schema.Literal("weigh") }),
  Schema.Struct({ do: Schema.Literal("die") })
])
export type Order = typeof Order.Type

/** Nothing but that it is done, or why not. `handled` is whether it may have been done all the same. */
export const Answer = Schema.Struct({
  error: Schema.optionalKey(Schema.String),
  handled: Schema.optionalKey(Schema.Literals(["no", "maybe"])),
  found: Schema.optionalKey(Schema.Int)
})
export type Answer = typeof Answer.Type

export const DONE: Answer = {}

export const ToWorker = Schema.Struct({ to: Schema.String, number: Schema.Int, orders: Schema.Array(Order) })
export type ToWorker = typeof ToWorker.Type

export const FromWorker = Schema.Union([
  Schema.Struct({ from: Schema.String, is: Schema.Literal("ready") }),
  Schema.Struct({
    from: Schema.String,
    is: Schema.Literal("answer"),
    number: Schema.Int,
    answers: Schema.Array(Answer)
  })
])
export type FromWorker = typeof FromWorker.Type

/** Workers do not hear each other's answers. */
export const ordersOn = (channel: string): string => `${channel} orders`
export const answersOn = (channel: string): string => `${channel} answers`

/** What a worker is given when it starts. */
export interface WorkerData {
  readonly channel: string
  readonly shared: Shared
  readonly instruments: InstrumentsShared
  readonly capacity: number
  readonly relayCapacity: number
  readonly summaryMillis: number
  /** Of what is served to others, if it is. */
  readonly settings: Settings | undefined
}

export const isWorkerData = (input: unknown): input is WorkerData =>
  Predicate.hasProperty(input, "channel") && Predicate.hasProperty(input, "shared")
