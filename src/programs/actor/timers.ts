/**
 * Timers that an actor sets for itself. What they send has not been caused by any message, so it does not go on with the
 * trace in which the timer was set: that is a link.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Fiber, Random, type Scope, type Tracer } from "effect"
import * as Detached from "../../domain/Detached.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import * as Monotonic from "../../domain/Monotonic.ts"
import * as SafeTracer from "../../domain/SafeTracer.ts"

/**
 * A timer puts a bare message into the actor's own mailbox, `after` a while or `every` so often (a millisecond at least),
 * until it is cancelled or the actor is started anew. One that is late by several intervals, because the mailbox was full or
 * the machine suspended, sends one message for them all, and then keeps to its times. With `jitter` the first comes after a
 * random part of the interval, like a gateway client's first heartbeat: actors that start together do not all do it at once.
 * Where the policy is *start* the message begins a trace; otherwise it is in none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timers<I> {
  readonly after: (delay: Duration.Input, message: I) => Effect.Effect<Timer>
  readonly every: (
    interval: Duration.Input,
    message: I,
    options?: { readonly jitter?: boolean }
  ) => Effect.Effect<Timer>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Timer {
  readonly cancel: Effect.Effect<void>
}

/**
 * What a timer puts into the mailbox: the message, what it was set in, and whether it is still wanted when its turn
 * comes.
 *
 * @since 0.1.0
 * @category models
 */
export class Tick<out I> {
  readonly message: I
  readonly links: ReadonlyArray<Tracer.SpanLink>
  readonly isWanted: () => boolean
  constructor(message: I, links: ReadonlyArray<Tracer.SpanLink>, isWanted: () => boolean) {
    this.message = message
    this.links = links
    this.isWanted = isWanted
  }
}

/**
 * The span that this is done in, as a link for what it sets going but does not contain.
 *
 * @since 0.1.0
 * @category links
 */
export const linkToHere: Effect.Effect<ReadonlyArray<Tracer.SpanLink>> = Effect.withFiber(({ cache, context }) => {
  const { span } = cache
  try {
    return Effect.succeed(span?.sampled === true ? [{ span, attributes: {} }] : [])
  } catch (error) {
    SafeTracer.failed(context, "read", error)
    return Effect.succeed([])
  }
})

/**
 * Does something at every multiple of an interval, as if a share of the first one had passed already (from 0 to below 1).
 * (`Schedule.fixed` would go by the wall clock, and do it twice when a timer fires a millisecond early.)
 */
const repeatedly = Effect.fnUntraced(function* (
  interval: Duration.Input,
  passed: number,
  effect: Effect.Effect<unknown>
) {
  const millis = Math.max(1, Duration.toMillis(Duration.fromInputUnsafe(interval)))
  const start = (yield* Monotonic.now) - passed * millis
  let times = 0
  while (true) {
    const elapsed = (yield* Monotonic.now) - start
    times = Math.max(times + 1, Math.floor(elapsed / millis))
    yield* Effect.sleep(times * millis - elapsed)
    yield* effect
  }
})

/**
 * Timers that end with the scope, which holds nothing for each of them once it has fired.
 *
 * @since 0.1.0
 * @category constructors
 */
export const timers = Effect.fnUntraced(function* <I>(
  mailbox: Mailbox.Enqueue<Tick<I>>
): Effect.fn.Return<Timers<I>, never, Scope.Scope> {
  const scope = yield* Effect.scope
  let alive = true
  yield* Effect.addFinalizer(() => Effect.sync(() => void (alive = false)))
  const set = (message: I, when: (send: Effect.Effect<unknown>) => Effect.Effect<unknown>) =>
    Effect.gen(function* () {
      const links = yield* linkToHere
      let wanted = true
      const isWanted = () => alive && wanted
      const cancel = Effect.sync(() => void (wanted = false))
      const send = Effect.suspend(() => Mailbox.offer(mailbox, new Tick(message, links, isWanted)))
      const fiber = yield* Detached.forkIn(scope)(when(send))
      return { cancel: Effect.andThen(cancel, Fiber.interrupt(fiber)) }
    })
  return {
    after: (delay, message) => set(message, Effect.delay(delay)),
    every: (interval, message, { jitter = false } = {}) =>
      set(message, (send) =>
        Effect.flatMap(jitter ? Random.next : Effect.succeed(0), (passed) => repeatedly(interval, passed, send))
      )
  }
})
