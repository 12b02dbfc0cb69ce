/**
 * Writes bases: from members, and from rows of other bases.
 *
 * @since 0.1.0
 */
import type { Member } from "../../../domain/Member.ts"
import type { Arena } from "./Arena.ts"
import { type Base, EMPTY } from "./Base.ts"
import * as Columns from "./Columns.ts"
import { RoleSets } from "./RoleSets.ts"

/** What a set of the base that is copied is called in the one that is written. */
const UNKNOWN = -1

const NO_ROLE_IDS = new BigUint64Array(0)

const filled = (numbers: Int32Array, length: number): Int32Array =>
  numbers.length < length ? new Int32Array(2 * length).fill(UNKNOWN) : numbers.fill(UNKNOWN, 0, length)

/**
 * Rows are added ascending by id, then a base is finished; its bytes are what is left of them. Scratch memory of some two
 * dozen bytes for each row that a leaf may have, and for its texts: one builder writes all leaves of a Layer.
 *
 * @since 0.1.0
 * @category models
 */
export class Builder {
  /** How many rows have been added since the last was finished. */
  rows = 0
  /** How many role sets there can be. */
  readonly mostSets: number
  private readonly ids: BigUint64Array
  private readonly joinedAt: Float64Array
  private readonly textEnds: Uint32Array
  private readonly roleSets: Uint16Array
  private readonly flags: Uint8Array
  private readonly sets: RoleSets
  private text = new Uint8Array(1024)
  private at = 0
  private source = EMPTY
  private isAdopted = false
  private newSets: Int32Array = new Int32Array(0)
  private newRoles: Int32Array = new Int32Array(0)

  /** Room for so many rows, at most 65,536. */
  constructor(limit: number) {
    this.ids = new BigUint64Array(limit)
    this.joinedAt = new Float64Array(limit)
    this.textEnds = new Uint32Array(limit + 1)
    this.roleSets = new Uint16Array(limit)
    this.flags = new Uint8Array(limit)
    // Kept as they are, they may be more than there are rows.
    this.mostSets = Math.min(2 * limit, Columns.MOST_ROWS)
    this.sets = new RoleSets(this.mostSets)
  }

  /** Begins anew, whatever has been added. */
  clear(): void {
    this.rows = 0
    this.at = 0
    this.isAdopted = false
    this.sets.clear()
  }

  /** `before` is the row of the same user in the base that is copied, if there is one. */
  add({ deaf, joinedAt, mute, nick, roles, timedOutUntil, user }: Member, before = -1): void {
    const row = this.rows++
    const { sets } = this
    this.ids[row] = BigInt(user.id)
    this.joinedAt[row] = joinedAt
    for (const role of roles) sets.add(sets.number(role))
    this.roleSets[row] = sets.finish(this.isAdopted && before >= 0 ? this.source.columns.roleSets[before] : undefined)
    let flags = (user.bot ? Columns.BOT : 0) | (mute ? Columns.MUTE : 0) | (deaf ? Columns.DEAF : 0)
    const start = this.at
    if (nick !== undefined) this.at += 4
    if (this.write(user.username)) flags |= Columns.WIDE_USERNAME
    if (nick !== undefined) {
      const length = this.at - start - 4
      for (let byte = 0; byte < 4; byte++) this.text[start + byte] = length >>> (8 * byte)
      flags |= Columns.NICK
      if (this.write(nick)) flags |= Columns.WIDE_NICK
    }
    if (timedOutUntil !== undefined) {
      flags |= Columns.TIMED_OUT
      this.writeTime(timedOutUntil)
    }
    this.flags[row] = flags
    this.textEnds[row + 1] = this.at
  }

  /** The base whose rows are copied next. */
  from(base: Base): void {
    this.source = base
    const { roleIds, setEnds } = base.columns
    this.newSets = filled(this.newSets, setEnds.length)
    this.newRoles = filled(this.newRoles, roleIds.length)
  }

  /**
   * The only base whose rows are copied, and its role sets as they are, which saves looking at each of them. Those that
   * nobody has any more stay, and one that is new may be there already: so this is not done for ever.
   */
  adopt(base: Base): void {
    this.source = base
    this.isAdopted = true
    this.sets.adopt(base)
  }

