/**
 * A guild as its worker sees it: an address like the guild's own, whose requests go over the link and whose answers come
 * back over it.
 *
 * @since 0.1.0
 */
import { type Cause, Deferred, Effect, Exit, type Schema, type Scope } from "effect"
import { ActorStopped, type CallOf, type Request, type Tag } from "../../domain/Actor.ts"
import type { Community } from "../../domain/Community.ts"
import * as Envelope from "../../domain/Envelope.ts"
import type { SessionId } from "../../domain/Ids.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type { SessionHandle } from "../../domain/session/Session.ts"
import type { Link } from "../../domain/Worker.ts"
import type * as Guild from "../Guild.ts"

/** What may wait to be written. */
const MAILBOX_CAPACITY = 4096

type Protocol = Guild.Protocol
type Incoming = Request<Protocol> | Envelope.Envelope<Request<Protocol>>

interface Waiting {
  readonly answer: (exit: unknown) => Effect.Effect<void, Schema.SchemaError>
  readonly refuse: (error: ActorStopped) => void
}

/**
 * Answers that are waited for, by the number of their request.
 *
 * @since 0.1.0
 * @category models
 */
export class Pending {
  private next = 0
  private readonly waiting = new Map<number, Waiting>()

  /** Nothing of a request whose answer nobody waits for. */
  add<T extends Tag<Protocol>>(tag: T, call: CallOf<Protocol, T> | undefined): number | undefined {
    if (call === undefined) return undefined
    const number = this.next++
    const done = (answer: Wire.Answer<T>) => void Deferred.doneUnsafe(call.reply, answer)
    this.waiting.set(number, {
      answer: (exit) => Effect.map(Wire.replies[tag].decode(exit), done),
      refuse: (error) => done(Exit.fail(error))
    })
    return number
  }

  answer(number: number, exit: unknown): Effect.Effect<void, Schema.SchemaError> {
    return this.taken(number)?.answer(exit) ?? Effect.void
  }

  refuse(number: number | undefined, error: ActorStopped): void {
    if (number !== undefined) this.taken(number)?.refuse(error)
  }

  private taken(number: number): Waiting | undefined {
    const waiting = this.waiting.get(number)
    this.waiting.delete(number)
    return waiting
  }
}

/**
 * A guild, and the sessions that are to be connected to it or are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Proxy {
  readonly guild: Guild.Guild
  readonly session: (id: SessionId) => SessionHandle | undefined
}

/**
 * Lives until the scope closes; then, or when the link is gone, its requests are refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  community: Community,
  link: Link,
  pending: Pending
): Effect.fn.Return<Proxy, never, Scope.Scope> {
  const mailbox = yield* Mailbox.bounded<Incoming, Cause.Done>(MAILBOX_CAPACITY)
  const sessions = new Map<SessionId, SessionHandle>()
  let isOver = false
  const refusal = (request: string) => new ActorStopped({ kind: "guild", request, handled: "no" })

  /** What goes over the link, and the number under which it is answered. */
  const outgoing = (request: Request<Protocol>): readonly [Wire.Request, number | undefined] => {
    switch (request.tag) {
      case "Connect": {
        const { handle, intents, session, user } = request.payload
        if ("mailbox" in handle) sessions.set(session, handle)
        return [{ _tag: "Connect", payload: { session, user, intents } }, pending.add(request.tag, request.call)]
      }
      case "Disconnect":
        sessions.delete(request.payload.session)
        return [{ _tag: "Disconnect", payload: request.payload }, pending.add(request.tag, request.call)]
      case "SendMessage":
        return [{ _tag: "SendMessage", payload: request.payload }, pending.add(request.tag, request.call)]
      case "Describe":
        return [{ _tag: "Describe", payload: request.payload }, pending.add(request.tag, request.call)]
      case "Status":
        return [{ _tag: "Status" }, pending.add(request.tag, request.call)]
    }
  }

  const write = (incoming: Incoming): void => {
    const [request, carrier] = Envelope.isEnvelope(incoming) ? [incoming.message, incoming.carrier] : [incoming]
    const { call, tag } = request
    if (call?.phase === "withdrawn") return
    // From here on nobody can tell whether it is handled.
    if (call !== undefined) call.phase = "handling"
    const [message, number] = outgoing(request)
    const envelope = Envelope.make(message, carrier)
    const numbered = number === undefined ? undefined : { number }
    if (link.send(Wire.encodeUp({ _tag: "Request", guild: community.id, request: envelope, ...numbered }))) return
    isOver = true
    pending.refuse(number, refusal(tag))
  }

  yield* Effect.forkScoped(Mailbox.consume(mailbox, write))
  yield* Effect.addFinalizer(() => Effect.sync(() => void (isOver = true)))
  return {
    guild: {
      kind: "guild",
      community,
      mailbox,
      refusal: (request) => (isOver ? refusal(request) : undefined)
    },
    session: (id) => sessions.get(id)
  }
})
