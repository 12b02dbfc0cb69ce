/**
 * The role sets of a leaf that is being written: each distinct one has a number, and so has each role.
 *
 * @since 0.1.0
 */
import type { RoleId } from "../../../domain/Ids.ts"
import type { Base } from "./Base.ts"

const NONE = 0

/**
 * Sets keep the order in which they name their roles. Scratch memory, used for one leaf after the other.
 *
 * @since 0.1.0
 * @category models
 */
export class RoleSets {
  /** Role ids by number. */
  roles: Array<RoleId> = []
  /** How many sets there are. */
  size = 0
  /** Where the entries of each set end; the first begin at 0, which comes first. */
  readonly ends: Uint32Array
  /** The roles' numbers, set after set; beyond the last end it is scratch. */
  entries = new Uint32Array(1024)
  private readonly numbers = new Map<RoleId, number>()
  /** A hash table of sets: each one's number and one more. */
  private readonly slots: Uint32Array
  /** Where the set that is being gathered has its next entry. */
  private at = 0

  /** Room for so many sets. */
  constructor(limit: number) {
    this.ends = new Uint32Array(limit + 1)
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * limit)))
  }

  /** Begins with those of a base, under the numbers that they have there. They are not found again but by a hint. */
  adopt({ columns: { setEnds, setRoles }, roles }: Base): void {
    this.roles = Array.from(roles)
    roles.forEach((role, number) => this.numbers.set(role, number))
    this.size = setEnds.length - 1
    this.ends.set(setEnds)
    this.at = setRoles.length
    this.reserve()
    this.entries.set(setRoles)
  }

  clear(): void {
    if (this.size > 0) this.slots.fill(NONE)
    this.roles = []
    this.size = 0
    this.at = 0
    this.numbers.clear()
  }

  /** A role's number. */
  number(role: RoleId): number {
    const known = this.numbers.get(role)
    if (known !== undefined) return known
    const number = this.roles.push(role) - 1
    this.numbers.set(role, number)
    return number
  }

  /** The next entry of the set that is being gathered. */
  add(role: number): void {
    this.reserve()
    this.entries[this.at++] = role
  }

  /** The number of the set that has been gathered; `hint` is the number of one that may be the same. */
  finish(hint?: number): number {
    const start = this.ends[this.size] ?? 0
    if (hint !== undefined && this.isSame(hint, start)) {
      this.at = start
      return hint
    }
    const mask = this.slots.length - 1
    let slot = this.hash(start) & mask
    for (;;) {
      const taken = this.slots[slot] ?? NONE
      if (taken === NONE) {
        this.slots[slot] = this.size + 1
        this.ends[++this.size] = this.at
        return this.size - 1
      }
      if (this.isSame(taken - 1, start)) {
        this.at = start
        return taken - 1
      }
      slot = (slot + 1) & mask
    }
  }

  private reserve(): void {
    if (this.at < this.entries.length) return
    const larger = new Uint32Array(2 * this.at)
    larger.set(this.entries)
    this.entries = larger
  }

  private hash(start: number): number {
    let hash = this.at - start
    for (let at = start; at < this.at; at++) hash = Math.imul(hash ^ (this.entries[at] ?? 0), 0x9e3779b1) + 1
    return hash ^ (hash >>> 15)
  }

  private isSame(set: number, start: number): boolean {
    const other = this.ends[set] ?? 0
    const length = this.at - start
    if ((this.ends[set + 1] ?? 0) - other !== length) return false
    for (let at = 0; at < length; at++) {
      if (this.entries[other + at] !== this.entries[start + at]) return false
    }
    return true
  }
}
