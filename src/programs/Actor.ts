/**
 * An actor: a supervised fiber that owns a mailbox and handles one message at a time. What a GenServer is.
 *
 * @since 0.1.0
 */
import { Cause, Context, Deferred, Effect, Exit, Fiber, Pull, Queue, type Scope, type Tracer } from "effect"
import {
  ActorDied,
  ActorNotStarted,
  ActorStopped,
  type Address,
  isRequest,
  type Protocol,
  type Request,
  type Tag
} from "../domain/Actor.ts"
import * as Envelope from "../domain/Envelope.ts"
import * as Metrics from "../domain/Metrics.ts"
import * as Propagation from "../domain/Propagation.ts"
import * as Supervision from "../domain/Supervision.ts"
import { Death, deathOf, supervise } from "./actor/supervise.ts"
import { linkToHere, Tick, timers, type Timers } from "./actor/timers.ts"
import * as Transport from "./Transport.ts"

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

/**
 * What an actor does with each request of its protocol.
 *
 * @since 0.1.0
 * @category models
 */
export type Handlers<P extends Protocol<P>, R> = {
  readonly [T in Tag<P>]: (payload: P[T]["payload"]) => Effect.Effect<P[T]["success"], P[T]["error"], R>
}

/**
 * What an actor does: with requests, and with bare messages `I`, which anybody may put into its mailbox, its own timers
 * included. The state is what its functions share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behavior<P extends Protocol<P>, I, R> {
  readonly requests: Handlers<P, R>
  readonly message?: (message: I) => Effect.Effect<void, never, R>
}

/**
 * An actor as it sees itself: with timers, and a `stop` that handles what is in the mailbox and then ends the actor.
 *
 * @since 0.1.0
 * @category models
 */
export interface Self<P extends Protocol<P>, I> extends Timers<I> {
  readonly address: Address<P, I>
  readonly stop: Effect.Effect<void>
}

/**
 * An actor as its owner sees it. `stop` accepts nothing more, waits until what was accepted is handled, and ends it (in
 * the actor's own handler it does not wait).
 * `ended` waits for its end: it fails if the actor died and was not started again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Actor<P extends Protocol<P>, I = never> extends Address<P, I> {
  readonly stop: Effect.Effect<void>
  readonly ended: Effect.Effect<void, ActorDied>
}

/**
 * - `kind` names the actor in errors, spans and metrics
 * - `capacity` bounds the mailbox: senders wait when it is full
 * - `init` makes the behavior, and with it the state. What it acquires is released when the actor ends or is started anew
 * - `supervision` says what a defect costs; by default the actor is started anew, see `Supervision.restart`
 * - `policy` says what becomes of messages without a trace; by default what `Propagation.policy` says where it is made
 * - `span` names the span in which a request is handled, by default `actor.call <Request>`; `attributes` are on all
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<P extends Protocol<P>, I, E, R, R2> {
  readonly kind: string
  readonly capacity: number
  readonly init: (self: Self<P, I>) => Effect.Effect<Behavior<P, I, R>, E, R2>
  readonly supervision?: Supervision.Supervision
  readonly policy?: Propagation.Policy
  readonly span?: (tag: Tag<P>) => string
  readonly attributes?: Readonly<Record<string, unknown>>
}

/** The actor in whose handler something is done, in whichever fiber of it. */
const Owner: Context.Reference<unknown> = Context.Reference<unknown>("fanfare/programs/Actor/Owner", {
  defaultValue: () => undefined
})

