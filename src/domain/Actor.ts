/**
 * How one speaks to an actor: the requests it understands, and what can go wrong.
 *
 * @since 0.1.0
 */
import { Context, type Deferred, Predicate, Schema } from "effect"
import type { Outbox } from "./Mailbox.ts"

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
 * The tags of requests that cannot fail: only they can be cast, since nobody would hear of the failure.
 *
 * @since 0.1.0
 * @category models
 */
export type CastTag<P extends Protocol<P>> = {
  readonly [T in Tag<P>]: [P[T]["error"]] extends [never] ? T : never
}[Tag<P>]

/**
 * The caller's side of a call: where the answer goes, and how far the request has come. A caller that gives up while it
 * is *waiting* withdraws it, and it will not be handled; once it is *handling*, there is no way back.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call<in out A, in out E> {
  readonly reply: Deferred.Deferred<A, E | ActorError>
  phase: "waiting" | "handling" | "withdrawn"
}

/**
 * The call of a request of a protocol.
 *
 * @since 0.1.0
 * @category models
 */
export type CallOf<P extends Protocol<P>, T extends Tag<P>> = Call<P[T]["success"], P[T]["error"]>

const TypeId: unique symbol = Symbol.for("~fanfare/Actor/Request")

class RequestImpl<T, Payload, C> {
  readonly tag: T
  readonly payload: Payload
  readonly call: C | undefined
  constructor(tag: T, payload: Payload, call: C | undefined) {
    this.tag = tag
    this.payload = payload
    this.call = call
  }
  get [TypeId](): typeof TypeId {
    return TypeId
  }
}

/**
 * A protocol's requests, by tag, as they lie in a mailbox. A cast has nobody to reply to.
 *
 * @since 0.1.0
 * @category models
 */
export type Requests<P extends Protocol<P>> = {
  readonly [T in Tag<P>]: RequestImpl<T, P[T]["payload"], CallOf<P, T>>
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
  call?: CallOf<P, T>
): Request<P, T> => new RequestImpl(tag, payload, call)

/**
 * Tells a request from any other message in an actor's mailbox.
 *
 * @since 0.1.0
 * @category guards
 */
export const isRequest = <P extends Protocol<P>>(input: unknown): input is Request<P> =>
  Predicate.hasProperty(input, TypeId)

/**
 * What the outside holds of an actor: its kind, for errors and spans; where to send requests and, if it takes any, bare
 * messages `I`; and why it would refuse a request now, if it would.
 *
 * @since 0.1.0
 * @category models
 */
export interface Address<P extends Protocol<P>, in I = never> {
  readonly kind: string
  readonly mailbox: Outbox<Request<P> | I>
  readonly refusal: (request: string) => ActorNotStarted | ActorStopped | ActorDied | undefined
}

/**
 * Whether a request may have taken effect.
 *
 * @since 0.1.0
 * @category errors
 */
export const Handled = Schema.Literals(["no", "maybe"])

/**
 * The actor has not been started, or could not be: then `cause` says why. Nothing was handled.
 *
 * @since 0.1.0
 * @category errors
 */
export class ActorNotStarted extends Schema.TaggedError<ActorNotStarted>()("ActorNotStarted", {
  kind: Schema.String,
  request: Schema.optionalKey(Schema.String),
  handled: Schema.Literal("no"),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    if (this.request === undefined) {
      return this.cause === undefined
        ? `the ${this.kind} was stopped before it was started`
        : `the ${this.kind} could not be started: see the cause`
    }
    return this.cause === undefined
      ? `the ${this.kind} has not been started, so it did not handle ${this.request}: start it, and send it again`
      : `the ${this.kind} could not be started, so it did not handle ${this.request}: see the cause`
  }
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
  handled: Handled
}) {
  override get message() {
    return this.handled === "no"
      ? `the ${this.kind} stopped before it handled ${this.request}: send it to its successor`
      : `the ${this.kind} stopped while it handled ${this.request}: find out whether it took effect before sending again`
  }
}

/**
 * No answer came in time. A request that was still in the mailbox is withdrawn and will not be handled ("no"); of one
 * that is being handled the effect is unknown ("maybe").
 *
 * @since 0.1.0
 * @category errors
 */
export class CallTimedOut extends Schema.TaggedError<CallTimedOut>()("CallTimedOut", {
  kind: Schema.String,
  request: Schema.String,
  timeoutMillis: Schema.Finite,
  handled: Handled
}) {
  override get message() {
    const late = `the ${this.kind} did not answer ${this.request} within ${this.timeoutMillis} ms`
    return this.handled === "no"
      ? `${late}, and will not handle it any more: send it again, or allow more time`
      : `${late}; it is at it: find out whether it took effect before sending again, or allow more time`
  }
}

/**
 * The actor died of a defect: while it handled this request ("maybe"), or before, and was not started again ("no"). One whose
 * supervision has it go on says so of the request alone, and so does one whose handler somebody interrupted.
 * Whether later requests reach it is up to its supervision. Without a `request` it tells of the end of its life.
 *
 * @since 0.1.0
 * @category errors
 */
export class ActorDied extends Schema.TaggedError<ActorDied>()("ActorDied", {
  kind: Schema.String,
  request: Schema.optionalKey(Schema.String),
  handled: Handled,
  isInterrupted: Schema.optionalKey(Schema.Literal(true)),
  cause: Schema.Defect()
}) {
  override get message() {
    const { handled, isInterrupted, kind, request } = this
    if (request === undefined) return `the ${kind} died of a defect: this is a bug; see the cause`
    if (handled === "no") return `the ${kind} died before it handled ${request}: this is a bug; see the cause`
    return isInterrupted
      ? `the ${kind} was interrupted while it handled ${request}: find out whether it took effect before sending it again`
      : `the ${kind} has a defect in its handler of ${request}: this is a bug; see the cause`
  }
}

/**
 * The actor in whose handler something is done, in whichever fiber the handler waits for.
 *
 * @since 0.1.0
 * @category references
 */
export const Owner: Context.Reference<unknown> = Context.Reference<unknown>("fanfare/domain/Actor/Owner", {
  defaultValue: () => undefined
})

/**
 * @since 0.1.0
 * @category errors
 */
export type ActorError = ActorNotStarted | ActorStopped | ActorDied | CallTimedOut
