/**
 * An actor: a supervised fiber that owns a mailbox and handles one message at a time. What a GenServer is.
 *
 * @since 0.1.0
 */
import { Cause, Deferred, Effect, Exit, Fiber, Metric, Pull, Scope } from "effect"
import {
  type ActorDied,
  ActorNotStarted,
  ActorStopped,
  type Address,
  Owner,
  type Protocol,
  type Request
} from "../domain/Actor.ts"
import * as Detached from "../domain/Detached.ts"
import * as Mailbox from "../domain/Mailbox.ts"
import * as Metrics from "../domain/Metrics.ts"
import * as Propagation from "../domain/Propagation.ts"
import * as Supervision from "../domain/Supervision.ts"
import type { Options } from "./actor/Options.ts"
import { died, type Phase, refusal } from "./actor/phase.ts"
import * as Serve from "./actor/serve.ts"
import { Death, deathOf, supervise } from "./actor/supervise.ts"
import { linkToHere, Tick, timers } from "./actor/timers.ts"

export {
  /**
   * @since 0.1.0
   * @category guards
   */
  isLater,
  /**
   * @since 0.1.0
   * @category models
   */
  Later,
  /**
   * @since 0.1.0
   * @category handlers
   */
  later
} from "./actor/Later.ts"
export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Timer,
  /**
   * @since 0.1.0
   * @category models
   */
  type Timers
} from "./actor/timers.ts"
export {
  /**
   * @since 0.1.0
   * @category errors
   */
  ActorDied,
  /**
   * @since 0.1.0
   * @category errors
   */
  ActorNotStarted,
  /**
   * @since 0.1.0
   * @category errors
   */
  ActorStopped,
  /**
   * @since 0.1.0
   * @category models
   */
  type Address,
  /**
   * @since 0.1.0
   * @category errors
   */
  CallTimedOut
} from "../domain/Actor.ts"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Behavior,
  /**
   * @since 0.1.0
   * @category models
   */
  type Handlers,
  /**
   * @since 0.1.0
   * @category models
   */
  type Options,
  /**
   * @since 0.1.0
   * @category models
   */
  type Self
} from "./actor/Options.ts"

/**
 * An actor as its owner sees it. `stop` accepts nothing more, waits until what was accepted is handled, and ends it; in
 * a handler of the actor itself it does not wait. `ended` waits for its end: it fails if the actor died and was not
 * started again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Actor<P extends Protocol<P>, I = never> extends Address<P, I> {
  readonly stop: Effect.Effect<void>
  readonly ended: Effect.Effect<void, ActorDied>
}

/**
 * An actor that is yet to be started: its address can be given away, and requests are refused with `ActorNotStarted`
 * until `start` has run its `init`. It lives until the scope closes. An `init` that fails, or dies, is an
 * `ActorNotStarted` with the cause.
 *
 * @since 0.1.0
 * @category constructors
 */
