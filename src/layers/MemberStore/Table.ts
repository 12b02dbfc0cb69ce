/**
 * Members as they are kept in a database, in SQL that SQLite and PostgreSQL share.
 *
 * An id is kept as its twenty decimal digits, as text. It covers all of an unsigned 64-bit integer, which no integer of
 * either database does; it sorts as the number does; every driver hands it on as it is, where 64-bit integers come as
 * numbers, bigints or strings; and whoever looks into the table can read it. It costs 24 bytes a row more than a signed
 * integer with an offset would.
 *
 * How many members a guild has is kept in a table of its own, since both databases would count the rows one by one: of a
 * million, that holds the thread for 80 ms where the database is in the process.
 *
 * @since 0.1.0
 */
import { Array as Arr, Effect, Exit, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import type { GuildId, UserId } from "../../domain/Ids.ts"
import { Member } from "../../domain/Member.ts"

/**
 * An id as it is kept.
 *
 * @since 0.1.0
 * @category getters
 */
export const key = (id: GuildId | UserId): string => id.padStart(20, "0")

/**
 * A row that is to be, or is to be no more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  readonly guild: GuildId
  readonly user: UserId
  readonly row: string | undefined
}

const MemberRow = Schema.fromJsonString(Member)
const encode = Schema.encodeSync(MemberRow)
const decode = Schema.decodeUnknownExit(MemberRow)

/**
 * Throws when the member is none, whatever its type says: it could not be read again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const put = (guild: GuildId, member: Member): Change => ({ guild, user: member.user.id, row: encode(member) })

/**
 * @since 0.1.0
 * @category constructors
 */
export const remove = (guild: GuildId, user: UserId): Change => ({ guild, user, row: undefined })

/**
 * Some of a guild's members, in the order of their keys. `last` is the key up to which they go.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page {
  readonly members: ReadonlyArray<Member>
  readonly last: string
  readonly isLast: boolean
}

/**
 * What is in a row but no member, as others may have written it, is told in the log and counts as nobody.
 *
 * @since 0.1.0
 * @category models
 */
export interface Table {
  /** May be done any number of times, by any number of processes at once. */
  readonly create: Effect.Effect<void, SqlError>
  readonly get: (guild: GuildId, user: UserId) => Effect.Effect<Option.Option<Member>, SqlError>
  /** The first `limit` whose keys come after this one. */
  readonly page: (guild: GuildId, after: string, limit: number) => Effect.Effect<Page, SqlError>
  readonly size: (guild: GuildId) => Effect.Effect<number, SqlError>
  /** Puts right what `size` says: whoever has changed rows by hand has not. */
  readonly resize: (guild: GuildId, size: number) => Effect.Effect<void, SqlError>
  /**
   * All of them in their order, or none. Answers for each whether there was a row just before it.
   */
  readonly commit: (changes: ReadonlyArray<Change>) => Effect.Effect<ReadonlyArray<boolean>, SqlError>
}

interface Found {
  readonly user_id: string
  readonly member: string
}

/**
 * `name` is the table's; that of the sizes is `${name}_sizes`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (client: SqlClient, name: string): Table => {
  const sql = client.withoutTransforms()
  const table = sql(name)
  const sizes = sql(`${name}_sizes`)
  // Compared byte by byte, as SQLite does by itself: by a language's rules it takes longer, and their next edition may
  // order an index anew.
  const id = sql.literal(sql.onDialectOrElse({ pg: () => 'TEXT COLLATE "C" NOT NULL', orElse: () => "TEXT NOT NULL" }))
  // Rows lie in the order of their keys, so that a page is read from one place.
  const inOrder = sql.literal(sql.onDialectOrElse({ sqlite: () => "WITHOUT ROWID", orElse: () => "" }))

  const create = sql.withTransaction(
    Effect.gen(function* () {
      // PostgreSQL does not find a table that another transaction is about to make, and then cannot make it either.
      yield* sql.onDialectOrElse({
        pg: () => Effect.asVoid(sql`SELECT pg_advisory_xact_lock(hashtext(${name}))`),
        orElse: () => Effect.void
      })
      yield* sql`
        CREATE TABLE IF NOT EXISTS ${table}
        (guild_id ${id}, user_id ${id}, member TEXT NOT NULL, PRIMARY KEY (guild_id, user_id)) ${inOrder}
      `
      yield* sql`CREATE TABLE IF NOT EXISTS ${sizes} (guild_id ${id} PRIMARY KEY, size INTEGER NOT NULL)`
    })
  )

  const read = (user: string, text: string): Member | undefined => {
    const exit = decode(text)
    return Exit.isSuccess(exit) && key(exit.value.user.id) === user ? exit.value : undefined
  }
  const unread = (guild: GuildId, users: ReadonlyArray<string>) =>
    users.length === 0
      ? Effect.void
      : Effect.logError(`there is no member of guild ${guild} in these rows of ${name}: put them anew`, users)

  /** Counts the rows, as nobody has yet. Who has meanwhile did not see what this transaction has changed. */
  const count = (guild: GuildId, by: number) => sql`
    INSERT INTO ${sizes} (guild_id, size) SELECT ${key(guild)}, COUNT(*) FROM ${table} WHERE guild_id = ${key(guild)}
    ON CONFLICT (guild_id) DO UPDATE SET size = ${sizes}.size + ${by}
  `
  const grow = Effect.fnUntraced(function* (guild: GuildId, by: number) {
    const grown = yield* sql`
      UPDATE ${sizes} SET size = size + ${by} WHERE guild_id = ${key(guild)} RETURNING guild_id
    `
    if (grown.length === 0) yield* count(guild, by)
  })
  const sizeNow = (guild: GuildId) => sql<{ readonly size: number }>`
    SELECT size FROM ${sizes} WHERE guild_id = ${key(guild)}
  `

  const keyOf = ({ guild, user }: Change) => key(guild) + key(user)
  const among = (changes: ReadonlyArray<Change>): Fragment =>
    sql`(guild_id, user_id) IN (VALUES ${sql.csv(changes.map(({ guild, user }) => sql`(${key(guild)}, ${key(user)})`))})`

  const commit = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
    const last = Array.from(new Map(changes.map((change) => [keyOf(change), change])).values())
    // An upsert does not say which of its rows are new.
    const found = yield* sql<{ readonly guild_id: string; readonly user_id: string }>`
      SELECT guild_id, user_id FROM ${table} WHERE ${among(last)}
    `
    const before: ReadonlySet<string> = new Set(found.map(({ guild_id, user_id }) => guild_id + user_id))
    const there = new Set(before)
    const answers = changes.map((change) => {
      const wasThere = there.has(keyOf(change))
      if (change.row === undefined) there.delete(keyOf(change))
      else there.add(keyOf(change))
      return wasThere
    })
    const rows: ReadonlyArray<Record<string, string>> = last.flatMap(({ guild, row, user }) =>
      row === undefined ? [] : [{ guild_id: key(guild), user_id: key(user), member: row }]
    )
    const gone = last.filter((change) => change.row === undefined && before.has(keyOf(change)))
    if (gone.length > 0) yield* sql`DELETE FROM ${table} WHERE ${among(gone)}`
    if (Arr.isReadonlyArrayNonEmpty(rows)) {
      yield* sql`
        INSERT INTO ${table} ${sql.insert(rows)} ON CONFLICT (guild_id, user_id) DO UPDATE SET member = excluded.member
      `
    }
    const growth = new Map<GuildId, number>()
    for (const change of last) {
      const by = Number(there.has(keyOf(change))) - Number(before.has(keyOf(change)))
      growth.set(change.guild, (growth.get(change.guild) ?? 0) + by)
    }
    for (const [guild, by] of growth) if (by !== 0) yield* grow(guild, by)
    return answers
  }, sql.withTransaction)

  return {
    create,
    get: Effect.fnUntraced(function* (guild, user) {
      const [found] = yield* sql<Pick<Found, "member">>`
        SELECT member FROM ${table} WHERE guild_id = ${key(guild)} AND user_id = ${key(user)}
      `
      const member = found && read(key(user), found.member)
      if (found !== undefined && member === undefined) yield* unread(guild, [key(user)])
      return Option.fromUndefinedOr(member)
    }),
    page: Effect.fnUntraced(function* (guild, after, limit) {
      const found = yield* sql<Found>`
        SELECT user_id, member FROM ${table} WHERE guild_id = ${key(guild)} AND user_id > ${after}
        ORDER BY user_id LIMIT ${limit}
      `
      const members: Array<Member> = []
      const others: Array<string> = []
      for (const { member: text, user_id } of found) {
        const member = read(user_id, text)
        if (member === undefined) others.push(user_id)
        else members.push(member)
      }
      yield* unread(guild, others)
      return { members, last: found.at(-1)?.user_id ?? after, isLast: found.length < limit }
    }),
    size: Effect.fnUntraced(function* (guild) {
      const known = yield* sizeNow(guild)
      const [row] = known.length > 0 ? known : yield* Effect.andThen(count(guild, 0), sizeNow(guild))
      return row?.size ?? 0
    }),
    resize: (guild, size) => sql`UPDATE ${sizes} SET size = ${size} WHERE guild_id = ${key(guild)}`.pipe(Effect.asVoid),
    commit
  }
}
