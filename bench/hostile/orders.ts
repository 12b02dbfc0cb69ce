/** What the process of the hostile clients is told, and what it answers. */
import { Schema } from "effect"
import { KINDS } from "./kinds.ts"

const Target = Schema.Struct({
  host: Schema.String,
  port: Schema.Int,
  grpcPort: Schema.Int,
  guild: Schema.String,
  channel: Schema.String,
  tokens: Schema.Array(Schema.String)
})
export const Order = Schema.Union([
  Schema.Struct({ do: Schema.Literal("attack"), kinds: Schema.Array(Schema.Literals(KINDS)), target: Target }),
  Schema.Struct({ do: Schema.Literal("stop") })
])
export type Order = typeof Order.Type

/** What is said when all have stopped: how often they were let in or answered. */
export const Stopped = Schema.Struct({ deeds: Schema.Int })
export type Stopped = typeof Stopped.Type
