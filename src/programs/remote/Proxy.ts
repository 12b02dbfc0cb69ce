/**
 * A guild as its worker sees it: an address like the guild's own, whose requests go over the link and whose answers come
 * back over it.
 *
 * @since 0.1.0
 */
import { Cause, Deferred, Effect, Exit, Fiber, type Schema, type Scope } from "effect"
import { ActorStopped, type Address, type CallOf, type Request } from "../../domain/Actor.ts"
import { type Change, changed, type Community, empty } from "../../domain/Community.ts"
import * as Detached from "../../domain/Detached.ts"
import * as Envelope from "../../domain/Envelope.ts"
import type { ReadProtocol } from "../../domain/guild/Protocol.ts"
import type { GuildId, SessionId, UserId } from "../../domain/Ids.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import { Window } from "../../domain/remote/Window.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type { SessionHandle } from "../../domain/session/Session.ts"
import type { UserIds } from "../../domain/UserIds.ts"
import type { Link } from "../../domain/Worker.ts"
import type * as Guild from "../Guild.ts"
import { Joins } from "../guild/Joins.ts"
import * as Transport from "../Transport.ts"

/** What a scan of a guild's members may take: a little more than the scan's own deadline. */
const SCAN_TIMEOUT = "35 seconds"

/** What may wait to be written. */
const MAILBOX_CAPACITY = 4096

interface Protocol extends Guild.Protocol, ReadProtocol {}
type Incoming = Request<Protocol> | Envelope.Envelope<Request<Protocol>>

interface Waiting {
  readonly parts: Array<UserIds>
  readonly answer: (exit: unknown) => Effect.Effect<void, Schema.SchemaError>
  readonly end: (exit: Exit.Exit<never, ActorStopped>) => void
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

  /** Nothing of a request whose answer nobody waits for. Once there is an answer, whichever, `done` is called. */
  add<T extends Wire.RequestTag>(tag: T, call: CallOf<Protocol, T> | undefined, done: () => void): number | undefined {
    if (call === undefined) return undefined
    const number = this.next++
    const answered = (answer: Wire.Answer<T>) => {
      Deferred.doneUnsafe(call.reply, answer)
      done()
    }
    const parts: Array<UserIds> = []
    this.waiting.set(number, {
      parts,
      answer: (exit) =>
        Effect.map(
          Effect.catch(Wire.ways[tag].answer.decode(exit, parts), (error) => Effect.succeed(Exit.die(error))),
          answered
        ),
      end: answered
    })
    return number
  }

  /** A part of an answer that is not yet all there. */
  part(number: number, users: UserIds): void {
    this.waiting.get(number)?.parts.push(users)
  }

  answer(number: number, exit: unknown): Effect.Effect<void, Schema.SchemaError> {
    return this.taken(number)?.answer(exit) ?? Effect.void
  }

  end(number: number | undefined, exit: Exit.Exit<never, ActorStopped>): void {
    if (number !== undefined) this.taken(number)?.end(exit)
  }

  private taken(number: number): Waiting | undefined {
    const waiting = this.waiting.get(number)
    this.waiting.delete(number)
    return waiting
  }
}

/**
 * A guild, and the sessions that are to be connected to it or are. `begun` waits until the guild has said what it is like
 * (`begin`); `take` takes changes over, and `joined` hears of a user who has joined.
 *
 * @since 0.1.0
 * @category models
 */
export interface Proxy {
  readonly guild: Guild.Guild
  readonly session: (id: SessionId) => SessionHandle | undefined
  readonly begun: Effect.Effect<void>
  readonly begin: (community: Community) => void
  readonly take: (changes: ReadonlyArray<Change>) => void
  readonly joined: (user: UserId) => void
}

