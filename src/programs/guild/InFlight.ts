/**
 * What of a guild waits for its member store, so that the guild itself does not.
 *
 * A command whose look-up or change takes time is parked, and the guild handles others meanwhile. Commands that concern the
 * same user keep their order. A change counts once the store has taken it: until then, and while it is not known whether it
 * was made, the guild goes by what everybody has been told.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, Exit, Option, Schedule, type Scope } from "effect"
import * as Detached from "../../domain/Detached.ts"
import { Lanes } from "../../domain/guild/Lanes.ts"
import type { Store } from "../../domain/guild/Output.ts"
import { over, Unsettled } from "../../domain/guild/Unsettled.ts"
import type { GuildId, UserId } from "../../domain/Ids.ts"
import type { Member } from "../../domain/Member.ts"
import { type Members, StoreUnavailable } from "../../domain/MemberStore.ts"
import * as Actor from "../Actor.ts"
import { ensuring } from "../actor/Later.ts"

/** What may wait for the store of one guild; commands that need it are refused beyond that. */
const MOST = 4096

/** After a change that failed, its caller is likely to try again: that settles it as well. */
const SOON = "100 millis"

/** A store that does not answer is given more and more time, up to 10 seconds. */
const patiently = Schedule.min([Schedule.exponential(SOON), Schedule.spaced("10 seconds")])

interface Running {
  readonly users: () => ReadonlyArray<UserId>
  leave: (() => void) | undefined
}

/** A reply, or one that comes later. */
type Reply<A, E, R> = Effect.Effect<A | Actor.Later<A, E>, E, R>

/**
 * What everybody is told of members while somebody looks all of them up. `asTold` is what everybody has been told of all by
 * now, whichever part of it the look-up has found. It is to be ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Following {
  readonly asTold: (found: ReadonlyArray<Member>) => ReadonlyArray<Member>
  readonly end: () => void
}

/**
 * - `members` are the guild's, as everybody has been told of them
 * - `follow` begins to note what everybody is told of members, for whoever looks all of them up
 * - `inTurn` runs the body of a command once no earlier one waits that concerns the same users; `keep` has the store take
 *   a change of a user of whom everybody has been told so far what `told` says, and goes on when it has
 * - `unknown` is what everybody has been told of a user of whom the store may have something else since a change failed
 * - `update` changes a member's record in a way of which nobody need be told
 * - `passed` waits for all that are under way now
 *
 * @since 0.1.0
 * @category models
 */
export interface InFlight {
  readonly members: Members
  readonly follow: () => Following
  readonly inTurn: <A, E, R>(
    users: () => ReadonlyArray<UserId>,
    body: Reply<A, E, R>
  ) => Reply<A, E | StoreUnavailable, R>
  /** The same for a command that needs nothing of the store itself, and so is never refused. */
  readonly inTurnAlways: <A, E, R>(users: () => ReadonlyArray<UserId>, body: Effect.Effect<A, E, R>) => Reply<A, E, R>
  readonly keep: <A, E, R>(
    change: Pick<Store, "member" | "user">,
    told: Option.Option<Member>,
    then: Reply<A, E, R>
  ) => Reply<A, E | StoreUnavailable, R>
  readonly unknown: (user: UserId) => Option.Option<Member> | undefined
  readonly update: (user: UserId, change: (member: Member) => Member) => Effect.Effect<void, StoreUnavailable>
  readonly passed: Effect.Effect<void>
}

