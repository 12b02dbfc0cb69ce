/** Hostile clients in a process of their own: it is told which, and when to stop. */
import { setPriority } from "node:os"
import { Schema } from "effect"
import { ATTACKS, KINDS } from "./kinds.ts"

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

const decode = Schema.decodeUnknownSync(Order)

// What honest clients notice is to be the server's doing, and not that this process has the processor.
setPriority(10)

let stop = new AbortController()
let done: Promise<unknown> = Promise.resolve()

process.on("message", async (message) => {
  const order = decode(message)
  if (order.do === "stop") {
    stop.abort()
    await done
    process.send?.("stopped")
    return
  }
  stop = new AbortController()
  const { signal } = stop
  const { kinds, target } = order
  const token = (nth: number) => target.tokens[nth % target.tokens.length] ?? ""
  done = Promise.all(kinds.map((kind) => ATTACKS[kind]({ target, signal, token })))
})
// Sockets that are cut in the midst of something are what this is about.
process.on("uncaughtException", () => {})
