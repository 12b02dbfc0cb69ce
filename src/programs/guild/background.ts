/**
 * What concerns all members of a guild, and so goes on beside it: a scan finds out whom, and the guild goes on handling
 * messages.
 *
 * @since 0.1.0
 */
import { Effect, Metric, Queue, Schedule, type Scope } from "effect"
import type { ActorError } from "../../domain/Actor.ts"
import type { Audience } from "../../domain/Audience.ts"
import * as Detached from "../../domain/Detached.ts"
import type { RoleId, UserId } from "../../domain/Ids.ts"
import * as MemberQuery from "../../domain/MemberQuery.ts"
import type { Members, ScanError, StoreUnavailable } from "../../domain/MemberStore.ts"
import type { Message } from "../../domain/Message.ts"
import * as Metrics from "../../domain/Metrics.ts"
import { Notifier } from "../../domain/Notifier.ts"
import type { Background } from "./interpret.ts"

/** Members from whom a role is taken at a time: others want something of the guild too. */
const AT_ONCE = 256

/** Messages to everyone that wait for their notifier: of those that come then, nobody is told who is not there. */
const WAITING = 1024

/** How often what failed is begun anew. */
const AGAIN = { schedule: Schedule.exponential("100 millis"), times: 3 }

/** The same, where it is of use. */
const SCAN_AGAIN = {
  ...AGAIN,
  while: (error: ScanError) => error._tag === "ScanTimedOut" || error.isFinal !== true
}

/**
 * `stripped` has the guild take a role from some of its members. One message to everyone is seen to at a time, in their
 * order: a notifier that is slow would otherwise have eight bytes for each member and message wait for it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly members: Members
  readonly scope: Scope.Scope
  readonly stripped: (role: RoleId, users: ReadonlyArray<UserId>) => Effect.Effect<void, StoreUnavailable | ActorError>
}): Effect.fn.Return<Background> {
  const { members, scope, stripped } = options
  const notifier = yield* Notifier

  const beside = (what: string, effect: Effect.Effect<void, unknown>) =>
    Effect.catchCause(effect, (cause) => Effect.logError(`${what} was given up`, cause)).pipe(
      Detached.forkIn(scope),
      Effect.asVoid
    )
  const found = (query: MemberQuery.MemberQuery) => Effect.retry(members.ids(query), SCAN_AGAIN)

  const calling = yield* Queue.dropping<{ readonly message: Message; readonly audience: Audience }>(WAITING)
  if (notifier !== undefined) {
    const called = Effect.flatMap(Queue.take(calling), ({ audience, message }) =>
      Effect.flatMap(found(MemberQuery.seeing(audience)), (users) => notifier.pinged({ message, users }))
    )
    yield* beside(
      "telling who is called by messages to everyone",
      Effect.forever(
        Effect.catchCause(called, (cause) => Effect.logError("who is called by a message was not told", cause))
      )
    )
  }
  const missed = Effect.andThen(
    Metric.update(Metrics.pingsDropped, 1),
    Effect.logWarning(`${WAITING} messages to everyone wait for the notifier: nobody is told of this one`)
  )

  return {
    ping: ({ audiences }, { message }) => {
      const audience = audiences.get(message.channelId)
      if (notifier === undefined || audience === undefined) return Effect.void
      return Effect.flatMap(Queue.offer(calling, { message, audience }), (isTaken) => (isTaken ? Effect.void : missed))
    },
    strip: ({ role }) =>
      beside(
        "taking a deleted role from its members",
        Effect.gen(function* () {
          for (const some of (yield* found(MemberQuery.bearing(role))).chunks(AT_ONCE)) {
            yield* Effect.retry(stripped(role, some), AGAIN)
          }
        })
      )
  }
})
