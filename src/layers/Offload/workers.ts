/**
 * An offload to threads: relays and their sessions, with the sessions' sockets, live in `node:worker_threads`. How long a
 * guild is busy with a fan-out depends on how many workers there are, and not on how many sessions.
 *
 * @since 0.1.0
 */
import { Cause, Deferred, type Duration, Effect, Layer, Schedule } from "effect"
import { availableParallelism } from "node:os"
import { type ResourceLimits, Worker as Thread } from "node:worker_threads"
import { outside } from "../../domain/AsyncContext.ts"
import * as Detached from "../../domain/Detached.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import { Offload } from "../../domain/Offload.ts"
import { makeInline } from "../../domain/Sender.ts"
import type { Link, Worker } from "../../domain/Worker.ts"
import { STOP } from "./thread.ts"

/**
 * `url` is the module that a worker runs: see `thread.ts`. `count` is how many there are; by default as many as there are
 * processors but one, which is the guilds'. Each gets `data` as its `workerData`, and `resourceLimits` as they are (for
 * the collector's: see `docs/garbage-collection.md`). `grace` is what a worker has for its end; after that it is ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly url: URL
  readonly count?: number
  readonly data?: unknown
  readonly resourceLimits?: ResourceLimits
  readonly grace?: Duration.Input
}

/**
 * One worker for each processor but one, which is the guilds'; never none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const defaultCount = (): number => Math.max(1, availableParallelism() - 1)

/** One life of a thread. */
const thread = (name: string, { data, grace = "1 second", resourceLimits, url }: Options) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const frames = yield* Mailbox.unbounded<string, Cause.Done>()
      const ended = yield* Deferred.make<void>()
      const services = yield* Effect.context<never>()
      const limits = resourceLimits && { resourceLimits }
      const worker = outside(() => new Thread(url, { name, workerData: data, ...limits }))
      const log = Detached.runner(services)
      let isOver = false
      let isKnown = false
      worker.on("message", (frame: unknown) => {
        if (typeof frame === "string") frames.offerUnsafe(frame)
      })
      worker.on("error", (error) => {
        log(Effect.logError(`${name} died${isKnown ? " as it ended" : "; another takes its place"}`, error))
        isKnown = true
      })
      worker.on("exit", (code) => {
        isOver = true
        if (!isKnown) log(Effect.logError(`${name} ended with ${code}; another takes its place`))
        frames.failCauseUnsafe(Cause.fail(Cause.Done()))
        Deferred.doneUnsafe(ended, Effect.void)
      })
      const link: Link = {
        send: (frame) => {
          if (isOver) return false
          worker.postMessage(frame)
          return true
        },
        frames
      }
      const stop = Effect.sync(() => {
        isKnown = true
        worker.postMessage(STOP)
      })
      return { worker, link, ended, stop }
    }),
    ({ ended, stop, worker }) =>
      stop.pipe(
        Effect.andThen(Effect.timeoutOption(Effect.interruptible(Deferred.await(ended)), grace)),
        Effect.andThen(Effect.promise(() => worker.terminate()))
      )
  )

/** They are given more and more time, up to a second. */
const replacing = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")])

/**
 * Workers start with the guilds that they serve (`Guilds.layer`). One that dies is replaced: its sessions' connections are
 * gone, their clients connect again and identify anew; no other session, and no guild, notices.
 *
 * Sessions beside the guild, if there are any, are served there as with `Offload.inline`.
 *
 * @since 0.1.0
 * @category layers
 */
export const workers = (options: Options): Layer.Layer<Offload> =>
  Layer.succeed(Offload, {
    sender: Effect.sync(makeInline),
    workers: Array.from({ length: options.count ?? defaultCount() }, (_, index): Worker => {
      const name = `worker-${index}`
      return {
        name,
        run: (life) =>
          Effect.scoped(Effect.flatMap(thread(name, options), ({ link }) => life(link))).pipe(
            Effect.catchCause((cause) =>
              Effect.logError(`${name} could not be served; another takes its place`, cause)
            ),
            Effect.repeat(replacing),
            Effect.andThen(Effect.never)
          )
      }
    })
  })
