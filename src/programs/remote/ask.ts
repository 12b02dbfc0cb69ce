/**
 * Asking an actor on behalf of somebody who is not here: with the trace that the request came with, and none of one's own.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, type Exit } from "effect"
import { type ActorError, type Address, type CallOf, type Protocol, request, type Tag } from "../../domain/Actor.ts"
import * as Envelope from "../../domain/Envelope.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import { wrapped } from "../transport/Current.ts"
import { refuse } from "../transport/Send.ts"

/**
 * Puts a request into an actor's mailbox and waits for what becomes of it, for as long as that takes.
 *
 * @since 0.1.0
 * @category sending
 */
export const ask = <P extends Protocol<P>, T extends Tag<P>>(
  address: Address<P>,
  carrier: Envelope.Envelope<unknown>["carrier"],
  tag: T,
  payload: P[T]["payload"]
): Effect.Effect<Exit.Exit<P[T]["success"], P[T]["error"] | ActorError>> =>
  Effect.withFiber((fiber) => {
    const call: CallOf<P, T> = { reply: Deferred.makeUnsafe(), phase: "waiting" }
    const bare = request<P, T>(tag, payload, call)
    const incoming = carrier === undefined ? wrapped(fiber, undefined, bare) : Envelope.make(bare, carrier)
    return Mailbox.offer(address.mailbox, incoming).pipe(
      Effect.flatMap((isTaken) => (isTaken ? Deferred.await(call.reply) : refuse(address, tag))),
      Effect.exit
    )
  })
