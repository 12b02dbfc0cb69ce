/**
 * Who has come to voice channels, and who has left them, as summaries tell of it. Each is written once, however many
 * summaries there are: who sees which channels decides only on which of these texts are put together.
 *
 * @since 0.1.0
 */
import { type Community, withKnownRoles } from "../Community.ts"
import * as Summary from "../gateway/Summary.ts"
import type { ChannelId, UserId } from "../Ids.ts"
import type { VoiceState } from "../VoiceState.ts"
import { FOUND, MOVED, type Meter } from "./Meter.ts"

/**
 * Where somebody was since sessions were last told, and is now, if anywhere. Sessions that came in between were told of where
 * they were then.
 *
 * @since 0.1.0
 * @category models
 */
export interface Moved {
  readonly were: ReadonlySet<ChannelId>
  readonly now: VoiceState | undefined
}

/** Those who were in the same channels, and are in the same one now: whoever sees one of them sees all. */
interface Group {
  readonly were: ReadonlySet<ChannelId>
  readonly now: ChannelId | undefined
  present: Summary.Items
  absent: Summary.Items
}

const keyOf = ({ now, were }: Moved): string => [now?.channel ?? "", ...Array.from(were).toSorted()].join()

/**
 * @since 0.1.0
 * @category models
 */
export class Moves {
  private readonly groups = new Map<string, Group>()
  private readonly left: Iterator<readonly [UserId, Moved]>
  private readonly meter: Meter

  constructor(moves: ReadonlyMap<UserId, Moved>, meter: Meter) {
    this.left = moves.entries()
    this.meter = meter
  }

  /** Writes the next one. Says whether there was one. */
  write(community: Community): boolean {
    const { done, value } = this.left.next()
    if (done === true) return false
    this.meter.spent += MOVED
    const [user, moved] = value
    const key = keyOf(moved)
    const { now, were } = moved
    const known = this.groups.get(key)
    const group = known ?? { were, now: now?.channel, present: Summary.NOTHING, absent: Summary.NOTHING }
    if (now !== undefined) {
      const state = { ...now, member: withKnownRoles(community, now.member) }
      group.present = Summary.joined(group.present, Summary.present(community.id, state))
    }
    if (were.size > 0) group.absent = Summary.joined(group.absent, Summary.absent(user))
    this.groups.set(key, group)
    return true
  }

  /** What those are told who see just these channels, once all have been written. */
  seenBy(channels: ReadonlySet<ChannelId>): { readonly present: Summary.Items; readonly absent: Summary.Items } {
    let [present, absent] = [Summary.NOTHING, Summary.NOTHING]
    for (const group of this.groups.values()) {
      this.meter.spent += FOUND
      if (group.now !== undefined && channels.has(group.now)) present = Summary.joined(present, group.present)
      else if (this.sawOne(group, channels)) absent = Summary.joined(absent, group.absent)
    }
    return { present, absent }
  }

  private sawOne({ were }: Group, channels: ReadonlySet<ChannelId>): boolean {
    this.meter.spent += FOUND * were.size
    for (const channel of were) if (channels.has(channel)) return true
    return false
  }
}
