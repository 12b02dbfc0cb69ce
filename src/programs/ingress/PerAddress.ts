/**
 * How many connections each address has.
 *
 * @since 0.1.0
 */
import type { Socket } from "node:net"
import * as Address from "../../domain/Address.ts"

/**
 * Counts the connections of each address until they close. This machine may have any number: a proxy here has the connections of
 * all.
 *
 * @since 0.1.0
 * @category models
 */
export class PerAddress {
  private readonly open = new Map<string, number>()
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  /** Whether a connection may stay. It is counted if it may. */
  add(socket: Socket): boolean {
    if (Address.isLoopback(socket.remoteAddress ?? "")) return true
    const address = Address.client(socket.remoteAddress)
    const before = this.open.get(address) ?? 0
    if (before >= this.most) return false
    this.open.set(address, before + 1)
    socket.once("close", () => {
      const left = (this.open.get(address) ?? 1) - 1
      if (left > 0) this.open.set(address, left)
      else this.open.delete(address)
    })
    return true
  }
}
