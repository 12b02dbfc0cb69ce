/**
 * What a guild knows, apart from its members, who live in the member store.
 *
 * @since 0.1.0
 */
import { HashMap } from "effect"
import type { Community } from "../Community.ts"
import type { SessionId } from "../Ids.ts"

/**
 * The most sessions that one relay serves, after the post: "up to 15,000 connected sessions per relay".
 *
 * @since 0.1.0
 * @category limits
 */
export const RELAY_CAPACITY = 15_000

/**
 * How many sessions a relay serves. One that stands for all that live at a `worker` has no limit: they are shared out
 * there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Relay {
  readonly sessions: number
  readonly worker?: string | undefined
}

/**
 * `relays` is by relay index; `sessions` says which relay serves each. `sequence` counts
 * the messages made.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly community: Community
  readonly relayCapacity: number
  readonly relays: ReadonlyArray<Relay>
  readonly sessions: HashMap.HashMap<SessionId, number>
  readonly sequence: number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const initial = (community: Community, options?: { readonly relayCapacity?: number }): State => ({
  community,
  relayCapacity: options?.relayCapacity ?? RELAY_CAPACITY,
  relays: [],
  sessions: HashMap.empty(),
  sequence: 0
})
