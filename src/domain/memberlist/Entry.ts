/**
 * A member as a member list has them: in which group, under which name, and what is shown.
 *
 * @since 0.1.0
 */
import { compare, type RoleId, type UserId } from "../Ids.ts"

/**
 * A hoisted role; or, of those who have none, the ones who are there and the others.
 *
 * @since 0.1.0
 * @category models
 */
export type GroupId = RoleId | "online" | "offline"

/** The first four code units of a name, seven bits of each; of those from the first on that needs more, nothing. */
const rankOf = (name: string): number => {
  let rank = 0
  for (let index = 0; index < 4; index++) {
    const unit = index < name.length ? name.charCodeAt(index) : 0
    if (unit >= 127) return ((rank << 7) | 127) << (7 * (3 - index))
    rank = (rank << 7) | unit
  }
  return rank
}

/**
 * `name` is only what the order goes by, as it is, code unit by code unit: fold it before. `value` is what is shown.
 *
 * Nothing of it depends on a channel, so the lists of all channels may share it.
 *
 * @since 0.1.0
 * @category models
 */
export class Entry<out A> {
  readonly _tag = "Member"
  readonly user: UserId
  readonly name: string
  readonly group: GroupId
  readonly value: A
  /**
   * Orders as the names do, as far as it goes. What takes long is to look into names that lie anywhere in memory: where
   * they differ in their first letters, a million puts take half the time.
   */
  private readonly rank: number

  constructor(user: UserId, name: string, group: GroupId, value: A) {
    this.user = user
    this.name = name
    this.group = group
    this.value = value
    this.rank = rankOf(name)
  }

  /** By name; those of one name in the order of their ids. */
  static compare(one: Entry<unknown>, other: Entry<unknown>): -1 | 0 | 1 {
    if (one.rank !== other.rank) return one.rank < other.rank ? -1 : 1
    if (one.name < other.name) return -1
    return one.name > other.name ? 1 : compare(one.user, other.user)
  }
}
