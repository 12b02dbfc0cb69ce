/**
 * Members of whom the store may have something else than everybody has been told: while a change is under way, and after one
 * of which it did not say whether it was made.
 *
 * @since 0.1.0
 */
import { Option } from "effect"
import type { UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"

interface Entry {
  readonly told: Option.Option<Member>
  readonly isUnknown: boolean
}

/**
 * The same members, but for some of whom something else is known.
 *
 * @since 0.1.0
 * @category combining
 */
export const over = (
  known: ReadonlyMap<UserId, Option.Option<Member>>,
  members: ReadonlyArray<Member>
): ReadonlyArray<Member> => {
  if (known.size === 0) return members
  const all = new Map(members.map((member) => [member.user.id, member]))
  for (const [user, member] of known) {
    if (Option.isSome(member)) all.set(user, member.value)
    else all.delete(user)
  }
  return Array.from(all.values())
}

/**
 * @since 0.1.0
 * @category models
 */
export class Unsettled {
  private readonly entries = new Map<UserId, Entry>()

  get size(): number {
    return this.entries.size
  }

  has(user: UserId): boolean {
    return this.entries.has(user)
  }

  /** What everybody has been told of a user, if the store may say otherwise. */
  told(user: UserId): Option.Option<Member> | undefined {
    return this.entries.get(user)?.told
  }

  /** The same, if the store did not say whether it has made the last change. */
  unknown(user: UserId): Option.Option<Member> | undefined {
    const entry = this.entries.get(user)
    return entry?.isUnknown === true ? entry.told : undefined
  }

  /** A change is under way. What was told before an earlier one that failed is still so. */
  begin(user: UserId, told: Option.Option<Member>): void {
    this.entries.set(user, { told: this.entries.get(user)?.told ?? told, isUnknown: false })
  }

  /** The change failed, and may have been made all the same. */
  failed(user: UserId): void {
    const entry = this.entries.get(user)
    if (entry !== undefined) this.entries.set(user, { ...entry, isUnknown: true })
  }

  /** The store has what everybody has been told, or is about to be. */
  settled(user: UserId): void {
    this.entries.delete(user)
  }

  /** All members as everybody has been told of them. */
  over(members: ReadonlyArray<Member>): ReadonlyArray<Member> {
    if (this.entries.size === 0) return members
    return over(new Map(Array.from(this.entries, ([user, { told }]) => [user, told])), members)
  }
}
