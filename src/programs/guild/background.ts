/**
 * What concerns all members of a guild, and so goes on beside it: a scan finds out whom, and the guild goes on handling
 * messages.
 *
 * @since 0.1.0
 */
import { Effect, Metric, Queue, Schedule, type Scope } from "effect"
import type { Audience } from "../../domain/Audience.ts"
import * as Detached from "../../domain/Detached.ts"
import type { RoleId, UserId } from "../../domain/Ids.ts"
import * as MemberQuery from "../../domain/MemberQuery.ts"
import type { Members, ScanError, StoreUnavailable } from "../../domain/MemberStore.ts"
import type { Message } from "../../domain/Message.ts"
import * as Metrics from "../../domain/Metrics.ts"
import { Notifier } from "../../domain/Notifier.ts"
import type { Background } from "./interpret.ts"

/** Members from whom a role is taken before others have a turn. */
const SLICE = 256

/** So many of them wait for the store at the same time. */
const AT_ONCE = 16

/** Messages to everyone that wait for their notifier: of those that come then, nobody is told who is not there. */
const WAITING = 1024

/** How often what failed is begun anew. */
const AGAIN = { schedule: Schedule.exponential("100 millis"), times: 3 }

/** The same, where it is of use. */
const SCAN_AGAIN = {
  ...AGAIN,
  while: (error: ScanError) => error._tag === "ScanTimedOut" || error.isFinal !== true
}

/** A store that does not answer is given more and more time, up to 10 seconds: what is begun is finished when it does. */
const PATIENTLY = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("10 seconds")])

/**
 * `stripped` takes a role from a member, and `passed` waits for the changes of members that are under way, which may give it
 * to somebody yet. Messages to everyone are seen to one at a time, in their order: with a slow notifier, eight bytes for each
 * member and message would wait otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly members: Members
  readonly scope: Scope.Scope
  readonly passed: Effect.Effect<void>
  readonly stripped: (role: RoleId, user: UserId) => Effect.Effect<void, StoreUnavailable>
}): Effect.fn.Return<Background> {
  const { members, passed, scope, stripped } = options
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
          yield* passed
          const taken = (user: UserId) => Effect.retry(stripped(role, user), PATIENTLY)
          for (const some of (yield* found(MemberQuery.bearing(role))).chunks(SLICE)) {
            yield* Effect.forEach(some, taken, { concurrency: AT_ONCE, discard: true })
            yield* Effect.yieldNow
          }
        })
      )
  }
})