  /** Rows as they are, of the base that was last named. */
  copy(start: number, end: number): void {
    const { flags, ids, joinedAt, roleSets, text, textEnds } = this.source.columns
    const { newSets, rows } = this
    this.ids.set(ids.subarray(start, end), rows)
    this.joinedAt.set(joinedAt.subarray(start, end), rows)
    this.flags.set(flags.subarray(start, end), rows)
    if (this.isAdopted) this.roleSets.set(roleSets.subarray(start, end), rows)
    else {
      for (let row = start, to = rows; row < end; row++, to++) {
        const set = roleSets[row] ?? 0
        const known = newSets[set] ?? UNKNOWN
        this.roleSets[to] = known === UNKNOWN ? this.copySet(set) : known
      }
    }
    const from = textEnds[start] ?? 0
    const to = textEnds[end] ?? 0
    this.reserve(to - from)
    this.text.set(text.subarray(from, to), this.at)
    const shift = this.at - from
    const ends = this.textEnds
    for (let row = start + 1, to = rows + 1; row <= end; row++, to++) ends[to] = (textEnds[row] ?? 0) + shift
    this.at += to - from
    this.rows += end - start
  }

  /** All that has been added, in a piece of the arena; and begins anew. */
  finish(arena: Arena, born: number): Base {
    const { rows, sets } = this
    const entries = sets.ends[sets.size] ?? 0
    const counts = { rows, roles: sets.roles.length, sets: sets.size, entries, text: this.at }
    const piece = arena.take(Columns.byteLength(counts))
    const columns = Columns.make(piece, counts)
    columns.ids.set(this.ids.subarray(0, rows))
    columns.joinedAt.set(this.joinedAt.subarray(0, rows))
    columns.textEnds.set(this.textEnds.subarray(0, rows + 1))
    columns.roleSets.set(this.roleSets.subarray(0, rows))
    columns.flags.set(this.flags.subarray(0, rows))
    columns.text.set(this.text.subarray(0, this.at))
    columns.setEnds.set(sets.ends.subarray(0, sets.size + 1))
    columns.setRoles.set(sets.entries.subarray(0, entries))
    const { roles } = sets
    const kept = this.isAdopted ? this.source.columns.roleIds : NO_ROLE_IDS
    columns.roleIds.set(kept)
    for (let role = kept.length; role < roles.length; role++) columns.roleIds[role] = BigInt(roles[role] ?? 0)
    const compact = this.isAdopted ? this.source.compact : sets.size
    this.clear()
    // What sets were called in this one says nothing about the next.
    this.from(this.source)
    return { piece, columns, roles, born, compact }
  }

  private copySet(set: number): number {
    const { columns } = this.source
    const { newRoles, sets } = this
    const end = columns.setEnds[set + 1] ?? 0
    for (let at = columns.setEnds[set] ?? 0; at < end; at++) {
      const role = columns.setRoles[at] ?? 0
      const known = newRoles[role] ?? UNKNOWN
      sets.add(known === UNKNOWN ? this.copyRole(role) : known)
    }
    return (this.newSets[set] = sets.finish())
  }

  private copyRole(role: number): number {
    const id = this.source.roles[role]
    if (id === undefined) throw new RangeError(`a leaf names a role ${role} that it has not`)
    return (this.newRoles[role] = this.sets.number(id))
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.text.length) return
    const larger = new Uint8Array(2 * (this.at + bytes))
    larger.set(this.text.subarray(0, this.at))
    this.text = larger
  }

  private writeTime(millis: number): void {
    this.reserve(8)
    new DataView(this.text.buffer).setFloat64(this.at, millis, true)
    this.at += 8
  }

  /** Answers whether the name had to be written wide. */
  private write(name: string): boolean {
    const { length } = name
    this.reserve(2 * length + 4)
    const { text } = this
    let at = this.at
    for (let index = 0; index < length; index++) {
      const unit = name.charCodeAt(index)
      if (unit > 0xff) return this.writeWide(name)
      text[at++] = unit
    }
    this.at = at
    return false
  }

  private writeWide(name: string): true {
    const { text } = this
    let { at } = this
    for (let index = 0; index < name.length; index++) {
      const unit = name.charCodeAt(index)
      text[at++] = unit
      text[at++] = unit >>> 8
    }
    this.at = at
    return true
  }
}
