/**
 * What a session understands, and how others hold it.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import type { Close } from "../gateway/CloseCode.ts"
import type { Payload } from "../gateway/Payload.ts"
import type { SessionId } from "../Ids.ts"
import type { Outbox } from "../Mailbox.ts"

/**
 * The client's heartbeat is to be acknowledged, after what was sent before.
 *
 * @since 0.1.0
 * @category messages
 */
export interface HeartbeatAck {
  readonly _tag: "HeartbeatAck"
}

/**
 * An event's payload is a message as it is: a fan-out wraps nothing around what all its recipients share.
 *
 * @since 0.1.0
 * @category messages
 */
export type SessionMessage = Payload | HeartbeatAck

/**
 * What guild and relay hold of a session. `end` closes its connection, and does not wait for that.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionHandle {
  readonly id: SessionId
  readonly mailbox: Outbox<SessionMessage>
  readonly end: (close: Close) => Effect.Effect<void>
}
