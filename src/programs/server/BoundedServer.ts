/**
 * Node's HTTP server, with bounds: on what one connection may ask for at a time, and on how long it may stand still.
 *
 * @since 0.1.0
 */
import { IncomingMessage, Server, ServerResponse } from "node:http"
import { Socket } from "node:net"
import * as Address from "../../domain/Address.ts"
import type { LimitName } from "../../domain/LimitName.ts"
import { type Rate, TokenBuckets } from "../../domain/TokenBuckets.ts"
import { PerAddress } from "../ingress/PerAddress.ts"

/**
 * Requests that one connection may have under way. Clients that wait for an answer before they ask again have one; nobody who
 * is honest pipelines hundreds.
 *
 * @since 0.1.0
 * @category limits
 */
export const MOST_IN_FLIGHT = 32

/**
 * How many connections of one address may be cut for that. To read what one of them has pipelined takes some 8 ms, so beyond that
 * its next ones are cut unread. Proxies do not pipeline. Whoever else has the address cannot connect anew meanwhile, and keeps the
 * connections that they have.
 *
 * @since 0.1.0
 * @category limits
 */
export const CUTS: Rate = { tokens: 10, millis: 10_000 }

/**
 * Bytes of a request's body.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_BODY = 256 * 1024

/**
 * Milliseconds in which a connection has to take or to say something. A WebSocket has bounds of its own: this ends with the
 * upgrade.
 *
 * @since 0.1.0
 * @category limits
 */
export const STANDSTILL = 60_000

/**
 * There may be any number of `connections` by default, of one address too (`perAddress`). `most`, `standstill`, `cuts` and `body`
 * are {@link MOST_IN_FLIGHT}, {@link STANDSTILL}, {@link CUTS} and {@link MAX_BODY} by default. Whoever asks with
 * `Expect: 100-continue` whether to send a body of more than that is not told to. `limited` is told of each connection that is
 * cut, and why.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly connections?: number
  readonly perAddress?: number
  readonly most?: number
  readonly standstill?: number
  readonly cuts?: Rate
  readonly body?: number
  readonly limited?: (limit: LimitName) => void
}

/**
 * A connection with more requests than it may have is cut: to answer them would take what it asks for. One that takes nothing
 * of its answers is cut too.
 *
 * Node hands a request that comes before there are routes to nobody, and it would wait for ever: it is told to come again
 * instead.
 *
 * @since 0.1.0
 * @category models
 */
export class BoundedServer extends Server {
  private readonly inFlight = new WeakMap<Socket, number>()
  private readonly perAddress: PerAddress
  private readonly most: number
  private readonly limited: (limit: LimitName) => void
  private readonly cuts: TokenBuckets<string>
  private readonly body: number

  constructor(options: Options = {}) {
    super()
    const { body = MAX_BODY, connections = Number.POSITIVE_INFINITY, cuts = CUTS } = options
    const { limited = () => {}, most = MOST_IN_FLIGHT, perAddress = connections, standstill = STANDSTILL } = options
    this.perAddress = new PerAddress(perAddress)
    this.body = body
    this.cuts = new TokenBuckets(cuts)
    this.most = most
    this.limited = limited
    this.maxConnections = connections
    this.on("drop", () => limited("connections"))
    this.timeout = standstill
    this.on("timeout", (socket) => {
      limited("standstill")
      socket.destroy()
    })
  }

  // A listener could not keep others from hearing of a request, or of a connection.
  override emit(event: string, ...args: ReadonlyArray<unknown>): boolean {
    const [request, response] = args
    if (event === "connection" && request instanceof Socket && !this.letIn(request)) {
      request.destroy()
      return true
    }
    const isRequest = event === "request" || event === "checkContinue"
    if (!isRequest || !(request instanceof IncomingMessage) || !(response instanceof ServerResponse)) {
      return super.emit(event, ...args)
    }
    const { socket } = request
    const before = this.inFlight.get(socket) ?? 0
    if (socket.destroyed) return true
    if (before >= this.most) {
      this.limited("requests-under-way")
      this.cuts.take(Address.client(socket.remoteAddress), performance.now())
      socket.destroy()
      return true
    }
    this.inFlight.set(socket, before + 1)
    response.once("close", () => this.inFlight.set(socket, (this.inFlight.get(socket) ?? 1) - 1))
    // A client that asks first whether to send a body that is too large is not told to: it gets its answer at once.
    const isTooLarge = Number(request.headers["content-length"] ?? 0) > this.body
    if (super.emit(isTooLarge ? "request" : event, request, response)) return true
    response.writeHead(503, { "retry-after": "1" }).end()
    return true
  }

  /** Whether a connection may stay. If not, its address has as many as it may, or as many have been cut. */
  private letIn(socket: Socket): boolean {
    const address = Address.client(socket.remoteAddress)
    if (this.cuts.look(address, performance.now()).remaining === 0) {
      this.limited("cut-connections")
      return false
    }
    if (this.perAddress.add(socket)) return true
    this.limited("connections-per-address")
    return false
  }
}
