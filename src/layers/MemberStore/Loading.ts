/**
 * How a guild's members come from the database into the store that works with them, while the guild answers already.
 *
 * Pages are read and changes are made in turns, one at a time, and each is made in the working store within its turn. So a
 * page is never older than a change, and whoever has the turn finds in the working store what the database has, of all the
 * members whose keys come up to the last page's end.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, Schedule } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { GuildId, UserId } from "../../domain/Ids.ts"
import * as MemberQuery from "../../domain/MemberQuery.ts"
import type { Members } from "../../domain/MemberStore.ts"
import { isDamaged } from "../Sqlite/failure.ts"
import * as Table from "./Table.ts"

/** A database that does not answer is given more and more time, up to 10 seconds. */
const patiently = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("10 seconds")])

/**
 * `inTurn` keeps pages and changes apart; `pageSize` is in members.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly guild: GuildId
  readonly working: Members
  readonly table: Table.Table
  readonly pageSize: number
  readonly inTurn: <A, E>(page: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Loading {
  /** Loads them all, however long the database takes to answer, unless it is damaged. */
  readonly load: Effect.Effect<void>
  readonly isDone: () => boolean
  /** Waits until all are there; fails when that will never be. */
  readonly done: Effect.Effect<void, SqlError>
  /** Whether the working store is the one to ask about this user. */
  readonly covers: (user: UserId) => boolean
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ guild, inTurn, pageSize, table, working }: Options): Loading => {
  const done = Deferred.makeUnsafe<void, SqlError>()
  let loadedTo = ""
  let isDone = false

  const covers = (user: UserId) => isDone || Table.key(user) <= loadedTo

  /** What a working store that knows nothing of `Transient` has from an earlier time is not what the database has now. */
  const forget = Effect.gen(function* () {
    if ((yield* working.size) === 0) return
    yield* Effect.forEach(yield* working.ids(MemberQuery.everybody), working.remove, { discard: true })
  })

  const next = Effect.gen(function* () {
    const { isLast, last, members } = yield* table.page(guild, loadedTo, pageSize)
    yield* Effect.forEach(members, working.put, { discard: true })
    loadedTo = last
    if (!isLast) return
    const said = yield* table.size(guild)
    const size = yield* working.size
    if (said !== size) {
      yield* Effect.logWarning(`guild ${guild} has ${size} members, and not ${said}: others have changed its rows`)
      yield* table.resize(guild, size)
    }
    isDone = true
    Deferred.doneUnsafe(done, Effect.void)
  })

  // What is wrong is said once, and not as often as it is tried.
  let said = ""
  const say = (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    if (reason === said) return Effect.void
    said = reason
    return isDamaged(error)
      ? Effect.logError(`the members of guild ${guild} cannot be loaded: the file is damaged, restore it (${reason})`)
      : Effect.logError(`the members of guild ${guild} are not loaded yet, and each is asked for (${reason})`)
  }
  const untilDone = <E>(step: Effect.Effect<void, E>) =>
    step.pipe(
      Effect.catchDefect(Effect.fail),
      Effect.tapError(say),
      Effect.retry({ schedule: patiently, while: (error) => !isDamaged(error) })
    )

  return {
    load: Effect.gen(function* () {
      yield* untilDone(forget)
      while (!isDone) {
        yield* untilDone(inTurn(next))
        yield* Effect.yieldNow
      }
    }).pipe(
      Effect.catchIf(isDamaged, (error) => Effect.sync(() => Deferred.doneUnsafe(done, Effect.fail(error)))),
      Effect.orDie
    ),
    isDone: () => isDone,
    done: Deferred.await(done),
    covers
  }
}
