/**
 * What the server serves by HTTP, and what it does so in: chosen once, for the only thread or for each of several.
 *
 * @since 0.1.0
 */
import { NodeHttpServer } from "@effect/platform-node"
import { Array, ByteSize, Effect, Layer, Redacted } from "effect"
import { HttpIncomingMessage, HttpMiddleware, HttpRouter } from "effect/http"
import { threadId } from "node:worker_threads"
import * as Propagation from "../../domain/Propagation.ts"
import * as Accounts from "../../layers/Accounts.ts"
import * as Otlp from "../../layers/Otlp.ts"
import * as WebSocket from "../../layers/SessionSocket/webSocket.ts"
import * as TraceStore from "../../layers/TraceStore.ts"
import * as demo from "../demo.ts"
import { counting } from "../ingress/limited.ts"
import * as Ingress from "../Ingress.ts"
import * as Page from "../Page.ts"
import * as Transport from "../Transport.ts"
import * as LimitOptions from "./limitOptions.ts"
import * as Loopback from "./loopback.ts"
import { BoundedServer } from "./BoundedServer.ts"
import type { Settings } from "./Settings.ts"

/**
 * Frames above this are refused before they are read; the gateway itself takes no more than 4 KiB.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_FRAME = 64 * 1024

/**
 * What requests have to finish once the server stops; sessions are told to reconnect right after.
 *
 * @since 0.1.0
 * @category limits
 */
export const GRACE = "250 millis"

/**
 * Who is behind the tokens.
 *
 * @since 0.1.0
 * @category getters
 */
export const owners = ({ isDemo, tokens }: Settings) =>
  Array.map(tokens, (token, index) => {
    const number = index + 1
    return [Redacted.make(token), demo.user(number, isDemo ? token : `member-${number}`)] as const
  })

/**
 * Accounts, telemetry, and what the operator decided: for all that runs in one thread.
 *
 * @since 0.1.0
 * @category layers
 */
export const surroundings = (settings: Settings) => {
  const { channel, isExported, limits, mailboxWaits } = settings
  const telemetry = Otlp.layer({
    serviceName: "fanfare",
    ...(channel === undefined ? undefined : { instance: `${channel}/${threadId}` })
  })
  return Layer.mergeAll(
    Accounts.fromTokens(owners(settings)),
    LimitOptions.layer(limits),
    Layer.merge(telemetry, isExported ? TraceStore.none : TraceStore.ring(channel === undefined ? {} : { channel })),
    Layer.succeed(Propagation.waits, () => mailboxWaits),
    // The transport opens the spans, of what is sampled; the server's own would be one for every request.
    Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true),
    Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(LimitOptions.countOf(limits, "body-size")))
  )
}

/**
 * The routes, on their address. Threads share it where the settings have a channel: the system deals out connections
 * among all who listen (SO_REUSEPORT).
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (settings: Settings) => {
  const { callers, channel, files, host, isDemo, isExported, limits, port, publicUrl, start, threads, tokens } =
    settings
  const { connections, perAddress } = LimitOptions.connections(limits, files, threads)
  const bounds = {
    connections,
    perAddress,
    most: LimitOptions.countOf(limits, "requests-under-way"),
    standstill: LimitOptions.millisOf(limits, "standstill"),
    cuts: LimitOptions.rateOf(limits, "cut-connections"),
    body: LimitOptions.countOf(limits, "body-size")
  }
  const isFull = Effect.logWarning(
    `no more connections are taken: there are ${connections}, which is the limit "connections" here. ` +
      `This process may have ${files} files open`
  )
  // The first member is the guild's owner, and whoever runs the server knows their token.
  const operators = new Set(
    owners(settings)
      .slice(0, 1)
      .map(([, { id }]) => id)
  )
  return HttpRouter.serve(
    Layer.mergeAll(
      Ingress.layer(WebSocket.layer(), { callers, start, publicUrl }),
      Page.layer({ tokens: isDemo ? tokens : [], traces: !isExported && callers === "continue" }, operators),
      isDemo ? Loopback.only : Layer.empty
    ),
    { disableLogger: true, disableListenLog: true }
  ).pipe(
    Layer.provide(Transport.layerIsolated),
    Layer.provideMerge(
      Layer.unwrap(
        Effect.map(counting({ connections: isFull }), (limited) =>
          NodeHttpServer.layer(() => new BoundedServer({ ...bounds, limited }), {
            host,
            port,
            reusePort: channel !== undefined,
            gracefulShutdownTimeout: GRACE,
            websocket: { maxPayload: MAX_FRAME }
          })
        )
      )
    )
  )
}