export const prepare = <P extends Protocol<P>, I = never>() =>
  Effect.fnUntraced(function* <E, R, R2>(
    options: Options<P, I, E, R, R2>
  ): Effect.fn.Return<
    { readonly actor: Actor<P, I>; readonly start: Effect.Effect<void, ActorNotStarted> },
    never,
    R | Exclude<R2, Scope.Scope> | Scope.Scope
  > {
    const { grace, kind, supervision = Supervision.restart() } = options
    const policy = options.policy ?? (yield* Propagation.policy)
    const mailbox = yield* Mailbox.bounded<Serve.Incoming<P, I>, Cause.Done>(options.capacity)
    const started = yield* Deferred.make<void, ActorNotStarted>()
    const ended = yield* Deferred.make<void, ActorDied>()
    let phase: Phase = { _tag: "Prepared" }

    const address: Address<P, I> = { kind, mailbox, refusal: (request) => refusal(kind, phase, request) }
    const { handling, link, parking, receiver, serve } = Serve.make<P, I>(
      options,
      policy,
      supervision,
      (wake) => mailbox.offerUnsafe(wake),
      (incoming) => mailbox.unshift(incoming)
    )

    /** No caller is left without an answer: what was not handled is told so. */
    const abandon = ({ call, tag }: Request<P>, handled: "no" | "maybe"): void => {
      const error =
        phase._tag === "Died"
          ? died(kind, handled, phase.cause, tag)
          : new ActorStopped({ kind, request: tag, handled })
      if (call !== undefined) Deferred.doneUnsafe(call.reply, Exit.fail(error))
    }

    /** What was accepted and will not be handled: callers are told, and what nobody waits for is counted and logged. */
    const unhandled = Effect.fnUntraced(function* (left: ReadonlyArray<Serve.Incoming<P, I>>) {
      const casts: Record<string, number> = {}
      let count = 0
      for (const incoming of left) {
        const request = Serve.requestIn<P, I>(incoming)
        if (request !== undefined) abandon(request, "no")
        if (request?.call !== undefined || incoming instanceof Tick || incoming instanceof Serve.Wake) continue
        const tag = request?.tag ?? "bare message"
        casts[tag] = (casts[tag] ?? 0) + 1
        count++
      }
      if (count === 0) return
      yield* Metric.update(Metrics.unhandled(kind), count)
      // Whoever closes its scope instead of stopping it has decided so.
      const log = phase._tag === "Died" ? Effect.logWarning : Effect.logDebug
      yield* log(`the ${kind} ended before it handled ${count} messages that it had accepted`, casts)
    })

    const stopping = yield* Deferred.make<void>()
    /** Accepts nothing more; what is there is handled yet. */
    const noMore = Effect.andThen(Mailbox.end(mailbox), Effect.asVoid(Deferred.succeed(stopping, undefined)))
    const stopped = Effect.andThen(
      Deferred.await(stopping),
      Effect.map(Mailbox.size(mailbox), (left) => left > 0)
    )

    /** What becomes of requests that are to be answered later, when a life has come to its end. */
    const parked = Effect.fnUntraced(function* (exit: Exit.Exit<unknown, unknown>) {
      const death = Exit.isSuccess(exit) ? undefined : deathOf(exit.cause)
      const lost: Array<Request<P>> = []
      const dropped = (request: Request<P>, handled: "no" | "maybe"): void => {
        const { call, tag } = request
        if (call === undefined) lost.push(request)
        else if (death === undefined) abandon(request, handled)
        else Deferred.doneUnsafe(call.reply, Exit.fail(died(kind, handled, death.cause, tag)))
      }
      // The loop has been interrupted at it: others may be gone on with now.
      const interrupted = handling()
      if (interrupted !== undefined) abandon(interrupted, "maybe")
      if (grace !== undefined && death === undefined) {
        parking.drop("no", dropped)
        yield* parking.finish.pipe(Effect.interruptible, Effect.timeoutOption(grace), Effect.ignore)
      }
      parking.drop("all", dropped)
      yield* unhandled(lost)
    })

    const life = Effect.scoped(
      Effect.gen(function* () {
        const own = yield* timers<I>(mailbox)
        const self = { ...own, address, stop: noMore }
        const behavior = yield* Effect.catchCause(
          Effect.suspend(() => options.init(self)),
          (cause): Effect.Effect<never, ActorNotStarted | Death> => {
            if (phase._tag === "Prepared") {
              return Effect.fail(new ActorNotStarted({ kind, handled: "no", cause: Cause.squash(cause) }))
            }
            return Effect.andThen(
              Effect.logError(`the ${kind} died of a defect as it was started again`, cause),
              Effect.fail(new Death(cause))
            )
          }
        )
        phase = { _tag: "Running" }
        Deferred.doneUnsafe(started, Exit.void)
        // After init: before what it has acquired is released.
        yield* Effect.addFinalizer(parked)
        return yield* Pull.catchDone(Mailbox.consume(mailbox, serve(behavior)), () => parking.finish)
      })
    ).pipe(
      Pull.catchDone(() => Effect.void),
      Effect.tapCause((cause) => {
        const others = cause.reasons.filter((reason) => Cause.isDieReason(reason) && !(reason.defect instanceof Death))
        return others.length === 0
          ? Effect.void
          : Effect.logError(`the ${kind} died of a defect as it ended`, Cause.fromReasons(others))
      })
    )

    const phaseAfter = (exit: Exit.Exit<void, Death | ActorNotStarted>): Phase => {
      if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return { _tag: "Stopped" }
      const error = exit.cause.reasons.find(Cause.isFailReason)?.error
      if (error?._tag === "ActorNotStarted") return { _tag: "NotStarted", error }
      return { _tag: "Died", cause: deathOf(exit.cause)?.cause ?? exit.cause }
    }

    const end = (exit: Exit.Exit<void, Death | ActorNotStarted>) =>
      Effect.gen(function* () {
        const wasStarted = phase._tag === "Running"
        phase = phaseAfter(exit)
        const interrupted = handling()
        if (interrupted !== undefined) abandon(interrupted, "maybe")
        yield* unhandled(yield* Mailbox.close(mailbox))
        const notStarted = phase._tag === "NotStarted" ? phase.error : new ActorNotStarted({ kind, handled: "no" })
        Deferred.doneUnsafe(started, Exit.fail(notStarted))
        Deferred.doneUnsafe(ended, phase._tag === "Died" ? Exit.fail(died(kind, "maybe", phase.cause)) : Exit.void)
        if (wasStarted && Exit.isFailure(exit) && deathOf(exit.cause) !== undefined) {
          yield* Effect.logError(`the ${kind} is not started again`)
        }
      })

    let fiber: Fiber.Fiber<void, Death | ActorNotStarted> | undefined
    const context = yield* Effect.context<R | Exclude<R2, Scope.Scope>>()
    const loop = supervise(life, supervision, stopped).pipe(
      receiver.own,
      Effect.onExit(end),
      Effect.provideService(Owner, address)
    )
    const start = Effect.gen(function* () {
      if (fiber === undefined && phase._tag === "Prepared") {
        link(yield* linkToHere)
        fiber = yield* Effect.setContext(Detached.fork(loop), context)
        // It has ended by itself, and leaves nothing to be done in a scope that may live on for long.
        fiber.addObserver(() => void Scope.closeUnsafe(scope, Exit.void))
      }
      return yield* Deferred.await(started)
    })
    const isOver = () => phase._tag !== "Prepared" && phase._tag !== "Running"
    const interrupt = Effect.suspend(() => (fiber === undefined ? Effect.void : Fiber.interrupt(fiber)))
    // A fiber that is interrupted before it has begun runs none of its finalizers.
    const close = Effect.andThen(
      interrupt,
      Effect.suspend(() => (isOver() ? Effect.void : end(Exit.void)))
    )
    const scope = yield* Scope.fork(yield* Effect.scope)
    yield* Scope.addFinalizer(scope, close)
    const stop = Effect.withFiber((stopper) => {
      if (fiber === undefined) return Scope.close(scope, Exit.void)
      // A handler that waited for its own end would wait for ever.
      return stopper.getRef(Owner) === address ? noMore : Effect.andThen(noMore, Effect.asVoid(Fiber.await(fiber)))
    })
    return { actor: { ...address, stop, ended: Deferred.await(ended) }, start }
  })

