/**
 * A member store whose members outlive the process.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Layer, Option, RcMap, Semaphore, Stream } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Detached from "../../domain/Detached.ts"
import type { GuildId } from "../../domain/Ids.ts"
import type { Member } from "../../domain/Member.ts"
import {
  type Members,
  MemberStore,
  ScanDied,
  type ScanError,
  type ScanOptions,
  ScanTimedOut,
  StoreUnavailable,
  Transient
} from "../../domain/MemberStore.ts"
import * as Monotonic from "../../domain/Monotonic.ts"
import * as Propagation from "../../domain/Propagation.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as Loading from "./Loading.ts"
import * as Table from "./Table.ts"

/** What goes in one transaction at most. */
const MOST_CHANGES = 256

/**
 * So many of several changes wait at the same time, and share a transaction: 10,000 members take 0.6 s and not 3 to 8, to a
 * file that is synchronised. With all that fit it is 0.3 s, but then the thread is held for 110 ms at a time, and not 34.
 */
const AT_ONCE = 16

/** What is loaded at a time: some 2 ms of the thread. */
const PAGE_SIZE = 256

/** How long a scan may take that does not say. */
const DEADLINE = Duration.seconds(30)

/**
 * `working` is where the members of open guilds are, to be read and scanned; it is for this store alone. `table` is the
 * table's name, `fanfare_members` by default. `pageSize` is how many members are loaded at a time, 256 by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<E = never, R = never> {
  readonly working: Layer.Layer<MemberStore, E, R>
  readonly table?: string
  readonly pageSize?: number
}

/** A change to a row, and to the working store. */
interface Change {
  readonly row: Table.Change
  readonly follow: Effect.Effect<unknown, StoreUnavailable>
}

/** Waits until all members are there: what is asked then has the time that is left. */
const whole = Effect.fnUntraced(function* (loading: Loading.Loading, guild: GuildId, options: ScanOptions = {}) {
  const deadline = Duration.fromInputUnsafe(options.deadline ?? DEADLINE)
  const timedOut = () => new ScanTimedOut({ guild, deadlineMillis: Duration.toMillis(deadline) })
  const start = yield* Monotonic.now
  yield* loading.done.pipe(
    Effect.mapError((cause) => new ScanDied({ guild, cause, isFinal: true })),
    Effect.timeoutOrElse({ duration: deadline, orElse: () => Effect.fail(timedOut()) })
  )
  const waited = Duration.millis((yield* Monotonic.now) - start)
  return {
    options: { deadline: Duration.subtract(deadline, waited) },
    relabelled: (error: ScanError) => (error._tag === "ScanTimedOut" ? timedOut() : error)
  }
})

