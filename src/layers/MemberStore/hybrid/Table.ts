/**
 * One guild's members: leaves in the order of the users' ids, like the lowest level of a B+-tree.
 *
 * @since 0.1.0
 */
import type { UserId } from "../../../domain/Ids.ts"
import type { Member } from "../../../domain/Member.ts"
import type { Arena } from "./Arena.ts"
import { EMPTY, memberAt } from "./Base.ts"
import type { Builder } from "./Builder.ts"
import * as Columns from "./Columns.ts"
import { Epochs } from "./Epochs.ts"
import { above, type Leaf, merged } from "./Leaf.ts"

/**
 * How many times as many changes there may be as a leaf is written anew for, before whoever makes one more has to do it. With
 * 4 the first change after a snapshot, which copies those before it, takes up to 27 µs (9 with as many as there may be at
 * rest), and 100,000 changes in one go a tenth less than with 2; 8 gains nothing more.
 */
const MOST_TIMES = 4

/**
 * What the tables of a Layer share. A leaf has at most `leafRows` rows; it is written anew when more than `recentChanges`
 * have come upon it. That is left to `later`, which does it when others have had their turn.
 *
 * @since 0.1.0
 * @category models
 */
export interface Workshop {
  readonly leafRows: number
  readonly recentChanges: number
  readonly builder: Builder
  readonly arena: Arena
  readonly later: (work: () => void) => void
}

/**
 * All members as they were at one moment. `close` gives back the memory that only this snapshot needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Snapshot {
  readonly leaves: ReadonlyArray<Leaf>
  readonly close: () => void
}

const nobody = (): Leaf => ({ first: 0n, base: EMPTY, changes: new Map(), epoch: 0, size: 0 })

/**
 * @since 0.1.0
 * @category models
 */
export class Table {
  /** How many members there are. */
  size = 0
  private readonly leaves: Array<Leaf> = [nobody()]
  /** The first ids of all leaves but the first one, in halves. */
  private bounds = new Uint32Array(0)
  /** The first ids of leaves that are to be written anew: meanwhile others may move them, and divide or join them. */
  private readonly waiting = new Set<bigint>()
  private hasEnded = false
  private readonly epochs: Epochs
  private readonly wanted = new Columns.Wanted()
  private readonly workshop: Workshop

  constructor(workshop: Workshop) {
    this.workshop = workshop
    this.epochs = new Epochs(workshop.arena)
  }

  get(user: UserId): Member | undefined {
    const { base, changes } = this.leafAt(this.indexOf(user))
    const change = changes.get(user)
    if (change !== undefined) return change.member
    const row = Columns.find(base.columns.halves, this.wanted)
    return row < 0 ? undefined : memberAt(base, row, user)
  }

  put(member: Member): void {
    this.change(this.indexOf(member.user.id), member.user.id, member)
  }

  /** Answers whether there was one. */
  remove(user: UserId): boolean {
    const index = this.indexOf(user)
    const { base, changes } = this.leafAt(index)
    const change = changes.get(user)
    const isThere =
      change === undefined ? Columns.find(base.columns.halves, this.wanted) >= 0 : change.member !== undefined
    if (isThere) this.change(index, user, undefined)
    return isThere
  }

  /** The first so many above an id, ascending. */
  after(user: UserId, count: number): ReadonlyArray<Member> {
    const found: Array<Member> = []
    for (let index = this.indexOf(user); found.length < count && index < this.leaves.length; index++) {
      found.push(...above(this.leafAt(index), user, this.wanted, count - found.length))
    }
    return found
  }

  /** Takes time for each leaf, not for each member. */
  freeze(): Snapshot {
    const close = this.epochs.freeze()
    return { leaves: this.leaves.slice(), close }
  }

  /** Nobody is left, and nobody is put here any more: the memory is given back, but for what snapshots see. */
  end(): void {
    this.hasEnded = true
    this.size = 0
    for (const { base } of this.leaves.splice(0, this.leaves.length, nobody())) this.epochs.retire(base)
    this.bounds = new Uint32Array(0)
  }