/**
 * Starts an actor that lives until the scope closes, or until it is stopped.
 *
 * A handler that fails answers with its error. One that dies answers `ActorDied` and is logged; what becomes of the
 * actor is said by its supervision. When the actor ends, calls that still wait are told so, and whether theirs may have
 * been handled.
 *
 * (The protocol, and the type of bare messages if it takes any, are given apart from the options: all else is then
 * inferred.)
 *
 * The span that started the actor is a link on the first span that the actor opens, never a parent.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Actor, Transport } from "fanfare"
 *
 * interface Counter {
 *   readonly Add: { readonly payload: number; readonly success: number; readonly error: never }
 * }
 *
 * const program = Effect.gen(function* () {
 *   const counter = yield* Actor.make<Counter, "tick">()({
 *     kind: "counter",
 *     capacity: 16,
 *     init: (self) =>
 *       Effect.gen(function* () {
 *         let total = 0
 *         yield* self.every("1 second", "tick")
 *         return {
 *           requests: { Add: (amount) => Effect.sync(() => (total += amount)) },
 *           message: () => Effect.log(`the total is ${total}`)
 *         }
 *       })
 *   })
 *   return yield* Transport.call(counter, "Add", 2) // 2
 * }).pipe(Effect.scoped)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make =
  <P extends Protocol<P>, I = never>() =>
  <E, R, R2>(
    options: Options<P, I, E, R, R2>
  ): Effect.Effect<Actor<P, I>, ActorNotStarted, R | Exclude<R2, Scope.Scope> | Scope.Scope> =>
    Effect.flatMap(prepare<P, I>()(options), ({ actor, start }) => Effect.as(start, actor))
