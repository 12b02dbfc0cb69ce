/**
 * The contract of a member store: where a guild's members live, and who may read them while the guild works.
 *
 * @since 0.1.0
 */
import { Context, type Duration, type Effect, type Option, Schema, type Scope, type Stream } from "effect"
import { GuildId, UserId } from "./Ids.ts"
import type { Member } from "./Member.ts"
import type { MemberQuery } from "./MemberQuery.ts"
import type { UserIds } from "./UserIds.ts"

/**
 * The scan took longer than it may: nothing of it is to be relied on.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScanTimedOut extends Schema.TaggedError<ScanTimedOut>()("ScanTimedOut", {
  guild: GuildId,
  deadlineMillis: Schema.Finite
}) {
  override get message() {
    return (
      `a scan of the members of guild ${this.guild} was not done within ${this.deadlineMillis} ms: allow it more time. ` +
      `A durable store may not have loaded them all yet, one with threads may have too few of them`
    )
  }
}

/**
 * The worker that scanned died, or hung and was ended, or none could be started. Another is started when one is next needed:
 * the scan may be tried again. Where the error `isFinal`, that is of no use: the store has been closed, say.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScanDied extends Schema.TaggedError<ScanDied>()("ScanDied", {
  guild: GuildId,
  cause: Schema.Defect(),
  isFinal: Schema.optionalKey(Schema.Literal(true))
}) {
  override get message() {
    const { cause, guild, isFinal } = this
    const said = cause instanceof Error ? cause.message : String(cause)
    return isFinal
      ? `the members of guild ${guild} cannot be scanned: ${said}`
      : `a scan of the members of guild ${guild} died (${said}): try again`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export type ScanError = ScanTimedOut | ScanDied

/**
 * What the members are kept in did not answer. A change that failed so may have been made all the same: that is known
 * only when it is made again, or when the guild is opened anew. A guild whose store fails so tells nobody of the change, gives
 * the store back what it had, and takes the change again whenever somebody asks for it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  guild: GuildId,
  cause: Schema.Defect()
}) {
  override get message() {
    return `the store of the members of guild ${this.guild} did not answer: see the cause, and try again when it does`
  }
}

/**
 * `deadline` is how long a scan may take until its last result, 30 seconds by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScanOptions {
  readonly deadline?: Duration.Input
}

/**
 * The members of one guild. The guild writes, any fiber may read. Changes of one user come one after the other, those of
 * different users may come at the same time. What is done at once should be done synchronously: the guild does not park a
 * command whose look-up is done when it returns.
 *
 * A scan asks all members, as they are at the moment when it starts: what changes meanwhile does not show, and whoever
 * writes does not wait for it. It ends early when nobody wants its results any more. Its results are in no particular
 * order, each member once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Members {
  readonly get: (user: UserId) => Effect.Effect<Option.Option<Member>, StoreUnavailable>
  /** Adds a member, or replaces the one with the same user. */
  readonly put: (member: Member) => Effect.Effect<void, StoreUnavailable>
  /** The same for several, in their order; a store that keeps them elsewhere takes them together, as far as it can. */
  readonly putAll: (members: Iterable<Member>) => Effect.Effect<void, StoreUnavailable>
  /** Answers whether there was one. */
  readonly remove: (user: UserId) => Effect.Effect<boolean, StoreUnavailable>
  readonly size: Effect.Effect<number, StoreUnavailable>
  /** The first `limit` members whose ids come after this one, ascending. It costs what they do, however many there are. */
  readonly page: (after: UserId, limit: number) => Effect.Effect<ReadonlyArray<Member>, StoreUnavailable>
  readonly scan: (query: MemberQuery, options?: ScanOptions) => Stream.Stream<Member, ScanError>
  /** A scan of which only the users' ids are wanted: eight bytes for each. */
  readonly ids: (query: MemberQuery, options?: ScanOptions) => Effect.Effect<UserIds, ScanError>
}

/**
 * @since 0.1.0
 * @category contracts
 */
export class MemberStore extends Context.Service<
  MemberStore,
  {
    /**
     * The members of a guild, for as long as the scope is open. Opening the same guild again gives the same members, for as
     * long as the store's Layer lives; but see `Transient`.
     */
    readonly open: (guild: GuildId) => Effect.Effect<Members, never, Scope.Scope>
  }
>()("fanfare/domain/MemberStore") {}

/**
 * Whether whoever opens a guild wants members of their own, none at first, which the store forgets when the scope closes. So
 * does a store that keeps members elsewhere and works with them in another. A store that knows nothing of it keeps them.
 *
 * @since 0.1.0
 * @category references
 */
export const Transient: Context.Reference<boolean> = Context.Reference<boolean>(
  "fanfare/domain/MemberStore/Transient",
  {
    defaultValue: () => false
  }
)
