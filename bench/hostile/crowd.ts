/** Hostile clients in a process of their own: it is told which, and when to stop. */
import { setPriority } from "node:os"
import { Schema } from "effect"
import { ATTACKS } from "./kinds.ts"
import { Order, type Stopped } from "./orders.ts"

const decode = Schema.decodeUnknownSync(Order)

// What honest clients notice is to be the server's doing, and not that this process has the processor.
setPriority(10)

let stop = new AbortController()
let done: Promise<unknown> = Promise.resolve()
let deeds = 0
const did = () => void deeds++

process.on("message", async (message) => {
  const order = decode(message)
  if (order.do === "stop") {
    stop.abort()
    await done
    const stopped: Stopped = { deeds }
    process.send?.(stopped)
    return
  }
  deeds = 0
  stop = new AbortController()
  const { signal } = stop
  const { kinds, target } = order
  const token = (nth: number) => target.tokens[nth % target.tokens.length] ?? ""
  done = Promise.all(kinds.map((kind) => ATTACKS[kind]({ target, signal, token, did })))
})
// Sockets that are cut in the midst of something are what this is about.
process.on("uncaughtException", () => {})
