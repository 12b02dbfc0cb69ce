/**
 * What a defect costs an actor.
 *
 * @since 0.1.0
 */
import { Duration, Schedule } from "effect"

/**
 * How often an actor may be started anew: so many times within so long. Beyond that something is wrong that starting
 * anew does not mend, and the actor ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface Intensity {
  readonly times: number
  readonly within: Duration.Input
}

/**
 * - *resume*: the actor goes on with the state that it has
 * - *restart*: its state is made anew, at the times that the schedule gives, and it goes on with its mailbox; when the
 *   schedule ends, or the intensity is exceeded, the actor ends
 * - *stop*: the actor ends
 *
 * @since 0.1.0
 * @category models
 */
export type Supervision =
  | { readonly strategy: "resume" }
  | { readonly strategy: "stop" }
  | {
      readonly strategy: "restart"
      readonly schedule: Schedule.Schedule<unknown>
      readonly intensity: Intensity
    }

/**
 * @since 0.1.0
 * @category strategies
 */
export const resume: Supervision = { strategy: "resume" }

/**
 * @since 0.1.0
 * @category strategies
 */
export const stop: Supervision = { strategy: "stop" }

/**
 * Starts anew: by default after 10 ms, then 20, 40 and so on, and at most three times within 5 seconds (the intensity
 * of Elixir's supervisors).
 *
 * @since 0.1.0
 * @category strategies
 */
export const restart = (options?: {
  readonly schedule?: Schedule.Schedule<unknown>
  readonly intensity?: Intensity
}): Supervision => ({
  strategy: "restart",
  schedule: options?.schedule ?? Schedule.exponential("10 millis"),
  intensity: options?.intensity ?? { times: 3, within: "5 seconds" }
})
