/**
 * A leaf's members as bytes: columns, one entry for each row, rows ascending by the user's id. Whoever has the bytes can
 * read them, in any thread, and needs nothing else.
 *
 * ```
 * five counts       u32   rows, roles, role sets, entries of role sets, bytes of text
 * ids               u64   × rows
 * joinedAt          f64   × rows
 * role ids          u64   × roles
 * ends of texts     u32   × rows + 1, beginning with 0
 * ends of role sets u32   × role sets + 1, beginning with 0
 * role sets         u16   × entries, as indices of roles; u32 where roles are too many
 * role set          u16   × rows, as index of a role set
 * flags             u8    × rows
 * texts             bytes
 * ```
 *
 * A text is a username; with a nick it is the username's length in bytes (u32, little-endian), the username, and the nick.
 * The last eight bytes of one who is timed out are until when (f64, little-endian): few are.
 * A name is Latin-1, as nearly all are, or UTF-16: like V8's own strings, so that any name comes back as it was, half
 * surrogates too, and is read without being decoded. Numbers are in the machine's own order, for they never leave it.
 *
 * Nothing is imported here that takes time to load: a worker does.
 *
 * @since 0.1.0
 */
import { Buffer } from "node:buffer"
import type { Piece } from "./Arena.ts"

/**
 * @since 0.1.0
 * @category flags
 */
export const BOT = 1
/**
 * @since 0.1.0
 * @category flags
 */
export const MUTE = 2
/**
 * @since 0.1.0
 * @category flags
 */
export const DEAF = 4
/**
 * @since 0.1.0
 * @category flags
 */
export const NICK = 8
/**
 * @since 0.1.0
 * @category flags
 */
export const WIDE_USERNAME = 16
/**
 * @since 0.1.0
 * @category flags
 */
export const WIDE_NICK = 32
/**
 * @since 0.1.0
 * @category flags
 */
export const TIMED_OUT = 64

/** Which of the two halves of 64 bits has the upper ones: that is up to the machine. */
const UPPER = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0

const COUNTS = 5
const HEADER = 32

/** Beyond so many roles, two bytes do not tell them apart. */
const NARROW_ROLES = 65_536

/**
 * The most rows that a leaf can have, since it may have as many role sets.
 *
 * @since 0.1.0
 * @category constants
 */
export const MOST_ROWS = 65_536

/**
 * Where a leaf's bytes begin.
 *
 * @since 0.1.0
 * @category models
 */
export type Place = Pick<Piece, "buffer" | "start">

/**
 * @since 0.1.0
 * @category models
 */
export interface Counts {
  readonly rows: number
  readonly roles: number
  readonly sets: number
  readonly entries: number
  readonly text: number
}

/**
 * Views of a leaf's bytes. `halves` are the ids again, since comparing 32 bits allocates nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Columns {
  readonly rows: number
  readonly ids: BigUint64Array
  readonly halves: Uint32Array
  readonly joinedAt: Float64Array
  readonly roleIds: BigUint64Array
  readonly textEnds: Uint32Array
  readonly setEnds: Uint32Array
  readonly setRoles: Uint16Array | Uint32Array
  readonly roleSets: Uint16Array
  readonly flags: Uint8Array
  readonly text: Buffer
}

const entryBytes = ({ roles }: Counts): number => (roles > NARROW_ROLES ? 4 : 2)

/**
 * How many bytes it takes.
 *
 * @since 0.1.0
 * @category layout
 */
export const byteLength = (counts: Counts): number => {
  const { entries, roles, rows, sets, text } = counts
  return HEADER + 23 * rows + 4 + 8 * roles + 4 * (sets + 1) + entryBytes(counts) * entries + text
}

const view = ({ buffer, start }: Place, counts: Counts): Columns => {
  const { entries, roles, rows, sets, text } = counts
  const ids = start + HEADER
  const joinedAt = ids + 8 * rows
  const roleIds = joinedAt + 8 * rows
  const textEnds = roleIds + 8 * roles
  const setEnds = textEnds + 4 * (rows + 1)
  const setRoles = setEnds + 4 * (sets + 1)
  const roleSets = setRoles + entryBytes(counts) * entries
  const flags = roleSets + 2 * rows
  return {
    rows,
    ids: new BigUint64Array(buffer, ids, rows),
    halves: new Uint32Array(buffer, ids, 2 * rows),
    joinedAt: new Float64Array(buffer, joinedAt, rows),
    roleIds: new BigUint64Array(buffer, roleIds, roles),
    textEnds: new Uint32Array(buffer, textEnds, rows + 1),
    setEnds: new Uint32Array(buffer, setEnds, sets + 1),
    setRoles:
      entryBytes(counts) === 4
        ? new Uint32Array(buffer, setRoles, entries)
        : new Uint16Array(buffer, setRoles, entries),
    roleSets: new Uint16Array(buffer, roleSets, rows),
    flags: new Uint8Array(buffer, flags, rows),
    text: Buffer.from(buffer, flags + rows, text)
  }
}

