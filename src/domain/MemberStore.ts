/**
 * The contract of a member store: where a guild's members live, and who may read them while the guild works.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Option, type Scope, type Stream } from "effect"
import type { GuildId, UserId } from "./Ids.ts"
import type { Member } from "./Member.ts"

/**
 * The members of one guild. One fiber writes, the guild's; any may read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Members {
  readonly get: (user: UserId) => Effect.Effect<Option.Option<Member>>
  /** Adds a member, or replaces the one with the same user. */
  readonly put: (member: Member) => Effect.Effect<void>
  /** Answers whether there was one. */
  readonly remove: (user: UserId) => Effect.Effect<boolean>
  readonly size: Effect.Effect<number>
  /** Every member once, as of the moment when the stream starts; in no particular order. */
  readonly all: Stream.Stream<Member>
}

/**
 * @since 0.1.0
 * @category contracts
 */
export class MemberStore extends Context.Service<
  MemberStore,
  {
    /** The members of a guild, for as long as the scope is open. Opening the same guild again gives the same members. */
    readonly open: (guild: GuildId) => Effect.Effect<Members, never, Scope.Scope>
  }
>()("fanfare/domain/MemberStore") {}
