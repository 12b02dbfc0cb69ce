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

/**
 * What a user is doing. `type` says how it is told: 0 "playing", 4 a state of their own, and so on. `since` is when they said
 * so, in Unix time in milliseconds.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#activity-object
 * @since 0.1.0
 * @category schemas
 */
export const Activity = Schema.Struct({
  name: Schema.NonEmptyString,
  type: Schema.Int,
  since: Schema.Finite,
  url: Schema.optionalKey(Schema.String),
  state: Schema.optionalKey(Schema.String)
})
/**
 * @since 0.1.0
 * @category models
 */
export type Activity = typeof Activity.Type

/**
 * All that others see of a user.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Showing = Schema.Struct({ presence: Presence, activities: Schema.Array(Activity) })
/**
 * @since 0.1.0
 * @category models
 */
export type Showing = typeof Showing.Type

/**
 * @since 0.1.0
 * @category guards
 */
export const isSame = (one: Showing, other: Showing): boolean =>
  one.presence === other.presence &&
  one.activities.length === other.activities.length &&
  one.activities.every((activity, nth) => {
    const counterpart = other.activities[nth]
    return (
      activity === counterpart ||
      (activity.name === counterpart?.name &&
        activity.type === counterpart.type &&
        activity.url === counterpart.url &&
        activity.state === counterpart.state)
    )
  })

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
