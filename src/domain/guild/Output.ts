/**
 * What a guild wants done after a step. Its fiber does it, in this order; the step itself does nothing.
 *
 * @since 0.1.0
 */
import type { SessionId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { GuildAvailable, MessageCreated } from "./Event.ts"

/**
 * Start the relay with this index: the next one, so that indices have no gaps.
 *
 * @since 0.1.0
 * @category models
 */
export interface StartRelay {
  readonly _tag: "StartRelay"
  readonly relay: number
}

/**
 * Give a session to a relay, which first of all sends it `welcome`: what comes through the relay later, comes later. The
 * first that lives at a worker brings a relay that was not started here.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attach<out H> {
  readonly _tag: "Attach"
  readonly relay: number
  readonly session: SessionId
  readonly member: Member
  readonly intents: number
  readonly handle: H
  readonly welcome: GuildAvailable
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Detach {
  readonly _tag: "Detach"
  readonly relay: number
  readonly session: SessionId
}

/**
 * Fan an event out through every relay. `sessions` is how many all relays serve together.
 *
 * @since 0.1.0
 * @category models
 */
export interface Dispatch {
  readonly _tag: "Dispatch"
  readonly event: MessageCreated
  readonly sessions: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type Output<H> = StartRelay | Attach<H> | Detach | Dispatch