const make = Effect.fnUntraced(function* ({
  pageSize = PAGE_SIZE,
  table: name = "fanfare_members"
}: Omit<Options, "working">) {
  const sql = yield* SqlClient
  const { open } = yield* MemberStore
  const table = Table.make(sql, name)
  const services = Propagation.withoutTrace(yield* Effect.context<never>())
  /** What is done for everybody belongs to nobody's trace. */
  const background = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.setContext(Effect.withTracerEnabled(effect, false), services)
  yield* background(table.create)

  const turns = yield* Semaphore.make(1)
  const pages = yield* Semaphore.make(1)

  const commit = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
    const answers = yield* table.commit(changes.map(({ row }) => row))
    yield* Effect.orDie(Effect.forEach(changes, ({ follow }) => follow, { discard: true }))
    return answers
  }, turns.withPermit)
  const committed = yield* GroupCommit.make({ commit, most: MOST_CHANGES, background })

  /** Whether the caller has a transaction, for whose end others wait. */
  const isWithin = Effect.map(Effect.serviceOption(sql.transactionService), Option.isSome)

  const members = (guild: GuildId, working: Members, loading: Loading.Loading): Members => {
    const answered = <A>(effect: Effect.Effect<A, SqlError>) =>
      Effect.mapError(effect, (cause) => new StoreUnavailable({ guild, cause }))
    const change = (change: Change) =>
      Effect.flatMap(isWithin, (isWithin) =>
        isWithin
          ? Effect.die(
              new Error("members are kept by transactions of their own: change them outside of withTransaction")
            )
          : answered(committed(change))
      )
    const loaded = Effect.fnUntraced(function* (options: ScanOptions | undefined) {
      if (!(yield* isWithin)) return yield* whole(loading, guild, options)
      const cause = new Error("they are still being loaded, which waits for this transaction: scan them outside of it")
      return yield* new ScanDied({ guild, cause, isFinal: true })
    })
    /** Rows in which there is no member are read over. */
    const page = (after: string, limit: number): Effect.Effect<ReadonlyArray<Member>, SqlError> =>
      Effect.flatMap(table.page(guild, after, limit), ({ isLast, last, members }) =>
        isLast || members.length === limit
          ? Effect.succeed(members)
          : Effect.map(page(last, limit - members.length), (more) => [...members, ...more])
      )
    const put = (member: Member) =>
      Effect.suspend(() => Effect.asVoid(change({ row: Table.put(guild, member), follow: working.put(member) })))
    return {
      get: (user) =>
        Effect.suspend(() => (loading.covers(user) ? working.get(user) : answered(table.get(guild, user)))),
      put,
      putAll: (all) => Effect.forEach(all, put, { concurrency: AT_ONCE, discard: true }),
      remove: (user) => change({ row: Table.remove(guild, user), follow: working.remove(user) }),
      page: (after, limit) =>
        Effect.suspend(() => (loading.isDone() ? working.page(after, limit) : answered(page(Table.key(after), limit)))),
      size: Effect.suspend(() => (loading.isDone() ? working.size : answered(table.size(guild)))),
      scan: (query, options) =>
        Stream.suspend(() => {
          if (loading.isDone()) return working.scan(query, options)
          return Stream.unwrap(
            Effect.map(loaded(options), ({ options, relabelled }) =>
              Stream.mapError(working.scan(query, options), relabelled)
            )
          )
        }),
      ids: (query, options) =>
        Effect.suspend(() => {
          if (loading.isDone()) return working.ids(query, options)
          return Effect.flatMap(loaded(options), ({ options, relabelled }) =>
            Effect.mapError(working.ids(query, options), relabelled)
          )
        })
    }
  }

  const openings = yield* RcMap.make({
    lookup: Effect.fnUntraced(function* (guild: GuildId) {
      // Its own: when it is opened again before this one has been closed, neither changes what the other has.
      const working = yield* Effect.provideService(open(guild), Transient, true)
      // One page at a time, of all guilds: so a change waits for one at most.
      const inTurn = <A, E>(page: Effect.Effect<A, E>) => pages.withPermit(turns.withPermit(page))
      const loading = Loading.make({ guild, working, table, pageSize, inTurn })
      yield* Detached.forkScoped(background(loading.load))
      return members(guild, working, loading)
    })
  })
  return { open: (guild: GuildId) => RcMap.get(openings, guild) }
})

/**
 * Members are kept in the database of a `SqlClient`, SQLite's (`fanfare/layers/Sqlite`) or PostgreSQL's
 * (`@effect/sql-pg`), and live in the working store while their guild is open, and no longer. A change is done when the
 * database has it: what was acknowledged outlives the process. Changes that wait at the same time, of whichever guild, share
 * a transaction.
 *
 * When a guild is opened, its members are loaded in the background. Until a member has come, `get` asks the database for
 * them; until all have, `size` asks it too, and a scan waits within its deadline, and asks the members as they are then.
 *
 * One process has a guild open at a time. A database that does not answer makes changes fail, and reads of what has not
 * been loaded; loading goes on when it does.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { MemberStore } from "fanfare"
 * import * as Sqlite from "fanfare/layers/Sqlite"
 *
 * const store = MemberStore.durable({ working: MemberStore.heap }).pipe(Layer.provide(Sqlite.file("members.db")))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const durable = <E = never, R = never>(
  options: Options<E, R>
): Layer.Layer<MemberStore, E | SqlError, R | SqlClient> =>
  // Its own, though others may have one from the same Layer: nobody else is to write there.
  Layer.effect(MemberStore, make(options)).pipe(Layer.provide(Layer.fresh(options.working)))
