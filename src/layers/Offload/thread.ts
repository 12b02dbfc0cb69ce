/**
 * A worker's own end: what the module runs that `workers` is given.
 *
 * @example
 * ```ts
 * import { NodeRuntime } from "@effect/platform-node"
 * import type { Layer } from "effect"
 * import type { GuildLink } from "fanfare/domain/Worker"
 * import * as thread from "fanfare/layers/Offload/thread"
 *
 * // `app` is what an app's sessions come through, upon the guilds of another thread: see `docs/strategies.md`.
 * const run = (app: Layer.Layer<never, never, GuildLink>) => NodeRuntime.runMain(thread.launch(app))
 * ```
 *
 * @since 0.1.0
 */
import { type Cause, Deferred, Effect, Layer } from "effect"
import { parentPort } from "node:worker_threads"
import * as Mailbox from "../../domain/Mailbox.ts"
import { GuildLink, type Link } from "../../domain/Worker.ts"

/**
 * What tells a worker to end; frames are strings.
 *
 * @since 0.1.0
 * @category wire format
 */
export const STOP = null

/**
 * Runs a Layer until the guilds' thread says that it is enough; then all that it has opened is closed in good order.
 *
 * @since 0.1.0
 * @category running
 */
export const launch = <A, E>(layer: Layer.Layer<A, E, GuildLink>): Effect.Effect<void, E> =>
  Effect.gen(function* () {
    const port = parentPort
    if (port === null) {
      return yield* Effect.die(new Error("this module runs in a worker: give its URL to the workers offload"))
    }
    const frames = yield* Mailbox.unbounded<string, Cause.Done>()
    const stopped = yield* Deferred.make<void>()
    const link: Link = {
      send: (frame) => {
        port.postMessage(frame)
        return true
      },
      frames
    }
    port.on("message", (frame: unknown) => {
      if (typeof frame === "string") frames.offerUnsafe(frame)
      else Deferred.doneUnsafe(stopped, Effect.void)
    })
    yield* Effect.raceFirst(Layer.launch(Layer.provide(layer, Layer.succeed(GuildLink, link))), Deferred.await(stopped))
    // Nothing keeps the thread from its end now.
    port.close()
  })
