/**
 * Every limit that the server keeps, in one table: as `docs/operating.md` shows it.
 *
 * @since 0.1.0
 */
import { Duration } from "effect"
import * as ClientFrame from "../../domain/gateway/ClientFrame.ts"
import * as Rates from "../../domain/gateway/Rates.ts"
import * as Unidentified from "../../domain/gateway/Unidentified.ts"
import type { LimitName } from "../../domain/LimitName.ts"
import * as Searches from "../../domain/Searches.ts"
import * as Backlog from "../../domain/session/Backlog.ts"
import type { Rate } from "../../domain/TokenBuckets.ts"
import * as Gateway from "../Gateway.ts"
import * as Commands from "../gateway/commands.ts"
import * as grpcLimits from "../ingress/grpcLimits.ts"
import * as Submission from "../ingress/Submission.ts"
import * as Rest from "../Rest.ts"
import * as Session from "../Session.ts"
import * as BoundedServer from "./BoundedServer.ts"
import * as http from "./http.ts"
import * as LimitOptions from "./limitOptions.ts"

/**
 * `what` is counted `per` something, and there may be `most` of it: `beyond` that, this happens. Where it
 * `isSettable`, `--limit` sets it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limit {
  readonly name: LimitName
  readonly what: string
  readonly per: string
  readonly most: string
  readonly beyond: string
  readonly isSettable: boolean
}

const number = (value: number): string => value.toLocaleString("en-US")

const bytes = (value: number): string =>
  value % (1024 * 1024) === 0 ? `${value / 1024 / 1024} MiB` : `${number(value / 1024)} KiB`

const seconds = (duration: Duration.Input): string =>
  `${number(Duration.toSeconds(Duration.fromInputUnsafe(duration)))} s`

const rate = ({ millis, tokens }: Rate): string => `${number(tokens)} in ${seconds(millis)}`

const TOO_MANY = "the request is answered with 429; gRPC says RESOURCE_EXHAUSTED"

const TOO_SLOW = "the session is closed with 4000, to reconnect"

/**
 * @since 0.1.0
 * @category limits
 */
