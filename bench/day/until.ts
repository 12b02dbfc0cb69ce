/** Waiting for something that comes to be by itself. */
import { Effect } from "effect"

/** How long it is until one looks again whether something is so, in milliseconds. */
const SHORTEST_PAUSE = 2
const LONGEST_PAUSE = 50

/**
 * Waits until something is so, for so many milliseconds at most; answers whether it came to be. It looks the less often the
 * longer that takes.
 */
export const until = (isSo: () => boolean, millis: number): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const end = performance.now() + millis
    let pause = SHORTEST_PAUSE
    return Effect.map(
      Effect.whileLoop({
        while: () => !isSo() && performance.now() < end,
        body: () => Effect.sleep(pause),
        step: () => (pause = Math.min(LONGEST_PAUSE, 1.5 * pause))
      }),
      isSo
    )
  })
