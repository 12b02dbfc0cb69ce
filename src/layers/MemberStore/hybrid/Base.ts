/**
 * What a leaf's members were when they were last written together: bytes that never change.
 *
 * @since 0.1.0
 */
import { type RoleId, UserId } from "../../../domain/Ids.ts"
import type { Member } from "../../../domain/Member.ts"
import type { Piece } from "./Arena.ts"
import * as Columns from "./Columns.ts"

/**
 * `roles` are the columns' role ids as text. `born` is the epoch in which it came into the table: see `Epochs`. `compact` is
 * how many role sets there were when they were last gathered, each once, and none that nobody has.
 *
 * @since 0.1.0
 * @category models
 */
export interface Base {
  readonly piece: Piece
  readonly columns: Columns.Columns
  readonly roles: ReadonlyArray<RoleId>
  readonly born: number
  readonly compact: number
}

const NOTHING: Columns.Counts = { rows: 0, roles: 0, sets: 0, entries: 0, text: 0 }
const BYTES = Columns.byteLength(NOTHING)
const NO_PIECE: Piece = { buffer: new SharedArrayBuffer(BYTES), start: 0, bytes: BYTES }

/**
 * Nobody.
 *
 * @since 0.1.0
 * @category constants
 */
export const EMPTY: Base = {
  piece: NO_PIECE,
  columns: Columns.make(NO_PIECE, NOTHING),
  roles: [],
  born: 0,
  compact: 0
}

const rolesAt = ({ columns, roles }: Base, row: number): ReadonlyArray<RoleId> => {
  const { roleSets, setEnds, setRoles } = columns
  const set = roleSets[row] ?? 0
  const end = setEnds[set + 1] ?? 0
  const all: Array<RoleId> = []
  for (let at = setEnds[set] ?? 0; at < end; at++) {
    const role = roles[setRoles[at] ?? 0]
    if (role !== undefined) all.push(role)
  }
  return all
}

/**
 * The member in a row. `user` is their id, where that is known: it need not be written again.
 *
 * @since 0.1.0
 * @category reading
 */
export const memberAt = (base: Base, row: number, user?: UserId): Member => {
  const { columns } = base
  const flags = columns.flags[row] ?? 0
  const nick = Columns.nickAt(columns, row)
  const timedOutUntil = Columns.timedOutUntilAt(columns, row)
  return {
    user: {
      // Any 64 bits, in decimal, are an id: there is nothing to be checked.
      id: user ?? UserId.make(String(columns.ids[row] ?? 0n), { disableChecks: true }),
      username: Columns.usernameAt(columns, row),
      bot: (flags & Columns.BOT) !== 0
    },
    roles: rolesAt(base, row),
    joinedAt: columns.joinedAt[row] ?? 0,
    ...(nick !== undefined && { nick }),
    ...((flags & Columns.MUTE) !== 0 && { mute: true }),
    ...((flags & Columns.DEAF) !== 0 && { deaf: true }),
    ...(timedOutUntil !== undefined && { timedOutUntil })
  }
}