export const LIMITS: ReadonlyArray<Limit> = (
  [
    {
      name: "connections",
      what: "HTTP connections, WebSockets among them",
      per: "process",
      most: "nine tenths of the files that it may have open; where those are few, all but 64 for each thread",
      beyond: "the connection is cut; once a minute a warning says so"
    },
    {
      name: "connections-per-address",
      what: "HTTP connections, WebSockets among them",
      per: "address",
      most: "half of the connections; any number from this machine, where a proxy may be",
      beyond: "the connection is cut"
    },
    {
      name: "unidentified",
      what: "WebSockets on which nobody has identified",
      per: "process",
      most: number(Unidentified.DEFAULTS.all),
      beyond: "the connection is closed with 1013"
    },
    {
      name: "unidentified-per-address",
      what: "WebSockets on which nobody has identified",
      per: "address",
      most: number(Unidentified.DEFAULTS.perAddress),
      beyond: "the connection is closed with 1013"
    },
    {
      name: "time-to-identify",
      what: "time to identify",
      per: "WebSocket",
      most: `${seconds(Gateway.TO_IDENTIFY)}, anew with each INVALID_SESSION`,
      beyond: "the connection is closed with 4009"
    },
    {
      name: "frames",
      what: `frames from a client in ${seconds(Gateway.RATE.millis)}`,
      per: "WebSocket",
      most: number(Gateway.RATE.frames),
      beyond: "the connection is closed with 4008"
    },
    {
      name: "updates",
      what: "what is said of a user's presence and calls",
      per: "user",
      most: rate(Rates.DEFAULTS.updates),
      beyond: "the connection is closed with 4008"
    },
    {
      name: "frame-size",
      what: "a frame from a client",
      per: "frame",
      most: bytes(ClientFrame.MAX_BYTES),
      beyond: `the connection is closed with 4002; above ${bytes(http.MAX_FRAME)}, which is not read, with 1009`
    },
    {
      name: "sessions",
      what: "sessions",
      per: "user",
      most: number(Backlog.DEFAULTS.sessions),
      beyond: "the connection is closed with 4008; gRPC says RESOURCE_EXHAUSTED"
    },
    {
      name: "identifies",
      what: "sessions that begin",
      per: "user",
      most: rate(Rates.DEFAULTS.identifies),
      beyond: "the client is told INVALID_SESSION, to identify again in some seconds; gRPC says RESOURCE_EXHAUSTED"
    },
    {
      name: "session-starts",
      what: "sessions that begin",
      per: "user",
      most: rate(Rates.DEFAULTS.sessionStarts),
      beyond: "the connection is closed with 4008; GET /gateway/bot says how many are left"
    },
    {
      name: "wrong-tokens",
      what: "tokens that are nobody's",
      per: "address",
      most: rate(Rates.DEFAULTS.wrongTokens),
      beyond: "only tokens that were somebody's lately are looked at: others are answered with 429, or closed with 4008"
    },
    {
      name: "requests",
      what: "requests",
      per: "user",
      most: rate(Rates.DEFAULTS.requests),
      beyond: TOO_MANY
    },
    {
      name: "requests-per-route",
      what: "requests to one route, about one guild or channel",
      per: "user",
      most: rate(Rates.DEFAULTS.requestsPerRoute),
      beyond: TOO_MANY
    },
    {
      name: "messages",
      what: "messages to one channel",
      per: "user",
      most: rate(Rates.DEFAULTS.messages),
      beyond: TOO_MANY
    },
    {
      name: "member-requests",
      what: "requests for members that wait",
      per: "session",
      most: number(Commands.MAX_WAITING),
      beyond: "the request is answered with RATE_LIMITED"
    },
    {
      name: "searches-per-user",
      what: "searches of members under way",
      per: "user",
      most: number(Searches.DEFAULTS.share),
      beyond: "the next one waits"
    },
    {
      name: "searches",
      what: "searches of members under way",
      per: "process",
      most: number(Searches.DEFAULTS.size),
      beyond: "the next one waits"
    },
    {
      name: "waiting-messages",
      what: "messages that wait",
      per: "session",
      most: number(Session.MAILBOX_CAPACITY),
      beyond: TOO_SLOW
    },
    {
      name: "waiting-per-session",
      what: "bytes that wait",
      per: "session",
      most: bytes(Backlog.DEFAULTS.session),
      beyond: TOO_SLOW
    },
    {
      name: "waiting-per-user",
      what: "bytes that wait",
      per: "user",
      most: bytes(Backlog.DEFAULTS.user),
      beyond: TOO_SLOW
    },
    {
      name: "waiting",
      what: "bytes that wait, each message once",
      per: "process",
      most: bytes(Backlog.DEFAULTS.process),
      beyond: "sessions that wait for their connections are closed with 4000, the slowest first"
    },
    {
      name: "unsent",
      what: "bytes that a connection has yet to send",
      per: "session",
      most: bytes(Backlog.UNSENT),
      beyond: "its session waits, and what is for it lies in its mailbox"
    },
    {
      name: "time-to-send",
      what: "time in which a connection takes nothing that it is to send",
      per: "session",
      most: seconds(Session.WRITE_DEADLINE),
      beyond: TOO_SLOW
    },
    {
      name: "requests-under-way",
      what: "requests under way",
      per: "HTTP connection",
      most: number(BoundedServer.MOST_IN_FLIGHT),
      beyond: "the connection is cut"
    },
    {
      name: "cut-connections",
      what: "HTTP connections that were cut for too many requests",
      per: "address",
      most: rate(BoundedServer.CUTS),
      beyond: "the next connections are cut unread"
    },
    {
      name: "standstill",
      what: "time in which nothing is sent and nothing taken",
      per: "HTTP connection",
      most: seconds(BoundedServer.STANDSTILL),
      beyond: "the connection is cut"
    },
    {
      name: "body-size",
      what: "a request's body",
      per: "HTTP request",
      most: bytes(BoundedServer.MAX_BODY),
      beyond: "the request is answered with 413"
    },
    {
      name: "items",
      what: "objects and items in a body",
      per: "HTTP request",
      most: `${number(Rest.MOST_ITEMS)}; ${number(Rest.MOST_KEYS)} keys in one object, ${number(Rest.MOST_COMMAS)} commas outside of texts`,
      beyond: "the request is answered with 400"
    },
    {
      name: "embeds-size",
      what: "a message's embeds, as they are written",
      per: "message",
      most: bytes(Submission.MAX_WRITTEN),
      beyond: "the request is answered with 413"
    },
    {
      name: "grpc-connections",
      what: "gRPC connections",
      per: "process",
      most: `${number(grpcLimits.DEFAULTS.connections)}; where files are few, a twentieth of them`,
      beyond: "the connection is cut; once a minute a warning says so"
    },
    {
      name: "grpc-connections-per-address",
      what: "gRPC connections",
      per: "address",
      most: "half of the connections; any number from this machine, where a proxy may be",
      beyond: "the connection is cut"
    },
    {
      name: "grpc-request-size",
      what: "a request",
      per: "gRPC call",
      most: bytes(grpcLimits.DEFAULTS.request),
      beyond: "gRPC says RESOURCE_EXHAUSTED"
    },
    {
      name: "grpc-streams",
      what: "calls and streams",
      per: "gRPC connection",
      most: number(grpcLimits.DEFAULTS.streams),
      beyond: "clients wait, or open another"
    },
    {
      name: "grpc-ping",
      what: "time without an answer to a ping",
      per: "gRPC connection",
      most: seconds(grpcLimits.DEFAULTS.pingEvery + grpcLimits.DEFAULTS.pingAnswer),
      beyond: "the connection is closed"
    },
    {
      name: "grpc-idle",
      what: "time without a call",
      per: "gRPC connection",
      most: seconds(grpcLimits.DEFAULTS.idle),
      beyond: "the connection is closed"
    }
  ] satisfies ReadonlyArray<Omit<Limit, "isSettable">>
).map((limit) => ({ ...limit, isSettable: LimitOptions.isSettable(limit.name) }))