/**
 * `touched` hears of users whose records are others now though nobody was told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly guild: GuildId
  readonly members: Members
  readonly scope: Scope.Scope
  readonly touched: (user: UserId) => void
}): InFlight => {
  const { guild, members, scope, touched } = options
  const lanes = new Lanes()
  const unsettled = new Unsettled()
  /** What has been told since a look-up of all members began, for each that is under way. */
  const following = new Set<Map<UserId, Option.Option<Member>>>()

  const crowded = Effect.suspend(() =>
    Effect.fail(new StoreUnavailable({ guild, cause: new Error(`${MOST} commands or more wait for it already`) }))
  )

  /** Waits for the turn of these users, and keeps it. */
  const enter = (users: Iterable<UserId>) => {
    const atHead = Deferred.makeUnsafe<void>()
    const place = lanes.enter(users, () => Deferred.doneUnsafe(atHead, Exit.void))
    return { turn: Deferred.await(atHead), leave: () => lanes.leave(place) }
  }
  /** The command that the guild is handling, which stands in no lane as long as nobody else wants to. */
  let running: Running | undefined
  const stand = (one: Running): (() => void) => (one.leave ??= enter(one.users()).leave)

  /** For what is done beside the guild: its fiber may have given way at a command about the same user. */
  const through = <A, E, R>(user: UserId, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      if (running !== undefined) stand(running)
      const { leave, turn } = enter([user])
      return Effect.ensuring(Effect.andThen(turn, effect), Effect.sync(leave))
    })

  const queued = <A, E, R>(users: ReadonlyArray<UserId>, body: Reply<A, E, R>): Reply<A, E, R> => {
    const { leave, turn } = enter(users)
    // Where the fiber gives way, the turn may come before it has looked: the reply is not always later.
    return ensuring(Actor.later(turn, { handled: "no", then: () => body }), leave)
  }

  const asTold = (user: UserId): Effect.Effect<Option.Option<Member>, StoreUnavailable> =>
    Effect.suspend(() => {
      const told = unsettled.told(user)
      return told === undefined ? members.get(user) : Effect.succeed(told)
    })
  const write = (user: UserId, member: Member | undefined): Effect.Effect<void, StoreUnavailable> =>
    member === undefined ? Effect.asVoid(members.remove(user)) : members.put(member)

  const settled = (user: UserId, told: Option.Option<Member>): void => {
    unsettled.settled(user)
    for (const since of following) since.set(user, told)
  }

  const quietly = (user: UserId, told: Option.Option<Member>): void => {
    settled(user, told)
    touched(user)
  }

  /** Users for whom a fiber restores what was there before. */
  const restoring = new Set<UserId>()
  /**
   * Nobody has been told of a change that failed, so the store is to have what was there before. It is over before the next
   * change of that user begins: should that one fail too, it has to be restored anew.
   */
  const restored = (user: UserId) =>
    through(
      user,
      Effect.suspend(() => {
        const told = unsettled.unknown(user)
        return told === undefined
          ? Effect.void
          : Effect.map(write(user, Option.getOrUndefined(told)), () => quietly(user, told))
      }).pipe(Effect.map(() => void restoring.delete(user)))
    )
  const restore = (user: UserId): Effect.Effect<void> => {
    unsettled.failed(user)
    if (restoring.has(user)) return Effect.void
    restoring.add(user)
    const said = `the store of the members of guild ${guild} did not say whether it has changed user ${user}`
    return restored(user).pipe(
      Effect.catchDefect(Effect.fail),
      Effect.retry(patiently),
      Effect.delay(SOON),
      Effect.ignore,
      Detached.forkIn(scope),
      Effect.andThen(Effect.logWarning(`${said}: it is given what it had, until the change is made again`))
    )
  }

  return {
    follow: () => {
      const since = new Map<UserId, Option.Option<Member>>()
      following.add(since)
      return {
        asTold: (found) => unsettled.over(over(since, found)),
        end: () => void following.delete(since)
      }
    },
    members: {
      get: asTold,
      put: (member) => members.put(member),
      putAll: (all) => members.putAll(all),
      remove: (user) => members.remove(user),
      size: members.size,
      page: (after, limit) => members.page(after, limit),
      scan: (query, options) => members.scan(query, options),
      ids: (query, options) => members.ids(query, options)
    },
    inTurn: <A, E, R>(users: () => ReadonlyArray<UserId>, body: Reply<A, E, R>) =>
      Effect.suspend((): Reply<A, E | StoreUnavailable, R> => {
        // Nobody waits: the usual case.
        const concerned = lanes.size === 0 ? undefined : users()
        if (concerned !== undefined && !lanes.isFree(concerned)) {
          return lanes.size < MOST ? queued(concerned, body) : crowded
        }
        const own: Running = { users, leave: undefined }
        running = own
        return Effect.matchCauseEffect(body, {
          onFailure: (cause) => {
            running = undefined
            own.leave?.()
            return Effect.failCause(cause)
          },
          onSuccess: (value): Reply<A, E | StoreUnavailable, never> => {
            running = undefined
            if (Actor.isLater(value) && (value.handled === "maybe" || lanes.size < MOST)) {
              return Effect.succeed(value.ensuring(stand(own)))
            }
            own.leave?.()
            if (!Actor.isLater(value)) return Effect.succeed(value)
            value.waiting.interruptUnsafe()
            return crowded
          }
        })
      }),
    inTurnAlways: (users, body) =>
      Effect.suspend(() => (lanes.size === 0 || lanes.isFree(users()) ? body : queued(users(), body))),
    keep: <A, E, R>(
      { member, user }: Pick<Store, "member" | "user">,
      told: Option.Option<Member>,
      then: Reply<A, E, R>
    ) =>
      Effect.suspend((): Reply<A, E | StoreUnavailable, R> => {
        if (unsettled.size >= MOST && !unsettled.has(user)) return crowded
        unsettled.begin(user, told)
        return Actor.later(write(user, member), {
          handled: "maybe",
          then: (exit): Reply<A, E | StoreUnavailable, R> => {
            if (Exit.isFailure(exit)) return Effect.andThen(restore(user), Effect.failCause(exit.cause))
            settled(user, Option.fromUndefinedOr(member))
            return then
          }
        })
      }),
    unknown: (user) => unsettled.unknown(user),
    update: (user, change) =>
      through(
        user,
        Effect.flatMap(asTold(user), (found) => {
          if (Option.isNone(found)) return Effect.void
          const changed = change(found.value)
          return Effect.map(members.put(changed), () => quietly(user, Option.some(changed)))
        })
      ),
    passed: Effect.suspend(() =>
      Effect.forEach(lanes.users, (user) => through(user, Effect.void), { concurrency: "unbounded", discard: true })
    )
  }
}
