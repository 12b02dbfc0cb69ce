/**
 * An actor: a fiber that owns a mailbox and handles one request at a time.
 *
 * @since 0.1.0
 */
import { Cause, Context, Deferred, Effect, Exit, Fiber, Queue, type Scope, Tracer } from "effect"
import { ActorStopped, type Address, HandlerDied, type Protocol, type Request, type Tag } from "../domain/Actor.ts"
import * as Envelope from "../domain/Envelope.ts"
import * as Transport from "./Transport.ts"

export {
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
  CallTimedOut,
  /**
   * @since 0.1.0
   * @category errors
   */
  HandlerDied
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
 * `kind` names the actor in errors and spans. `capacity` bounds the mailbox: senders wait when it is full. `init` makes
 * the handlers, and with them the state that they share. `span` names the span in which a request is handled.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<P extends Protocol<P>, R, R2> {
  readonly kind: string
  readonly capacity: number
  readonly init: Effect.Effect<Handlers<P, R>, never, R2>
  readonly span?: (tag: Tag<P>) => string
  readonly attributes?: Readonly<Record<string, unknown>>
}

/**
 * Starts an actor that lives until the scope closes.
 *
 * A handler that fails answers with its error. One that dies answers `HandlerDied` and is logged; the actor goes on
 * with the next request. When the actor stops, calls that still wait are told so: `ActorStopped` says whether theirs
 * may have been handled.
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
 *   const counter = yield* Actor.make<Counter>({
 *     kind: "counter",
 *     capacity: 16,
 *     init: Effect.sync(() => {
 *       let total = 0
 *       return { Add: (amount) => Effect.sync(() => (total += amount)) }
 *     })
 *   })
 *   return yield* Transport.call(counter, "Add", 2) // 2
 * }).pipe(Effect.scoped)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* <P extends Protocol<P>, R = never, R2 = never>(
  options: Options<P, R, R2>
): Effect.fn.Return<Address<P>, never, R | R2 | Scope.Scope> {
  const { kind } = options
  const handlers = yield* options.init
  const mailbox = yield* Queue.bounded<Request<P> | Envelope.Envelope<Request<P>>, Cause.Done>(options.capacity)
  const context = yield* Effect.context<R>()
  const creator = Context.getOption(context, Tracer.ParentSpan)
  let links: ReadonlyArray<Tracer.SpanLink> = creator._tag === "Some" ? [{ span: creator.value, attributes: {} }] : []

  const hop = (tag: Tag<P>): Transport.Hop => {
    const first = links
    links = []
    return {
      name: options.span?.(tag) ?? `actor.call ${tag}`,
      links: first,
      ...(options.attributes === undefined ? undefined : { attributes: options.attributes })
    }
  }

  const serve = <T extends Tag<P>>(
    incoming: Request<P, T> | Envelope.Envelope<Request<P, T>>
  ): Effect.Effect<void, never, R> => {
    const { reply, tag } = Envelope.isEnvelope(incoming) ? incoming.message : incoming
    const settle = (exit: Exit.Exit<P[T]["success"], P[T]["error"]>) => {
      if (Exit.isSuccess(exit)) {
        if (reply !== undefined) Deferred.doneUnsafe(reply, exit)
        return Effect.void
      }
      const defect = exit.cause.reasons.find(Cause.isDieReason)
      if (defect !== undefined) {
        if (reply !== undefined) {
          Deferred.doneUnsafe(reply, Exit.fail(new HandlerDied({ kind, request: tag, cause: defect.defect })))
        }
        return Effect.logError(`the ${kind} died of a defect while it handled ${tag}`, exit.cause)
      }
      if (reply !== undefined) {
        Deferred.doneUnsafe(
          reply,
          exit.cause.reasons.some(Cause.isFailReason)
            ? exit
            : Exit.fail(new ActorStopped({ kind, request: tag, handled: "maybe" }))
        )
      }
      return Effect.void
    }
    // Suspended, so that a handler that throws while it is called is one that dies, and no more.
    return Effect.suspend(() =>
      Transport.receive(
        incoming,
        (request) => hop(request.tag),
        (request) => handlers[request.tag](request.payload)
      )
    ).pipe(
      Effect.onExit(settle),
      Effect.catchCause(() => Effect.void)
    )
  }

  /** No caller is left without an answer: what is still in the mailbox is told that nobody will handle it. */
  const abandon = (incoming: Request<P> | Envelope.Envelope<Request<P>>) => {
    const { reply, tag } = Envelope.isEnvelope(incoming) ? incoming.message : incoming
    if (reply !== undefined) {
      Deferred.doneUnsafe(reply, Exit.fail(new ActorStopped({ kind, request: tag, handled: "no" })))
    }
  }

  const stop = Effect.gen(function* () {
    yield* Queue.end(mailbox)
    for (const incoming of yield* Queue.collect(mailbox)) abandon(incoming)
  })

  const loop = Queue.take(mailbox).pipe(
    Effect.flatMap(serve),
    Effect.forever({ disableYield: true }),
    // Nothing but a stop ends the loop. Should anything else, nobody is to wait for it.
    Effect.onError((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError(`the ${kind} died`, cause)
    ),
    Effect.ensuring(stop)
  )
  yield* Effect.acquireRelease(Effect.forkDetach(Effect.setContext(loop, Transport.withoutTrace(context))), (fiber) =>
    Effect.andThen(Fiber.interrupt(fiber), stop)
  )

  return { kind, mailbox }
})
