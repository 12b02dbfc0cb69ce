/**
 * Answering a request later: what it has to wait for goes on outside of the actor, which handles other messages meanwhile.
 *
 * @since 0.1.0
 */
import { type Context, Effect, Exit, Fiber } from "effect"

/** The span of the wait, within the one in which the request is handled, which has ended by then. */
const WAIT = "actor.wait"

/**
 * What a handler answers with instead of a reply when it has to wait first. `handled` says whether the request may have
 * taken effect while it waits. `resume` goes on with it once `waiting` is over; `dropped` is called instead if nobody goes
 * on with it.
 *
 * @since 0.1.0
 * @category models
 */
export class Later<out A, out E> {
  readonly waiting: Fiber.Fiber<unknown, unknown>
  readonly handled: "no" | "maybe"
  readonly resume: Effect.Effect<A | Later<A, E>, E>
  readonly dropped: () => void

  constructor(
    waiting: Fiber.Fiber<unknown, unknown>,
    handled: "no" | "maybe",
    resume: Effect.Effect<A | Later<A, E>, E>,
    dropped: () => void = () => {}
  ) {
    this.waiting = waiting
    this.handled = handled
    this.resume = resume
    this.dropped = dropped
  }

  /** Calls the finalizer once, when the request is answered or dropped, however often it waits until then. */
  ensuring(finalizer: () => void): Later<A, E> {
    return new Later(this.waiting, this.handled, ensuring(this.resume, finalizer), () => {
      this.dropped()
      finalizer()
    })
  }
}

/**
 * Calls the finalizer once: when the reply is there, or, if it comes later, when the request is answered or dropped.
 *
 * @since 0.1.0
 * @category finalizers
 */
export const ensuring = <A, E, R>(
  reply: Effect.Effect<A | Later<A, E>, E, R>,
  finalizer: () => void
): Effect.Effect<A | Later<A, E>, E, R> =>
  reply.pipe(
    Effect.onExit((exit) => (Exit.isSuccess(exit) && isLater(exit.value) ? Effect.void : Effect.sync(finalizer))),
    Effect.map((value) => (isLater(value) ? value.ensuring(finalizer) : value))
  )

/**
 * Tells a reply that comes later from one that is there.
 *
 * @since 0.1.0
 * @category guards
 */
export const isLater = <A, E>(value: A | Later<A, E>): value is Later<A, E> => value instanceof Later

/** The wait as a span, where the request is handled in one that is kept. */
const spanned = (waiting: Fiber.Fiber<unknown, unknown>): Effect.Effect<unknown> =>
  Effect.withFiber(({ cache }) =>
    cache.span?.sampled === true
      ? Effect.forkChild(Effect.withSpan(Fiber.await(waiting), WAIT, { captureStackTrace: false }), {
          startImmediately: true
        })
      : Effect.void
  )

/**
 * Runs an effect for a handler, and goes on with `then` when it is done. An effect that is done at once costs no more than
 * that. While any other goes on, the actor handles other messages, and `then` has its turn between two of them: it may read
 * and change the actor's state as a handler does, and may itself answer later.
 *
 * The effect runs in a fiber of its own, which is interrupted when the actor ends. `handled` is what a caller is told who
 * gives up meanwhile, or whose actor ends: *no* if the effect changes nothing, and then a request whose caller has given up
 * is withdrawn and not gone on with; otherwise *maybe*.
 *
 * @example
 * ```ts
 * import { type Effect, Exit } from "effect"
 * import { Actor } from "fanfare"
 *
 * declare const lookUp: (name: string) => Effect.Effect<number, string>
 *
 * const counts = new Map<string, number>()
 * // A handler of an actor that is not held up by a slow look-up.
 * const handler = (name: string) =>
 *   Actor.later(lookUp(name), {
 *     handled: "no",
 *     then: (found) => Exit.map(found, (count) => void counts.set(name, count))
 *   })
 * ```
 *
 * @since 0.1.0
 * @category handlers
 */
export const later = <A, E, R, B, E2, R2>(
  effect: Effect.Effect<A, E, R>,
  options: {
    readonly handled: "no" | "maybe"
    readonly then: (exit: Exit.Exit<A, E>) => Effect.Effect<B | Later<B, E2>, E2, R2>
  }
): Effect.Effect<B | Later<B, E2>, E2, R | R2> =>
  Effect.contextWith((context: Context.Context<R | R2>) =>
    Effect.flatMap(Effect.forkChild(effect, { startImmediately: true }), (waiting) => {
      const { handled, then } = options
      const exit = waiting.pollUnsafe()
      if (exit !== undefined) return then(exit)
      const resume = Effect.suspend(() => {
        const exit = waiting.pollUnsafe()
        return exit === undefined ? Effect.die(new Error("a request was gone on with before its time")) : then(exit)
      })
      return Effect.as(spanned(waiting), new Later(waiting, handled, Effect.setContext(resume, context)))
    })
  )
