/**
 * How an actor takes what is in its mailbox: one message at a time, each within its span, each call answered.
 *
 * @since 0.1.0
 */
import { Cause, Deferred, Effect, Exit, type Tracer } from "effect"
import { isRequest, type Protocol, type Request, type Tag } from "../../domain/Actor.ts"
import * as Envelope from "../../domain/Envelope.ts"
import * as Metrics from "../../domain/Metrics.ts"
import type * as Propagation from "../../domain/Propagation.ts"
import type { Supervision } from "../../domain/Supervision.ts"
import * as Transport from "../Transport.ts"
import { isLater, type Later } from "./Later.ts"
import type { Behavior, Options } from "./Options.ts"
import { Parking } from "./parking.ts"
import { died } from "./phase.ts"
import { Death } from "./supervise.ts"
import { Tick } from "./timers.ts"

/**
 * Wakes an actor that has a request to go on with.
 *
 * @since 0.1.0
 * @category models
 */
export class Wake {
  readonly _tag = "Wake"
}

const WAKE = new Wake()

/**
 * What lies in a mailbox: what others sent, bare or enveloped, and what the actor's own timers did.
 *
 * @since 0.1.0
 * @category models
 */
export type Incoming<P extends Protocol<P>, I> = Request<P> | I | Envelope.Envelope<Request<P> | I> | Tick<I> | Wake

/**
 * The request among what lies in a mailbox, if it is one.
 *
 * @since 0.1.0
 * @category getters
 */
export const requestIn = <P extends Protocol<P>, I>(incoming: Incoming<P, I>): Request<P> | undefined => {
  if (incoming instanceof Tick || incoming instanceof Wake) return undefined
  const message = Envelope.isEnvelope(incoming) ? incoming.message : incoming
  return isRequest<P>(message) ? message : undefined
}

/**
 * `receiver` is what the actor's loop runs under, and `serve` what it does with each message. `handling` is the request
 * that is being handled, if one is, for the case that the loop is interrupted at it; `parking` has those that are answered
 * later. `link` says what the first span that is opened is to link to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Serving<P extends Protocol<P>, I> {
  readonly receiver: Transport.Receiver<Request<P> | I>
  readonly serve: <R>(behavior: Behavior<P, I, R>) => (incoming: Incoming<P, I>) => Effect.Effect<void, Death, R>
  readonly handling: () => Request<P> | undefined
  readonly parking: Parking<P, Death>
  readonly link: (links: ReadonlyArray<Tracer.SpanLink>) => void
}

/**
 * `wake` puts what wakes the actor into its mailbox, and answers whether there was room: where
 * there is none, the actor is awake. `putBack` puts the message that was taken last back in front of all others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <P extends Protocol<P>, I>(
  options: Pick<Options<P, I, never, never, never>, "kind" | "span" | "attributes">,
  policy: Propagation.Policy,
  supervision: Supervision,
  wake: (message: Wake) => boolean,
  putBack: (incoming: Incoming<P, I>) => void
): Serving<P, I> => {
  type Message = Request<P> | I

  const { kind } = options
  const wait = Metrics.mailboxWait(kind)
  let links: ReadonlyArray<Tracer.SpanLink> = []

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

  /** Whether something lies in the mailbox that wakes the actor. */
  let isWoken = false
  const beWoken = (): void => {
    if (!isWoken) isWoken = wake(WAKE)
  }
  const parking = new Parking<P, Death>(beWoken)

  const handled = <T extends Tag<P>>(
    request: Request<P, T>,
    exit: Exit.Exit<P[T]["success"] | Later<P[T]["success"], P[T]["error"]>, P[T]["error"]>
  ): Effect.Effect<void, Death> => {
    handling = undefined
    if (Exit.isFailure(exit)) return answer(request, exit)
    const { value } = exit
    if (!isLater(value)) return answer(request, Exit.succeed(value))
    parking.park(request, value, goOn(request, value))
    return Effect.void
  }

  const goOn = <T extends Tag<P>>(
    request: Request<P, T>,
    { resume }: Later<P[T]["success"], P[T]["error"]>
  ): Effect.Effect<void, Death> =>
    Effect.suspend(() => {
      handling = request
      return Effect.flatMap(Effect.exit(resume), (exit) => handled(request, exit))
    })

  const answer = <T extends Tag<P>>(
    { call, tag }: Request<P, T>,
    exit: Exit.Exit<P[T]["success"], P[T]["error"]>
  ): Effect.Effect<void, Death> => {
    if (call !== undefined) {
      const answered = Exit.isSuccess(exit) || exit.cause.reasons.every(Cause.isFailReason)
      Deferred.doneUnsafe(call.reply, answered ? exit : Exit.fail(died(kind, "maybe", exit.cause, tag)))
    }
    return survive(exit, tag)
  }

  const serve = <R>({ message, requests }: Behavior<P, I, R>) => {
    const take = message ?? (() => Effect.logWarning(`the ${kind} takes no bare messages: one was dropped`))
    const run = <T extends Tag<P>>({ payload, tag }: Request<P, T>) => requests[tag](payload)
    const one = (incoming: Incoming<P, I>): Effect.Effect<void, Death, R> => {
      if (incoming instanceof Wake) {
        isWoken = false
        if (parking.isReady) beWoken()
        return Effect.void
      }
      if (incoming instanceof Tick) {
        if (!incoming.isWanted()) return Effect.void
        const taken = Effect.suspend(() => take(incoming.message))
        const effect = receiver.begin(hop("actor.timer", incoming.links), taken)
        return Effect.flatMap(Effect.exit(effect), (exit) => survive(exit, "a timer's message"))
      }
      const request = requestIn<P, I>(incoming)
      if (request === undefined) {
        const effect = Effect.suspend(() =>
          receiver.handle(incoming, (bare) => (isRequest<P>(bare) ? Effect.void : take(bare)))
        )
        return Effect.flatMap(Effect.exit(effect), (exit) => survive(exit, "a message"))
      }
      const { call } = request
      // Its caller has given up, and has been told that it will not be handled.
      if (call?.phase === "withdrawn") return Effect.void
      if (call !== undefined) call.phase = "handling"
      handling = request
      // Suspended, so that a handler that throws while it is called is one that dies, and no more.
      const effect = Effect.suspend(() =>
        receiver.handle(incoming, (taken) => (isRequest<P>(taken) ? run(taken) : Effect.void))
      )
      return Effect.flatMap(Effect.exit(effect), (exit) => handled(request, exit))
    }
    return (incoming: Incoming<P, I>) => {
      if (!parking.isReady) return one(incoming)
      // One that has waited goes before each message: it came before, and however many do, messages have their turn. When
      // this life of the actor ends by that, the message is not lost.
      let isBegun = false
      const resumed = Effect.flatMap(parking.resume, () => {
        isBegun = true
        if (parking.isReady) beWoken()
        return one(incoming)
      })
      return Effect.onExit(resumed, () => (isBegun ? Effect.void : Effect.sync(() => putBack(incoming))))
    }
  }

  return { receiver, serve, handling: () => handling, parking, link: (to) => void (links = to) }
}
