/**
 * A guild as its worker sees it: an address like the guild's own, whose requests go over the link and whose answers come
 * back over it.
 *
 * @since 0.1.0
 */
import { type Cause, Deferred, Effect, Exit, Fiber, type Scope } from "effect"
import type { Address, Request } from "../../domain/Actor.ts"
import { type Change, changed, type Community, empty } from "../../domain/Community.ts"
import * as Detached from "../../domain/Detached.ts"
import * as Envelope from "../../domain/Envelope.ts"
import type { GuildId, UserId } from "../../domain/Ids.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import { Window } from "../../domain/remote/Window.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type { SessionHandle } from "../../domain/session/Session.ts"
import type { Link } from "../../domain/Worker.ts"
import type * as Guild from "../Guild.ts"
import { Joins } from "../guild/Joins.ts"
import type { Pending } from "./Pending.ts"
import * as Reads from "./Reads.ts"
import { Requests } from "./Requests.ts"

/** What may wait to be written. */
const MAILBOX_CAPACITY = 4096

type Command = Request<Guild.Protocol>

/**
 * A guild, and the sessions that have asked to be connected to it: `arrived` gives the one whose request had this number,
 * once. `begun` waits until the guild has said what it is like (`begin`); `take` takes changes over, and `joined` hears of a
 * user who has joined.
 *
 * @since 0.1.0
 * @category models
 */
export interface Proxy {
  readonly guild: Guild.Guild
  readonly arrived: (connection: number) => SessionHandle | undefined
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
  const requests = new Requests(id, link, pending)
  const mailbox = yield* Mailbox.bounded<Command | Envelope.Envelope<Command>, Cause.Done>(MAILBOX_CAPACITY)
  const window = new Window(Wire.WINDOW)
  /** By the number of their request. A handle does not go over the link, and a session id may stand for several in turn. */
  const connecting = new Map<number, SessionHandle>()
  const joins = new Joins()

  /** What is not answered is bounded; what waits for that can be withdrawn yet. */
  const send = (incoming: Command | Envelope.Envelope<Command>): Effect.Effect<void> | undefined => {
    const request = Envelope.isEnvelope(incoming) ? incoming.message : incoming
    if (request.call?.phase === "withdrawn") return undefined
    const number = requests.number(request, (number, answer) => {
      window.leave(1)
      // The guild has not attached it, and will not.
      if (Exit.isFailure(answer)) connecting.delete(number)
    })
    if (number !== undefined) {
      window.enter()
      if (request.tag === "Connect" && "mailbox" in request.payload.handle) {
        connecting.set(number, request.payload.handle)
      }
    }
    return requests.send(incoming, number)
  }

  const fiber = yield* Detached.forkScoped(
    Mailbox.consume(mailbox, (incoming) => {
      if (window.hasRoom) return send(incoming)
      return Effect.flatMap(window.room, () => send(incoming) ?? Effect.void)
    })
  )
  // Nobody is left without an answer: neither who waits for the guild's, nor who waits to ask.
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      requests.end()
      window.close()
      return Effect.andThen(Mailbox.end(mailbox), Fiber.await(fiber))
    })
  )
  const address: Address<Guild.Protocol> = {
    kind: "guild",
    mailbox,
    refusal: (request) => requests.refusal(request)
  }
  return {
    guild: {
      ...address,
      id,
      get community() {
        return community
      },
      members: Reads.make(requests),
      onJoin: (heard) => joins.onJoin(heard)
    },
    arrived: (connection) => {
      const handle = connecting.get(connection)
      connecting.delete(connection)
      return handle
    },
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
