/**
 * A table's members, scanned by a pool.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Option, type Semaphore, Stream } from "effect"
import type { GuildId } from "../../../domain/Ids.ts"
import type { Member } from "../../../domain/Member.ts"
import { matches, type MemberQuery } from "../../../domain/MemberQuery.ts"
import { type Members, type ScanOptions, ScanTimedOut } from "../../../domain/MemberStore.ts"
import { UserIds } from "../../../domain/UserIds.ts"
import { type Base, memberAt } from "./Base.ts"
import type { Leaf } from "./Leaf.ts"
import type { Pool, Scan } from "./Pool.ts"
import type { Found, Wanted } from "./protocol.ts"
import type { Table } from "./Table.ts"

/** How many members are read between two turns of others: a tenth of a millisecond. */
const CHUNK = 256

const ROWS: Wanted = { _tag: "Rows" }
const NO_ROWS = new Uint16Array(0)
const NO_IDS = new BigUint64Array(0)

/** What the changes upon a leaf's base come to: rows that are out of date, and members who are asked for. */
interface Recent {
  readonly hidden: Uint16Array
  readonly found: ReadonlyArray<Member>
}

const NOTHING_RECENT: Recent = { hidden: NO_ROWS, found: [] }

const recent = (query: MemberQuery, { changes }: Leaf): Recent => {
  const hidden: Array<number> = []
  const found: Array<Member> = []
  for (const { member, row } of changes.values()) {
    if (row >= 0) hidden.push(row)
    if (member !== undefined && matches(query, member)) found.push(member)
  }
  return { hidden: Uint16Array.from(hidden), found }
}

const idsOf = (members: ReadonlyArray<Member>) => BigUint64Array.from(members, ({ user }) => BigInt(user.id)).sort()

/** Where the base says nothing, nobody needs to be asked. */
const asked = ({ ask }: Scan, { base }: Leaf, hidden: Uint16Array, wanted: Wanted): ReturnType<Scan["ask"]> =>
  hidden.length === base.columns.rows
    ? Effect.succeed<Found>({ rows: NO_ROWS, ids: wanted._tag === "Ids" ? wanted.besides : NO_IDS })
    : ask({ leaf: base.piece, hidden, wanted })

/** What has been found in a leaf, but for what is in `besides`. */
interface Rows {
  readonly base: Base
  readonly rows: Uint16Array
  readonly besides: ReadonlyArray<Member>
}

const read = function* ({ base, besides, rows }: Rows): Generator<Member> {
  yield* besides
  for (const row of rows) yield memberAt(base, row)
}

/**
 * `turns` lets only one at a time of those who share it look at recent changes, and all others go on before the next.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({
  guild,
  pool,
  table,
  turns
}: {
  readonly guild: GuildId
  readonly table: Table
  readonly pool: Pool
  readonly turns: Semaphore.Semaphore
}): Members => {
  const frozen = (query: MemberQuery) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const { close, leaves } = table.freeze()
        return { leaves, scan: pool.open(guild, query, close) }
      }),
      ({ scan }) => scan.close
    )
  /** As many leaves at once as there may be questions: all in one turn, they would take milliseconds. */
  const changed = (query: MemberQuery, leaf: Leaf) =>
    leaf.changes.size === 0
      ? Effect.succeed(NOTHING_RECENT)
      : turns.withPermit(Effect.map(Effect.yieldNow, () => recent(query, leaf)))
  const idsIn = (query: MemberQuery, scan: Scan, leaf: Leaf) =>
    Effect.flatMap(changed(query, leaf), ({ found, hidden }) =>
      Effect.map(asked(scan, leaf, hidden, { _tag: "Ids", besides: idsOf(found) }), ({ ids }) => ids)
    )
  const rowsIn = (query: MemberQuery, scan: Scan, leaf: Leaf) =>
    Effect.flatMap(changed(query, leaf), ({ found, hidden }) =>
      Effect.map(asked(scan, leaf, hidden, ROWS), ({ rows }): Rows => ({ base: leaf.base, rows, besides: found }))
    )
  const tooLate = ({ deadline = "30 seconds" }: ScanOptions = {}) =>
    Effect.delay(
      Effect.suspend(() => Effect.fail(new ScanTimedOut({ guild, deadlineMillis: Duration.toMillis(deadline) }))),
      deadline
    )
  const put = (member: Member) => Effect.sync(() => table.put(member))
  const concurrency = pool.window
  return {
    get: (user) => Effect.sync(() => Option.fromUndefinedOr(table.get(user))),
    put,
    putAll: (all) => Effect.forEach(all, put, { discard: true }),
    remove: (user) => Effect.sync(() => table.remove(user)),
    size: Effect.sync(() => table.size),
    page: (after, limit) => Effect.sync(() => table.after(after, limit)),
    scan: (query, options) =>
      Stream.unwrap(
        Effect.map(frozen(query), ({ leaves, scan }) =>
          Stream.fromIterable(leaves).pipe(
            Stream.mapEffect((leaf) => rowsIn(query, scan, leaf), { concurrency, unordered: true }),
            Stream.flatMap((rows) => Stream.fromIterable(read(rows), { chunkSize: CHUNK })),
            Stream.mapArrayEffect((members) => Effect.as(Effect.yieldNow, members)),
            Stream.interruptWhen(tooLate(options))
          )
        )
      ),
    ids: (query, options) =>
      Effect.flatMap(frozen(query), ({ leaves, scan }) =>
        Effect.forEach(leaves, (leaf) => idsIn(query, scan, leaf), { concurrency }).pipe(
          Effect.raceFirst(tooLate(options))
        )
      ).pipe(
        Effect.scoped,
        Effect.map((ids) => new UserIds(ids))
      )
  }
}
