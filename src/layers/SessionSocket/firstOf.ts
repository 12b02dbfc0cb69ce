/**
 * Waiting for a Node emitter.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"

/**
 * As much of an emitter as is needed to wait for some of its events.
 *
 * @since 0.1.0
 * @category models
 */
export interface Emitter<in Event extends string> {
  readonly once: (event: Event, listener: () => void) => unknown
  readonly off: (event: Event, listener: () => void) => unknown
}

/**
 * Waits for whichever of the events comes first. None of the listeners stays: they would pile up on a connection that
 * drains often.
 *
 * @since 0.1.0
 * @category waiting
 */
export const firstOf = <Event extends string>(
  emitter: Emitter<Event>,
  events: ReadonlyArray<Event>
): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const forget = () => events.forEach((event) => emitter.off(event, done))
    const done = () => {
      forget()
      resume(Effect.void)
    }
    for (const event of events) emitter.once(event, done)
    return Effect.sync(forget)
  })
