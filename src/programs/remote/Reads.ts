/**
 * What a worker reads of a guild's members: beside the guild's commands, and in no order.
 *
 * A search may take half a minute. So neither commands nor look-ups share a bound with searches, one user has only a part of
 * the places, and who gives up gives its place back at once.
 *
 * @since 0.1.0
 */
import { Deferred, Duration, Effect } from "effect"
import { type ActorError, type CallOf, CallTimedOut, request } from "../../domain/Actor.ts"
import type { ReadProtocol } from "../../domain/guild/Protocol.ts"
import type { UserId } from "../../domain/Ids.ts"
import { Places } from "../../domain/Places.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type * as Guild from "../Guild.ts"
import { current, wrapped } from "../transport/Current.ts"
import type { Protocol } from "./Pending.ts"
import type { Requests } from "./Requests.ts"

/** How many searches may be under way over the link, and how many of one user; all of them share the process's places. */
const SEARCHES = { size: 64, share: 1 }

/** A little more than a scan's own deadline. */
const SEARCH_TIMEOUT = "35 seconds"

/** The same for other reads, which take no longer than the member store does. */
const LOOK_UPS = { size: Wire.WINDOW, share: 32 }

const LOOK_UP_TIMEOUT = "5 seconds"

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (requests: Requests): Guild.Roster => {
  const places = {
    FindMembers: new Places(SEARCHES),
    PageMembers: new Places(LOOK_UPS),
    GetMembers: new Places(LOOK_UPS),
    CountMembers: new Places(LOOK_UPS),
    WatchMembers: new Places(LOOK_UPS)
  }

  const asked = <T extends keyof ReadProtocol>(
    tag: T,
    payload: ReadProtocol[T]["payload"]
  ): Effect.Effect<ReadProtocol[T]["success"], ReadProtocol[T]["error"] | ActorError> =>
    Effect.withFiber((fiber) => {
      const refusal = requests.refusal(tag)
      if (refusal !== undefined) return Effect.fail(refusal)
      const call: CallOf<ReadProtocol, T> = { reply: Deferred.makeUnsafe(), phase: "waiting" }
      const bare = request<Protocol, T>(tag, payload, call)
      const number = requests.number(bare, () => {})
      const unwritten = requests.send(wrapped(fiber, current(fiber), bare), number)
      const answer = Effect.onInterrupt(Deferred.await(call.reply), () =>
        Effect.sync(() => number !== undefined && requests.abandon(number))
      )
      return unwritten === undefined ? answer : Effect.andThen(unwritten, answer)
    })

  const read = <T extends keyof ReadProtocol>(
    tag: T,
    payload: ReadProtocol[T]["payload"],
    by: UserId | undefined,
    timeout: Duration.Input = LOOK_UP_TIMEOUT
  ): Effect.Effect<ReadProtocol[T]["success"], ReadProtocol[T]["error"] | ActorError> =>
    places[tag].hold(by, asked(tag, payload)).pipe(
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () => {
          const timeoutMillis = Duration.toMillis(Duration.fromInputUnsafe(timeout))
          // Who looks at a list may do so already; the others change nothing.
          const handled = tag === "WatchMembers" ? "maybe" : "no"
          return Effect.fail(new CallTimedOut({ kind: "guild", request: tag, timeoutMillis, handled }))
        }
      })
    )

  return {
    find: (prefix, { by, limit } = {}) =>
      read(
        "FindMembers",
        {
          prefix,
          ...(limit === undefined ? undefined : { limit }),
          ...(by === undefined ? undefined : { by })
        },
        by,
        SEARCH_TIMEOUT
      ),
    page: (after, limit, by) => read("PageMembers", { after, limit }, by),
    get: (users, by) => read("GetMembers", { users }, by),
    counts: (by) => read("CountMembers", undefined, by),
    watch: (look) => read("WatchMembers", look, look.user)
  }
}
