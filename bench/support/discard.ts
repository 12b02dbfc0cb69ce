/** Connections to a port, in a process of their own: what comes is read and forgotten. */
import { connect } from "node:net"

export interface Order {
  readonly port: number
  readonly count: number
}

process.on("message", ({ count, port }: Order) => {
  for (let opened = 0; opened < count; opened++) connect(port, "127.0.0.1").resume()
})
