/**
 * How what goes to one client is written: as text, or compressed in one of the ways that clients ask for.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Payload } from "../../domain/gateway/Payload.ts"
import * as Frame from "./Frame.ts"

/**
 * `event` gives the frame of the client's `sequence`-th event, in octets; nothing where that would hold the thread, and is to be
 * done by `own`. `own` gives a message that only this client gets, as the WebSocket is to send it. `sent` is called when that
 * has been handed to the connection: whatever comes next comes after it.
 *
 * @since 0.1.0
 * @category contracts
 */
export interface Framing {
  readonly event: (payload: Payload, sequence: number) => string | undefined
  readonly own: (text: string) => Effect.Effect<string | Uint8Array>
  readonly sent: () => void
}

/**
 * As text: an event was encoded once, and only its sequence number is each session's own.
 *
 * @since 0.1.0
 * @category framings
 */
export const text: Framing = {
  event: ({ octets }, sequence) => {
    const tail = `${sequence}}`
    return Frame.header(Frame.TEXT, octets.length + tail.length) + octets + tail
  },
  own: Effect.succeed,
  sent: () => {}
}
