/**
 * What a relay understands. Its guild only ever casts: a relay that is behind holds up no answer.
 *
 * @since 0.1.0
 */
import type { Address } from "../Actor.ts"
import type { Payload } from "../gateway/Payload.ts"
import type { ChannelId, SessionId } from "../Ids.ts"
import type { SessionHandle } from "../session/Session.ts"
import type { Subscriber } from "./Subscribers.ts"

/**
 * A session comes to this relay; `welcome` reaches it before anything else does.
 *
 * @since 0.1.0
 * @category commands
 */
export interface Attach<out S> {
  readonly subscriber: Subscriber<S>
  readonly welcome: Payload
}

/**
 * @since 0.1.0
 * @category commands
 */
export interface Detach {
  readonly session: SessionId
}

/**
 * Fan a payload out to those who may see `channel` and want to hear of this kind of event. `sessions` is how many all
 * relays serve together: from its own share a relay can tell how large the whole fan-out is.
 *
 * @since 0.1.0
 * @category commands
 */
export interface Dispatch {
  readonly payload: Payload
  readonly channel: ChannelId
  readonly intent: number
  readonly sessions: number
}

type Cast<Payload> = { readonly payload: Payload; readonly success: void; readonly error: never }

/**
 * @since 0.1.0
 * @category models
 */
export interface Protocol<S = SessionHandle> {
  readonly Attach: Cast<Attach<S>>
  readonly Detach: Cast<Detach>
  readonly Dispatch: Cast<Dispatch>
  /** The last: it has come the same way as all that went before. */
  readonly Stop: Cast<void>
}

/**
 * A session as another thread knows it.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionRef {
  readonly id: SessionId
}

/**
 * A session that lives at a worker, and the relay that stands for all who live there.
 *
 * @since 0.1.0
 * @category models
 */
export interface RemoteSession extends SessionRef {
  readonly relay: Address<Protocol<SessionRef>>
}