/**
 * Lives until the scope closes; then, or when the link is gone, requests are refused, and those that wait for an answer are
 * told that they may have been handled.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  id: GuildId,
  link: Link,
  pending: Pending
): Effect.fn.Return<Proxy, never, Scope.Scope> {
  let community = empty(id)
  const begun = yield* Deferred.make<void>()
  const mailbox = yield* Mailbox.bounded<Incoming, Cause.Done>(MAILBOX_CAPACITY)
  const sessions = new Map<SessionId, SessionHandle>()
  const window = new Window(Wire.WINDOW)
  const joins = new Joins()
  const unanswered = new Set<number>()
  let isOver = false
  const refusal = (request: string, handled: "no" | "maybe" = "no") =>
    new ActorStopped({ kind: "guild", request, handled })

  /** What is not answered is bounded; what waits for that can be withdrawn yet. */
  const waitingFor = <T extends Wire.RequestTag>({ call, tag }: Request<Protocol, T>): number | undefined => {
    const number = pending.add(tag, call, () => {
      window.leave(1)
      if (number !== undefined) unanswered.delete(number)
    })
    if (number === undefined) return undefined
    window.enter()
    unanswered.add(number)
    return number
  }

  /** Which sessions live here is known here: a handle does not go over the link. */
  const keep = (request: Request<Protocol>): void => {
    if (request.tag === "Connect" && "mailbox" in request.payload.handle) {
      sessions.set(request.payload.session, request.payload.handle)
    }
    if (request.tag === "Disconnect") sessions.delete(request.payload.session)
  }

  /** What goes over the link. */
  const outgoing = <T extends Wire.RequestTag>({ payload, tag }: Request<Protocol, T>): Wire.Request => ({
    tag,
    payload: Wire.ways[tag].payload.encodeSync(payload)
  })

  const write = (incoming: Incoming): Effect.Effect<void> | undefined => {
    const [request, carrier] = Envelope.isEnvelope(incoming) ? [incoming.message, incoming.carrier] : [incoming]
    const { call, tag } = request
    if (call?.phase === "withdrawn") return undefined
    keep(request)
    const number = waitingFor(request)
    try {
      const message = outgoing(request)
      const numbered = number === undefined ? undefined : { number }
      const envelope = Envelope.make(message, carrier)
      const text = Wire.encodeUp({ _tag: "Request", guild: id, request: envelope, ...numbered })
      if (!isOver && link.send(text)) {
        // From here on nobody can tell whether it is handled.
        if (call !== undefined) call.phase = "handling"
        return undefined
      }
      isOver = true
      pending.end(number, Exit.fail(refusal(tag)))
      return undefined
    } catch (defect) {
      // It cannot be said there; what comes after it can.
      pending.end(number, Exit.die(defect))
      return Effect.logError(`${tag} could not be written`, Cause.die(defect))
    }
  }

  const fiber = yield* Detached.forkScoped(
    Mailbox.consume(mailbox, (incoming) => {
      if (window.hasRoom) return write(incoming)
      return Effect.flatMap(window.room, () => write(incoming) ?? Effect.void)
    })
  )
  // Nobody is left without an answer: neither who waits for the guild's, nor who waits to ask.
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isOver = true
      for (const number of Array.from(unanswered)) pending.end(number, Exit.fail(refusal("a request", "maybe")))
      window.close()
      return Effect.andThen(Mailbox.end(mailbox), Fiber.await(fiber))
    })
  )
  const address: Address<Protocol> = {
    kind: "guild",
    mailbox,
    refusal: (request) => (isOver ? refusal(request) : undefined)
  }
  return {
    guild: {
      ...address,
      id,
      get community() {
        return community
      },
      members: {
        find: (prefix, limit, after) => {
          const page = {
            ...(limit === undefined ? undefined : { limit }),
            ...(after === undefined ? undefined : { after })
          }
          return Transport.call(address, "FindMembers", { prefix, ...page }, { timeout: SCAN_TIMEOUT })
        },
        get: (users) => Transport.call(address, "GetMembers", { users }),
        watch: (look) => Transport.call(address, "WatchMembers", look)
      },
      onJoin: (heard) => joins.onJoin(heard)
    },
    session: (id) => sessions.get(id),
    begun: Deferred.await(begun),
    begin: (first) => {
      community = first
      Deferred.doneUnsafe(begun, Effect.void)
    },
    take: (changes) => {
      community = changed(community, changes)
    },
    joined: (user) => joins.joined(user)
  }
})
