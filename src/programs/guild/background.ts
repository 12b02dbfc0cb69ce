/**
 * What concerns all members of a guild, and so goes on beside it: a scan finds out whom, and the guild goes on handling
 * messages.
 *
 * @since 0.1.0
 */
import { type Context, Effect, Schedule, type Scope } from "effect"
import type { RoleId, UserId } from "../../domain/Ids.ts"
import * as MemberQuery from "../../domain/MemberQuery.ts"
import type { Members } from "../../domain/MemberStore.ts"
import { Notifier } from "../../domain/Notifier.ts"
import * as Propagation from "../../domain/Propagation.ts"
import type { Background } from "./interpret.ts"

/** Members from whom a role is taken at a time: others want something of the guild too. */
const AT_ONCE = 256

/** How often a scan is begun anew that failed. */
const AGAIN = { schedule: Schedule.exponential("100 millis"), times: 3 }

/**
 * `stripped` has the guild take a role from some of its members.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly members: Members
  readonly scope: Scope.Scope
  readonly stripped: (role: RoleId, users: ReadonlyArray<UserId>) => Effect.Effect<void>
}): Effect.fn.Return<Background> {
  const { members, scope, stripped } = options
  const notifier = yield* Notifier

  const beside = (what: string, effect: Effect.Effect<void, unknown>) =>
    Effect.catchCause(effect, (cause) => Effect.logError(`${what} was given up`, cause)).pipe(
      Effect.updateContext((context: Context.Context<never>) => Propagation.withoutTrace(context)),
      Effect.forkIn(scope),
      Effect.asVoid
    )
  const found = (query: MemberQuery.MemberQuery) => Effect.retry(members.ids(query), AGAIN)

  return {
    ping: ({ audiences }, { message }) => {
      const audience = audiences.get(message.channelId)
      if (notifier === undefined || audience === undefined) return Effect.void
      const called = Effect.flatMap(found(MemberQuery.seeing(audience)), (users) => notifier.pinged({ message, users }))
      return beside("telling everyone of a message that calls them", called)
    },
    strip: ({ role }) =>
      beside(
        "taking a deleted role from its members",
        Effect.gen(function* () {
          for (const some of (yield* found(MemberQuery.bearing(role))).chunks(AT_ONCE)) yield* stripped(role, some)
        })
      )
  }
})
