/**
 * A member list that is looked at: whom it shows, in which groups, and which of its rows are watched.
 *
 * @since 0.1.0
 */
import * as Audience from "../Audience.ts"
import type { ChannelId, SessionId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Presence } from "../Presence.ts"
import type { GroupId } from "./Entry.ts"
import { entryOf, isSameList, keyOf, listOf, type Shown } from "./lists.ts"
import { MemberList } from "./MemberList.ts"
import type * as Ranges from "./Ranges.ts"
import { Watch } from "./Watch.ts"

/**
 * The rows of a list that some sessions look at, through this channel or that.
 *
 * @since 0.1.0
 * @category models
 */
export interface Watched {
  readonly listing: Listing
  readonly watch: Watch<Shown>
  readonly sessions: Map<ChannelId, Map<SessionId, UserId>>
}

/** Whoever is put anew may show something else: the store knows. */
const isSame = () => false

const areSame = (one: ReadonlyArray<GroupId>, other: ReadonlyArray<GroupId>): boolean =>
  one.length === other.length && one.every((group, index) => group === other[index])

/**
 * @since 0.1.0
 * @category models
 */
export class Listing {
  readonly id: string
  readonly key: string
  readonly list: MemberList<Shown>
  /** By the ranges' key; those at which nobody looks are none. */
  readonly watched = new Map<string, Watched>()
  private readonly audience: Audience.Audience
  private readonly groups: ReadonlyArray<GroupId>
  /** Whether those are shown who are not there. */
  readonly hasOffline: boolean

  constructor(audience: Audience.Audience, groups: ReadonlyArray<GroupId>, hasOffline: boolean) {
    this.id = listOf(audience)
    this.key = keyOf(audience)
    this.list = new MemberList(groups)
    this.audience = audience
    this.groups = groups
    this.hasOffline = hasOffline
  }

  /** Whether it is the list of a channel with this audience, in a community with these groups. */
  isOf(audience: Audience.Audience, groups: ReadonlyArray<GroupId>): boolean {
    return areSame(this.groups, groups) && isSameList(this.audience, audience)
  }

  /** A user is as it is said, if a member, or is not shown. */
  put(user: UserId, member: Member | undefined, presence: Presence): void {
    const isShown = member !== undefined && (presence !== "offline" || this.hasOffline)
    if (isShown && Audience.admitsMember(this.audience, member))
      this.list.put(entryOf(this.groups, user, member, presence))
    else this.list.remove(user)
  }

  /** The rows in these ranges, which are watched from the first `Looks.set` on. */
  at(ranges: Ranges.Ranges): Watched {
    const known = this.watched.get(ranges.key)
    return known ?? { listing: this, watch: new Watch(this.list, ranges, isSame), sessions: new Map() }
  }
}