type Phase =
  | { readonly _tag: "Prepared" }
  | { readonly _tag: "NotStarted"; readonly error: ActorNotStarted }
  | { readonly _tag: "Running" }
  | { readonly _tag: "Stopped" }
  | { readonly _tag: "Died"; readonly cause: Cause.Cause<unknown> }

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
    type Message = Request<P> | I
    type Incoming = Message | Envelope.Envelope<Message>

    const { kind, supervision = Supervision.restart() } = options
    const policy = options.policy ?? (yield* Propagation.policy)
    const mailbox = yield* Queue.bounded<Incoming | Tick<I>, Cause.Done>(options.capacity)
    const started = yield* Deferred.make<void, ActorNotStarted>()
    const ended = yield* Deferred.make<void, ActorDied>()
    const wait = Metrics.mailboxWait(kind)
    let phase: Phase = { _tag: "Prepared" }
    let links: ReadonlyArray<Tracer.SpanLink> = []

    const refusal = (request: string) => {
      switch (phase._tag) {
        case "Running":
          return undefined
        case "Prepared":
          return new ActorNotStarted({ kind, request, handled: "no" })
        case "NotStarted":
          return new ActorNotStarted({ kind, request, handled: "no", cause: phase.error.cause })
        case "Stopped":
          return new ActorStopped({ kind, request, handled: "no" })
        case "Died":
          return died("no", phase.cause, request)
      }
    }
    const address: Address<P, I> = { kind, mailbox, refusal }

    /** The first span that is opened links to what the actor was started in. */
    const linked = (own: ReadonlyArray<Tracer.SpanLink>) => () => {
      const first = links
      links = []
      return [...first, ...own]
    }
    const hop = (name: string, own: ReadonlyArray<Tracer.SpanLink> = []): Transport.Hop => ({
      name,
      wait,
      links: linked(own),
      attributes: { ...options.attributes }
    })
    const receiver = Transport.receiver<Message>(
      (message) =>
        hop(isRequest<P>(message) ? (options.span?.(message.tag) ?? `actor.call ${message.tag}`) : "actor.message"),
      policy
    )

    /** What is being handled, for the case that the fiber is interrupted at it. */
    let handling: Request<P> | undefined

    const died = (handled: "no" | "maybe", cause: Cause.Cause<unknown>, request?: string) =>
      new ActorDied({ kind, handled, cause: Cause.squash(cause), ...(request === undefined ? undefined : { request }) })

    /** Goes on, or ends this life of the actor, as its supervision says. */
    const survive = (exit: Exit.Exit<unknown, unknown>, what: string): Effect.Effect<void, Death> => {
      if (Exit.isSuccess(exit) || exit.cause.reasons.every(Cause.isFailReason)) return Effect.void
      // Not the actor's own fiber is, or this would not be reached: no state has been spoilt by that.
      if (Cause.hasInterruptsOnly(exit.cause)) {
        return Effect.logWarning(`the ${kind} was interrupted while it handled ${what}`)
      }
      return Effect.andThen(
        Effect.logError(`the ${kind} died of a defect while it handled ${what}`, exit.cause),
        supervision.strategy === "resume" ? Effect.void : Effect.fail(new Death(exit.cause))
      )
    }

    const answer = <T extends Tag<P>>(
      { call, tag }: Request<P, T>,
      exit: Exit.Exit<P[T]["success"], P[T]["error"]>
    ): Effect.Effect<void, Death> => {
      handling = undefined
      if (call !== undefined) {
        const answered = Exit.isSuccess(exit) || exit.cause.reasons.every(Cause.isFailReason)
        Deferred.doneUnsafe(call.reply, answered ? exit : Exit.fail(died("maybe", exit.cause, tag)))
      }
      return survive(exit, tag)
    }

    const serve = ({ message, requests }: Behavior<P, I, R>) => {
      const take = message ?? (() => Effect.logWarning(`the ${kind} takes no bare messages: one was dropped`))
      const run = <T extends Tag<P>>({ payload, tag }: Request<P, T>) => requests[tag](payload)
      return (incoming: Incoming | Tick<I>): Effect.Effect<void, Death, R> => {
        if (incoming instanceof Tick) {
          if (!incoming.isWanted()) return Effect.void
          const taken = Effect.suspend(() => take(incoming.message))
          const effect = receiver.begin(hop("actor.timer", incoming.links), taken)
          return Effect.flatMap(Effect.exit(effect), (exit) => survive(exit, "a timer's message"))
        }
        const item = Envelope.isEnvelope(incoming) ? incoming.message : incoming
        if (!isRequest<P>(item)) {
          const effect = Effect.suspend(() =>
            receiver.handle(incoming, (bare) => (isRequest<P>(bare) ? Effect.void : take(bare)))
          )
          return Effect.flatMap(Effect.exit(effect), (exit) => survive(exit, "a message"))
        }
        const { call } = item
        // Its caller has given up, and has been told that it will not be handled.
        if (call?.phase === "withdrawn") return Effect.void
        if (call !== undefined) call.phase = "handling"
        handling = item
        // Suspended, so that a handler that throws while it is called is one that dies, and no more.
        const effect = Effect.suspend(() =>
          receiver.handle(incoming, (request) => (isRequest<P>(request) ? run(request) : Effect.void))
        )
        return Effect.flatMap(Effect.exit(effect), (exit) => answer(item, exit))
      }
    }

    /** No caller is left without an answer: what was not handled is told so. */
    const abandon = ({ call, tag }: Request<P>, handled: "no" | "maybe"): void => {
      const error =
        phase._tag === "Died" ? died(handled, phase.cause, tag) : new ActorStopped({ kind, request: tag, handled })
      if (call !== undefined) Deferred.doneUnsafe(call.reply, Exit.fail(error))
    }

    const stopping = yield* Deferred.make<void>()
    /** Accepts nothing more; what is there is handled yet. */
    const noMore = Effect.andThen(Queue.end(mailbox), Effect.asVoid(Deferred.succeed(stopping, undefined)))
    const stopped = Effect.andThen(
      Deferred.await(stopping),
      Effect.map(Queue.size(mailbox), (left) => left > 0)
    )

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
        return yield* Queue.take(mailbox).pipe(Effect.flatMap(serve(behavior)), Effect.forever({ disableYield: true }))
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
        if (handling !== undefined) abandon(handling, "maybe")
        yield* Queue.end(mailbox)
        for (const incoming of yield* Queue.collect(mailbox)) {
          const item = Envelope.isEnvelope(incoming) ? incoming.message : incoming
          if (isRequest<P>(item)) abandon(item, "no")
        }
        const notStarted = phase._tag === "NotStarted" ? phase.error : new ActorNotStarted({ kind, handled: "no" })
        Deferred.doneUnsafe(started, Exit.fail(notStarted))
        Deferred.doneUnsafe(ended, phase._tag === "Died" ? Exit.fail(died("maybe", phase.cause)) : Exit.void)
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
        links = yield* linkToHere
        fiber = yield* Effect.forkDetach(Effect.setContext(loop, context))
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
    yield* Effect.addFinalizer(() => close)
    const stop = Effect.withFiber((stopper) => {
      if (fiber === undefined) return close
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
