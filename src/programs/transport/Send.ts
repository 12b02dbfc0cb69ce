/**
 * Sending: to a mailbox, a queue or a topic; to an actor.
 *
 * @since 0.1.0
 */
import { Deferred, Duration, Effect, PubSub } from "effect"
import {
  type ActorDied,
  type ActorError,
  type ActorNotStarted,
  ActorStopped,
  type Address,
  type CallOf,
  CallTimedOut,
  type CastTag,
  type Protocol,
  request,
  type Tag
} from "../../domain/Actor.ts"
import type { Envelope } from "../../domain/Envelope.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import { current, wrapped } from "./Current.ts"

/** What is published to all who subscribe. */
type Topic<M> = PubSub.PubSub<M | Envelope<M>>

const isTopic = <M>(to: Mailbox.Outbox<M> | Topic<M>): to is Topic<M> => PubSub.isPubSub(to)

/**
 * Puts a message into a mailbox (any `Queue` is one), or publishes it to a topic (any `PubSub` is one). Answers `false`
 * when that has ended, or drops what it cannot hold; waits when it is full and suspends.
 *
 * @since 0.1.0
 * @category sending
 */
export const send = <M>(to: Mailbox.Outbox<M> | Topic<M>, message: M): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) => {
    const outgoing = wrapped(fiber, current(fiber), message)
    return isTopic(to) ? PubSub.publish(to, outgoing) : Mailbox.offer(to, outgoing)
  })

type Refusal = ActorNotStarted | ActorStopped | ActorDied

/**
 * Why a mailbox did not take a request.
 *
 * @since 0.1.0
 * @category sending
 */
export const refuse = <P extends Protocol<P>, I>(
  { kind, refusal }: Address<P, I>,
  tag: string
): Effect.Effect<never, Refusal> => Effect.fail(refusal(tag) ?? new ActorStopped({ kind, request: tag, handled: "no" }))

/**
 * Sends a request to an actor and does not wait for it to be handled.
 *
 * @since 0.1.0
 * @category sending
 */
export const cast = <P extends Protocol<P>, T extends CastTag<P>, I = never>(
  address: Address<P, I>,
  tag: T,
  payload: P[T]["payload"]
): Effect.Effect<void, Refusal> =>
  Effect.suspend((): Effect.Effect<void, Refusal> =>
    address.refusal(tag) === undefined
      ? Effect.flatMap(send(address.mailbox, request<P, T>(tag, payload)), (accepted) =>
          accepted ? Effect.void : refuse(address, tag)
        )
      : refuse(address, tag)
  )

/**
 * Sends a request to an actor and waits for the answer, by default for 5 seconds (as a GenServer does). When that is
 * over, or the caller is interrupted, a request that still lies in the mailbox is withdrawn; the error says so. (An
 * actor that calls itself waits for itself: use a function, or a cast.)
 *
 * @since 0.1.0
 * @category sending
 */
export const call = <P extends Protocol<P>, T extends Tag<P>, I = never>(
  address: Address<P, I>,
  tag: T,
  payload: P[T]["payload"],
  options?: { readonly timeout?: Duration.Input }
): Effect.Effect<P[T]["success"], P[T]["error"] | ActorError> => {
  const timeout = options?.timeout ?? "5 seconds"
  return Effect.suspend(() => {
    if (address.refusal(tag) !== undefined) return refuse(address, tag)
    const call: CallOf<P, T> = { reply: Deferred.makeUnsafe(), phase: "waiting" }
    return Effect.flatMap(send(address.mailbox, request<P, T>(tag, payload, call)), (accepted) =>
      accepted ? Deferred.await(call.reply) : refuse(address, tag)
    ).pipe(
      // Whoever gives up, for whichever reason, takes back what nobody has begun with.
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          if (call.phase === "waiting") call.phase = "withdrawn"
        })
      ),
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () => {
          const handled = call.phase === "handling" ? "maybe" : "no"
          const timeoutMillis = Duration.toMillis(Duration.fromInputUnsafe(timeout))
          return new CallTimedOut({ kind: address.kind, request: tag, timeoutMillis, handled })
        }
      })
    )
  })
}
