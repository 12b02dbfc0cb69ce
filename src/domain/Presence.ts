/**
 * Whether somebody is there, as others see it.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#update-presence
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * What a session says of its user. To others `invisible` is `offline`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Status = Schema.Literals(["online", "dnd", "idle", "invisible"])
/**
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/**
 * What others see.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Presence = Schema.Literals(["online", "dnd", "idle", "offline"])
/**
 * @since 0.1.0
 * @category models
 */
export type Presence = typeof Presence.Type

/** From what tells most to what tells least. */
const PRECEDENCE = ["online", "dnd", "idle"] as const

/**
 * What others see of a user whose sessions say these.
 *
 * @since 0.1.0
 * @category getters
 */
export const seen = (statuses: ReadonlyArray<Status>): Presence =>
  PRECEDENCE.find((one) => statuses.includes(one)) ?? "offline"
