import { Effect } from "effect"

/** Everything under way on this thread goes on until it waits. */
export const settled: Effect.Effect<void> = Effect.repeat(
  Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve))),
  { times: 3 }
).pipe(Effect.asVoid)
