/**
 * Queries, asked of a leaf's columns: what `MemberQuery.matches` says of each of its members.
 *
 * What takes time to load is not imported here: a worker runs it.
 *
 * @since 0.1.0
 */
import * as Admission from "../../../domain/audience/Admission.ts"
import { folded } from "../../../domain/member/Name.ts"
import type { MemberQuery } from "../../../domain/MemberQuery.ts"
import * as Columns from "./Columns.ts"

/**
 * Writes of each row whether it is among those who are asked for: 1 or 0, in as many entries.
 *
 * @since 0.1.0
 * @category models
 */
export type Matcher = (columns: Columns.Columns, verdicts: Uint8Array) => void

/** What roles say, by their ids; one that is missing says nothing. Several together say all that each does. */
type Words = ReadonlyMap<bigint, number>

/** A leaf's roles say the same of all its rows: each role is asked once, and each set of roles. */
const bySets =
  (words: Words, matches: (said: number) => boolean): Matcher =>
  ({ roleIds, roleSets, rows, setEnds, setRoles }, verdicts) => {
    const ofRoles = Uint8Array.from(roleIds, (role) => words.get(role) ?? 0)
    const ofSets = new Uint8Array(setEnds.length - 1)
    let at = 0
    for (let set = 0; set < ofSets.length; set++) {
      const end = setEnds[set + 1] ?? 0
      let said = 0
      while (at < end) said |= ofRoles[setRoles[at++] ?? 0] ?? 0
      ofSets[set] = matches(said) ? 1 : 0
    }
    for (let row = 0; row < rows; row++) verdicts[row] = ofSets[roleSets[row] ?? 0] ?? 0
  }

const saidInRow = ({ roleIds, roleSets, setEnds, setRoles }: Columns.Columns, row: number, words: Words): number => {
  const set = roleSets[row] ?? 0
  let said = 0
  for (const role of setRoles.subarray(setEnds[set], setEnds[set + 1])) said |= words.get(roleIds[role] ?? 0n) ?? 0
  return said
}

const seeing = (audience: Admission.Audience): Matcher => {
  const { allowed, base, denied, named, viewers } = audience
  const words = new Map<bigint, number>()
  for (const roles of [base.administrators, viewers, denied, allowed]) {
    for (const role of roles) words.set(BigInt(role), Admission.says(audience, role))
  }
  const unnamed = bySets(words, (said) => Admission.admitsSaying(audience, said))
  const users = [base.ownerId, ...named.keys()]
  const wanted = new Columns.Wanted()
  return (columns, verdicts) => {
    unnamed(columns, verdicts)
    for (const user of users) {
      const row = Columns.find(columns.halves, wanted.set(user))
      if (row < 0) continue
      verdicts[row] = Admission.admitsUserSaying(audience, user, saidInRow(columns, row, words)) ? 1 : 0
    }
  }
}

/** Latin-1 as it is compared: each of its letters has a lower one that is Latin-1 too, whatever stands beside it. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, code) => folded(String.fromCharCode(code)).charCodeAt(0))

const named = (prefix: string): Matcher => {
  const units = Array.from({ length: prefix.length }, (_, index) => prefix.charCodeAt(index))
  const isLatin = units.every((unit) => unit < FOLDED.length)
  const begins = ({ text }: Columns.Columns, start: number, end: number, isWide: boolean): boolean => {
    // The whole of it: how a letter is folded may be up to those behind it.
    if (isWide) return folded(text.toString("utf16le", start, end)).startsWith(prefix)
    if (!isLatin || end - start < units.length) return false
    for (let index = 0; index < units.length; index++) {
      if (FOLDED[text[start + index] ?? 0] !== units[index]) return false
    }
    return true
  }
  return (columns, verdicts) => {
    const { flags, rows } = columns
    for (let row = 0; row < rows; row++) {
      const flag = flags[row] ?? 0
      const end = Columns.usernameEnd(columns, row)
      const matches =
        begins(columns, Columns.usernameStart(columns, row), end, (flag & Columns.WIDE_USERNAME) !== 0) ||
        ((flag & Columns.NICK) !== 0 &&
          begins(columns, end, Columns.namesEnd(columns, row), (flag & Columns.WIDE_NICK) !== 0))
      verdicts[row] = matches ? 1 : 0
    }
  }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const matcher = (query: MemberQuery): Matcher => {
  switch (query._tag) {
    case "Everybody":
      return ({ rows }, verdicts) => verdicts.fill(1, 0, rows)
    case "Seeing":
      return seeing(query.audience)
    case "Bearing":
      return bySets(new Map([[BigInt(query.role), 1]]), (said) => said !== 0)
    case "Named":
      return named(query.prefix)
  }
}
