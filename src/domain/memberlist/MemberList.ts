/**
 * The members of a channel as they are shown beside it: in groups one below the other, by name within each.
 *
 * Rows are counted with the groups' headers; a group without members has none.
 *
 * @since 0.1.0
 */
import type { UserId } from "../Ids.ts"
import { OrderedList } from "../OrderedList.ts"
import { ById } from "./ById.ts"
import { Entry, type GroupId } from "./Entry.ts"
import { header, type Header, type Row, type Rows } from "./Row.ts"

class Group<in out A> {
  readonly id: GroupId
  readonly members = new OrderedList<Entry<A>>(Entry.compare)
  isShown = false
  private known: Header

  constructor(id: GroupId) {
    this.id = id
    this.known = header(id, 0)
  }

  /** The same object for as long as the count is the same. */
  get header(): Header {
    if (this.known.count !== this.members.size) this.known = header(this.id, this.members.size)
    return this.known
  }
}

/**
 * Which groups are shown, and in which order, is said apart from the members: those whose group is not among them are in
 * the list, but in no row.
 *
 * @since 0.1.0
 * @category models
 */
export class MemberList<in out A> {
  /** 28 to 56 bytes for each beside the entries themselves: the greater part of what the list takes. */
  private readonly entries = new ById<Entry<A>>()
  /** Those that are shown, and others that have members. */
  private readonly byId = new Map<GroupId, Group<A>>()
  private shown: ReadonlyArray<Group<A>> = []

  constructor(groups: Iterable<GroupId> = []) {
    this.setGroups(groups)
  }

  /**
   * Which groups are shown, from the top down. Members stay where they are: whoever belongs to another group by now is to
   * be put anew.
   */
  setGroups(groups: Iterable<GroupId>): void {
    const before = this.shown
    for (const group of before) group.isShown = false
    this.shown = Array.from(new Set(groups), (id) => this.group(id))
    for (const group of this.shown) group.isShown = true
    for (const group of before) this.tidy(group)
  }

  get(user: UserId): Entry<A> | undefined {
    return this.entries.get(user)
  }

  /** Adds a member; or replaces what is there of the same user, which may be somewhere else. */
  put(entry: Entry<A>): void {
    const before = this.entries.get(entry.user)
    if (before !== undefined && (before.group !== entry.group || before.name !== entry.name)) this.takeOut(before)
    this.entries.set(entry.user, entry)
    this.group(entry.group).members.put(entry)
  }

  /** Answers whether there was one. */
  remove(user: UserId): boolean {
    const before = this.entries.get(user)
    if (before === undefined) return false
    this.entries.delete(user)
    this.takeOut(before)
    return true
  }

  /** Removes all members. The groups stay. */
  clear(): void {
    this.entries.clear()
    for (const group of this.byId.values()) {
      group.members.clear()
      this.tidy(group)
    }
  }

  /** How many rows there are. */
  get length(): number {
    let length = 0
    for (const { members } of this.shown) if (members.size > 0) length += 1 + members.size
    return length
  }

  /** How many members are in a row. */
  get memberCount(): number {
    let count = 0
    for (const { members } of this.shown) count += members.size
    return count
  }

  /** The headers that are shown. */
  groups(): ReadonlyArray<Header> {
    return this.shown.filter(({ members }) => members.size > 0).map((group) => group.header)
  }

  /** All who are in a group, shown or not, in order. */
  membersOf(group: GroupId): ReadonlyArray<Entry<A>> {
    const members = this.byId.get(group)?.members
    return members === undefined ? [] : members.slice(0, members.size)
  }

  /** The rows from one place to another, both included; those that there are. */
  rows(from: number, to: number): Rows<A> {
    const found: Array<Row<A>> = []
    let start = 0
    for (const group of this.shown) {
      const { size } = group.members
      if (size === 0) continue
      if (start > to) break
      if (start >= from) found.push(group.header)
      if (start + size >= from) for (const entry of group.members.slice(from - start - 1, to - start)) found.push(entry)
      start += 1 + size
    }
    return found
  }

  private group(id: GroupId): Group<A> {
    const known = this.byId.get(id)
    if (known !== undefined) return known
    const made = new Group<A>(id)
    this.byId.set(id, made)
    return made
  }

  private takeOut(entry: Entry<A>): void {
    const group = this.group(entry.group)
    group.members.remove(entry)
    this.tidy(group)
  }

  /** Forgets a group that nobody needs. */
  private tidy(group: Group<A>): void {
    if (!group.isShown && group.members.size === 0) this.byId.delete(group.id)
  }
}
