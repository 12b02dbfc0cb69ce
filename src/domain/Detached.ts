/**
 * Starts fibers that outlive whoever starts them. Such a fiber has the services of its creator, but is in no trace and in
 * no async context. Everything that lives on is started by this module: actors, sessions, senders, timers, links,
 * conversations.
 *
 * A fiber that starts outside of any async context stays outside: Effect resumes a fiber in the context in which it
 * suspended.
 *
 * @since 0.1.0
 */
import { Context, Effect, Fiber, Scope } from "effect"
import { Owner } from "./Actor.ts"
import { outside } from "./AsyncContext.ts"
import { withoutTrace } from "./Propagation.ts"

/**
 * Starts fibers from callbacks, where there is no fiber to fork from. They begin at once.
 *
 * @since 0.1.0
 * @category forking
 */
export const runner = <R>(
  context: Context.Context<R>
): (<A, E>(effect: Effect.Effect<A, E, R>) => Fiber.Fiber<A, E>) => {
  // An actor's handler does not wait for it either, so it may wait for that actor.
  const run = Effect.runForkWith(Context.add(withoutTrace(context), Owner, undefined))
  return (effect) => outside(() => run(effect))
}

/** Starts a fiber and hands it over in one step, so that an interruption cannot lose it. */
const forked = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  handOver: (fiber: Fiber.Fiber<A, E>) => Fiber.Fiber<A, E>
): Effect.Effect<Fiber.Fiber<A, E>, never, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.withFiber(({ currentDispatcher }) => {
      const turn = Effect.callback<void>((resume) => {
        currentDispatcher.scheduleTask(() => resume(Effect.void), 0)
      })
      return Effect.succeed(handOver(runner(context)(Effect.andThen(turn, effect))))
    })
  )

/**
 * Starts a fiber that lives until it ends or is interrupted. It begins when its creator has had its turn.
 *
 * @since 0.1.0
 * @category forking
 */
export const fork = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Fiber.Fiber<A, E>, never, R> =>
  forked(effect, (fiber) => fiber)

/**
 * Like {@link fork}; the fiber is interrupted when the scope closes.
 *
 * @since 0.1.0
 * @category forking
 */
export const forkIn =
  (scope: Scope.Scope) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Fiber.Fiber<A, E>, never, R> =>
    forked(effect, Fiber.runIn(scope))

/**
 * Like {@link forkIn}, in the scope around.
 *
 * @since 0.1.0
 * @category forking
 */
export const forkScoped = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<Fiber.Fiber<A, E>, never, R | Scope.Scope> =>
  Effect.flatMap(Scope.Scope, (scope) => forkIn(scope)(effect))

/**
 * Runs an effect in a fiber of its own, which begins at once, and waits for it. A conversation that was begun by a request
 * is run so: it goes on long after the request's span has ended.
 *
 * @since 0.1.0
 * @category running
 */
export const run = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.uninterruptibleMask((restore) => {
      const fiber = runner(context)(Effect.provideService(effect, Owner, Context.get(context, Owner)))
      return Effect.onInterrupt(restore(Fiber.join(fiber)), () => Fiber.interrupt(fiber))
    })
  )
