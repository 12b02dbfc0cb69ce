/**
 * WebSocket clients in a process of their own, so many of each kind. They count what they get, and say when it is what
 * they were told to expect.
 */
import { Schema } from "effect"
import { WebSocket } from "ws"

const KINDS = ["fanfare", "ws", "socketio"] as const
export type Kind = (typeof KINDS)[number]

const Connect = Schema.Struct({
  do: Schema.Literal("connect"),
  kind: Schema.Literals(KINDS),
  url: Schema.String,
  count: Schema.Int
})
const Expect = Schema.Struct({ do: Schema.Literal("expect"), frames: Schema.Int })
export const Order = Schema.Union([Connect, Expect])
export type Order = typeof Order.Type

const decode = Schema.decodeUnknownSync(Order)

let missing = 0
const arrive = () => {
  if (--missing === 0) process.send?.("done")
}

/** Does what a client of this kind does until it is one of those that get what is sent; then counts. */
const greet: Record<Kind, (socket: WebSocket, ready: () => void) => void> = {
  fanfare: (socket, ready) => {
    const identify = { op: 2, d: { token: "bench", intents: 512, properties: {} } }
    const beat = setInterval(() => socket.send('{"op":1,"d":null}'), 20_000)
    socket.on("close", () => clearInterval(beat))
    socket.on("message", (data) => {
      // Of the events only the beginning is looked at: a client's work is not what is measured.
      const text = String(data)
      if (text.startsWith('{"t":"MESSAGE_CREATE"')) arrive()
      else if (text.startsWith('{"t":"GUILD_CREATE"')) ready()
      else if (text.includes('"op":10')) socket.send(JSON.stringify(identify))
    })
  },
  ws: (socket, ready) => {
    socket.on("open", ready)
    socket.on("message", arrive)
  },
  // Engine.IO's packets, version 4, each a frame: 0 opens, 2 is a ping and 3 its pong, 4 a message of Socket.IO.
  socketio: (socket, ready) => {
    socket.on("message", (data) => {
      const text = String(data)
      if (text.startsWith("42")) arrive()
      else if (text.startsWith("40")) ready()
      else if (text.startsWith("0")) socket.send("40")
      else if (text === "2") socket.send("3")
    })
  }
}

const open = (kind: Kind, url: string) =>
  new Promise<void>((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    socket.on("error", reject)
    socket.on("close", (code) => reject(new Error(`a client of ${kind} was closed: ${code}`)))
    greet[kind](socket, resolve)
  })

process.on("message", async (message) => {
  const order = decode(message)
  if (order.do === "expect") {
    missing = order.frames
    process.send?.("expecting")
    return
  }
  for (let opened = 0; opened < order.count; opened += 50) {
    const some = Math.min(50, order.count - opened)
    await Promise.all(Array.from({ length: some }, () => open(order.kind, order.url)))
  }
  process.send?.("connected")
})