  /** The index of the leaf that a user belongs to; the user is the one wanted from then on. */
  private indexOf(user: UserId | bigint): number {
    const bound = Columns.find(this.bounds, this.wanted.set(user))
    return bound < 0 ? ~bound : bound + 1
  }

  private leafAt(index: number): Leaf {
    const leaf = this.leaves[index]
    if (leaf === undefined) throw new RangeError("bounds and leaves do not fit together")
    return leaf
  }

  /** The leaf, to be written to: a copy, where a snapshot has it. */
  private writable(index: number): Leaf {
    const leaf = this.leafAt(index)
    const { now } = this.epochs
    return leaf.epoch === now ? leaf : (this.leaves[index] = { ...leaf, changes: new Map(leaf.changes), epoch: now })
  }

  private change(index: number, user: UserId, member: Member | undefined): void {
    if (this.hasEnded) return
    const leaf = this.writable(index)
    const { base, changes } = leaf
    const before = changes.get(user)
    const row = before === undefined ? Columns.find(base.columns.halves, this.wanted) : before.row
    const was = before === undefined ? row >= 0 : before.member !== undefined
    if (member === undefined && row < 0) changes.delete(user)
    else changes.set(user, { row, member })
    const grown = (member === undefined ? 0 : 1) - (was ? 1 : 0)
    leaf.size += grown
    this.size += grown
    if (changes.size > this.workshop.recentChanges) this.overflow(index, leaf)
  }

  /** Changes are merged in the background, and where they come faster than that, by whoever makes them. */
  private overflow(index: number, { changes, first }: Leaf): void {
    const { later, recentChanges } = this.workshop
    if (changes.size > MOST_TIMES * recentChanges) this.merge(index)
    else if (!this.waiting.has(first)) {
      this.waiting.add(first)
      later(() => {
        this.waiting.delete(first)
        const index = this.indexOf(first)
        if (this.leafAt(index).changes.size > recentChanges) this.merge(index)
      })
    }
  }

  /**
   * A leaf that has become small takes small neighbours with it. Together they are at most half as large as they may be, so
   * that they are not soon divided again.
   */
  private merge(index: number): void {
    const { arena, builder, leafRows } = this.workshop
    const { now } = this.epochs
    const [start, end] = this.joining(index)
    const old = this.leaves.slice(start, end)
    const finish = () => builder.finish(arena, now)
    const bases = merged(old, { builder, finish, limit: leafRows })
    for (const { base } of old) this.epochs.retire(base)
    // All that are lower belong to the first leaf too, and may be the first in it: by its id it is to be found again.
    const first = start === 0 ? 0n : (old[0]?.first ?? 0n)
    const fresh = bases.map((base, nth): Leaf => {
      const { ids, rows } = base.columns
      return { first: nth === 0 ? first : (ids[0] ?? 0n), base, changes: new Map(), epoch: now, size: rows }
    })
    this.leaves.splice(start, old.length, ...fresh)
    if (this.leaves.length === 0) this.leaves.push(nobody())
    if (fresh.length === old.length) return
    this.bounds = new Uint32Array(BigUint64Array.from(this.leaves.slice(1), ({ first }) => first).buffer)
  }

  /**
   * Which leaves are written anew with this one: where they start, and where they end. All that fit: where many have become
   * small at once, the first to have its turn takes the others along, and then they need none.
   */
  private joining(index: number): readonly [start: number, end: number] {
    const { leafRows } = this.workshop
    let { size } = this.leafAt(index)
    let [start, end] = [index, index + 1]
    if (4 * size >= leafRows) return [start, end]
    const fits = (neighbour: number) => 2 * (size + (this.leaves[neighbour]?.size ?? leafRows)) <= leafRows
    while (fits(end)) size += this.leafAt(end++).size
    while (fits(start - 1)) size += this.leafAt(--start).size
    return [start, end]
  }
}