/**
 * Columns of so many rows, to be filled in.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (place: Place, counts: Counts): Columns => {
  const { entries, roles, rows, sets, text } = counts
  new Uint32Array(place.buffer, place.start, COUNTS).set([rows, roles, sets, entries, text])
  return view(place, counts)
}

/**
 * The columns that are there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (place: Place): Columns => {
  const counts = new Uint32Array(place.buffer, place.start, COUNTS)
  const [rows = 0, roles = 0, sets = 0, entries = 0, text = 0] = counts
  return view(place, { rows, roles, sets, entries, text })
}

/**
 * An id that is looked for, to be used again for the next.
 *
 * @since 0.1.0
 * @category models
 */
export class Wanted {
  private readonly whole = new BigUint64Array(1)
  private readonly halves = new Uint32Array(this.whole.buffer)

  /** A snowflake: any 64 bits, as text in decimal. */
  set(id: string | bigint): this {
    this.whole[0] = BigInt(id)
    return this
  }

  get id(): bigint {
    return this.whole[0] ?? 0n
  }

  get upper(): number {
    return this.halves[UPPER] ?? 0
  }

  get lower(): number {
    return this.halves[1 - UPPER] ?? 0
  }
}

/**
 * Where an id is among ascending ones; where it is not, the complement (`~`) of the place at which it belongs.
 *
 * @since 0.1.0
 * @category look-ups
 */
export const find = (halves: Uint32Array, { lower, upper }: Wanted): number => {
  let low = 0
  let high = (halves.length >>> 1) - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const upperThere = halves[2 * middle + UPPER] ?? 0
    const lowerThere = halves[2 * middle + 1 - UPPER] ?? 0
    if (upperThere < upper || (upperThere === upper && lowerThere < lower)) low = middle + 1
    else if (upperThere === upper && lowerThere === lower) return middle
    else high = middle - 1
  }
  return ~low
}

const LENGTH_BYTES = 4
const TIME_BYTES = 8

const hasNick = ({ flags }: Columns, row: number): boolean => ((flags[row] ?? 0) & NICK) !== 0

/**
 * Where a row's username begins among the texts.
 *
 * @since 0.1.0
 * @category names
 */
export const usernameStart = (columns: Columns, row: number): number =>
  (columns.textEnds[row] ?? 0) + (hasNick(columns, row) ? LENGTH_BYTES : 0)

/**
 * Where a row's last name ends.
 *
 * @since 0.1.0
 * @category names
 */
export const namesEnd = ({ flags, textEnds }: Columns, row: number): number =>
  (textEnds[row + 1] ?? 0) - (((flags[row] ?? 0) & TIMED_OUT) === 0 ? 0 : TIME_BYTES)

/**
 * Where a row's username ends, and its nick begins, if it has one; that ends where the names do.
 *
 * @since 0.1.0
 * @category names
 */
export const usernameEnd = (columns: Columns, row: number): number => {
  if (!hasNick(columns, row)) return namesEnd(columns, row)
  const start = columns.textEnds[row] ?? 0
  return start + LENGTH_BYTES + columns.text.readUInt32LE(start)
}

const nameBetween = ({ text }: Columns, start: number, end: number, isWide: boolean): string =>
  text.toString(isWide ? "utf16le" : "latin1", start, end)

/**
 * @since 0.1.0
 * @category names
 */
export const usernameAt = (columns: Columns, row: number): string =>
  nameBetween(
    columns,
    usernameStart(columns, row),
    usernameEnd(columns, row),
    ((columns.flags[row] ?? 0) & WIDE_USERNAME) !== 0
  )

/**
 * The row's nick, if it has one.
 *
 * @since 0.1.0
 * @category names
 */
export const nickAt = (columns: Columns, row: number): string | undefined =>
  hasNick(columns, row)
    ? nameBetween(
        columns,
        usernameEnd(columns, row),
        namesEnd(columns, row),
        ((columns.flags[row] ?? 0) & WIDE_NICK) !== 0
      )
    : undefined

/**
 * Until when who is in the row is timed out, if they are.
 *
 * @since 0.1.0
 * @category look-ups
 */
export const timedOutUntilAt = (columns: Columns, row: number): number | undefined =>
  ((columns.flags[row] ?? 0) & TIMED_OUT) === 0 ? undefined : columns.text.readDoubleLE(namesEnd(columns, row))
