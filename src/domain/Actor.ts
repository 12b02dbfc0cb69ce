/**
 * How one speaks to an actor: the requests it understands, and what can go wrong.
 *
 * @since 0.1.0
 */
import { type Deferred, Schema } from "effect"
import type { Mailbox } from "./Mailbox.ts"

/**
 * What an actor understands: by tag, what a request holds, and the answer to a call.
 *
 * @example
 * ```ts
 * interface Counter {
 *   readonly Add: { readonly payload: number; readonly success: number; readonly error: never }
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export type Protocol<P> = {
  readonly [Tag in keyof P]: { readonly payload: unknown; readonly success: unknown; readonly error: unknown }
}

/**
 * The tags of a protocol.
 *
 * @since 0.1.0
 * @category models
 */
export type Tag<P> = keyof P & string

/**
 * How a call is answered: its protocol's success or error, or what went wrong with the actor.
 *
 * @since 0.1.0
 * @category models
 */
export type Reply<P extends Protocol<P>, T extends Tag<P>> = Deferred.Deferred<
  P[T]["success"],
  P[T]["error"] | ActorError
>

/**
 * A protocol's requests, by tag, as they lie in a mailbox. A cast has nobody to reply to.
 *
 * @since 0.1.0
 * @category models
 */
export type Requests<P extends Protocol<P>> = {
  readonly [T in Tag<P>]: {
    readonly tag: T
    readonly payload: P[T]["payload"]
    readonly reply: Reply<P, T> | undefined
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export type Request<P extends Protocol<P>, T extends Tag<P> = Tag<P>> = Requests<P>[T]

/**
 * @since 0.1.0
 * @category constructors
 */
export const request = <P extends Protocol<P>, T extends Tag<P>>(
  tag: T,
  payload: P[T]["payload"],
  reply?: Reply<P, T>
): Request<P, T> => ({ tag, payload, reply })

/**
 * What the outside holds of an actor: its kind, for errors and spans, and where to send.
 *
 * @since 0.1.0
 * @category models
 */
export interface Address<P extends Protocol<P>> {
  readonly kind: string
  readonly mailbox: Mailbox<Request<P>>
}

/**
 * The actor has stopped. `handled` tells whether the request may have taken effect: "no" when it was still in the
 * mailbox, "maybe" when it was being handled.
 *
 * @since 0.1.0
 * @category errors
 */
export class ActorStopped extends Schema.TaggedError<ActorStopped>()("ActorStopped", {
  kind: Schema.String,
  request: Schema.String,
  handled: Schema.Literals(["no", "maybe"])
}) {
  override get message() {
    return this.handled === "no"
      ? `the ${this.kind} stopped before it handled ${this.request}: send it to its successor`
      : `the ${this.kind} stopped while it handled ${this.request}: find out whether it took effect before sending again`
  }
}

/**
 * No answer came in time. The request is still in the mailbox, being handled, or done: its effect is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class CallTimedOut extends Schema.TaggedError<CallTimedOut>()("CallTimedOut", {
  kind: Schema.String,
  request: Schema.String,
  timeoutMillis: Schema.Finite
}) {
  override get message() {
    return (
      `the ${this.kind} did not answer ${this.request} within ${this.timeoutMillis} ms; it may still handle it: ` +
      `find out before sending again, or allow more time`
    )
  }
}

/**
 * The handler died of a defect. The actor goes on with the state it had before; effects outside it may have happened.
 *
 * @since 0.1.0
 * @category errors
 */
export class HandlerDied extends Schema.TaggedError<HandlerDied>()("HandlerDied", {
  kind: Schema.String,
  request: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `the ${this.kind} died of a defect in its handler of ${this.request}: this is a bug; see the cause`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export type ActorError = ActorStopped | CallTimedOut | HandlerDied
