/**
 * What changes of roles and channels come to, channel by channel. It is worked out once for all relays of a thread.
 *
 * @since 0.1.0
 */
import * as Audience from "../Audience.ts"
import { type Change, changed, type Channel, type Community } from "../Community.ts"
import * as Payload from "../gateway/Payload.ts"
import type { ChannelChanged } from "../guild/Event.ts"
import type { ChannelId, UserId } from "../Ids.ts"
import type { VoiceState } from "../VoiceState.ts"

/**
 * A channel that is another, or that others may see: what it was and is, and its audiences, none where it was or is not.
 * `difference` says whose sight may be another, where there is one before and after; channels for which that is the same have
 * the same object.
 *
 * @since 0.1.0
 * @category models
 */
export interface Altered {
  readonly index: number
  readonly id: ChannelId
  readonly before: Channel | undefined
  readonly after: Channel | undefined
  readonly past: Audience.Audience | undefined
  readonly present: Audience.Audience | undefined
  readonly difference: Audience.Difference | undefined
}

/** Where the overwrites are the same as before, only what all channels have in common makes a difference. */
class Differences {
  private readonly known: Array<{
    readonly past: Audience.Audience
    readonly present: Audience.Audience
    readonly difference: Audience.Difference
  }> = []

  of(past: Audience.Audience, present: Audience.Audience): Audience.Difference {
    const isRebased = past.denied === present.denied && past.allowed === present.allowed && past.named === present.named
    const found = this.known.find((one) =>
      isRebased
        ? isAlike(one.past, past) && isAlike(one.present, present) && one.past.named === one.present.named
        : one.past === past && one.present === present
    )
    if (found !== undefined) return found.difference
    const difference = Audience.difference(past, present)
    // Those that have been read anew seldom come again.
    if (isRebased || this.known.length < 16) this.known.push({ past, present, difference })
    return difference
  }
}

/** Whether two audiences have all in common that does not come from the overwrites of roles and members. */
const isAlike = (one: Audience.Audience, other: Audience.Audience): boolean =>
  one.base === other.base &&
  one.isOpen === other.isOpen &&
  one.viewers === other.viewers &&
  (one.denied.size === 0) === (other.denied.size === 0)

/** So many texts are kept for relays that come to the same channel a little later. */
const KEPT = 16

/**
 * @since 0.1.0
 * @category models
 */
export class Alteration {
  readonly before: Community
  readonly after: Community
  readonly changes: ReadonlyArray<Change>
  readonly channels: ReadonlyArray<Altered>
  readonly byId: ReadonlyMap<ChannelId, Altered>
  private readonly voice: ReadonlyMap<ChannelId, ReadonlyArray<VoiceState>>
  private readonly places: ReadonlyMap<UserId, ChannelId>
  private readonly texts = new Map<string, Payload.Payload>()

  /** `voice` is who is in voice channels whose audience is another. */
  constructor(
    before: Community,
    changes: ReadonlyArray<Change>,
    voice: ReadonlyArray<VoiceState>,
    after: Community = changed(before, changes)
  ) {
    const differences = new Differences()
    const channels: Array<Altered> = []
    for (const id of new Set([...before.channels.keys(), ...after.channels.keys()])) {
      const [old, current] = [before.channels.get(id), after.channels.get(id)]
      const [past, present] = [before.audiences.get(id), after.audiences.get(id)]
      if (old === current && past === present) continue
      const difference =
        past === undefined || present === undefined || past === present ? undefined : differences.of(past, present)
      channels.push({ index: channels.length, id, before: old, after: current, past, present, difference })
    }
    this.before = before
    this.after = after
    this.changes = changes
    this.channels = channels
    this.byId = new Map(channels.map((altered) => [altered.id, altered]))
    this.voice = Map.groupBy(voice, ({ channel }) => channel)
    this.places = new Map(voice.map(({ channel, member }) => [member.user.id, channel]))
  }

  /** Who is in a voice channel. */
  inside(channel: ChannelId): ReadonlyArray<VoiceState> {
    return this.voice.get(channel) ?? []
  }

  /** In which of these voice channels a user was. */
  placeOf(user: UserId): ChannelId | undefined {
    return this.places.get(user)
  }

  /** What is told of a channel: written once for all relays that come to it within a while. */
  payload(tag: ChannelChanged["_tag"], channel: Channel): Payload.Payload {
    const key = `${tag} ${channel.id}`
    const known = this.texts.get(key)
    if (known !== undefined) return known
    if (this.texts.size >= KEPT) this.texts.clear()
    const payload = Payload.fromEvent({ _tag: tag, guild: this.after.id, channel })
    this.texts.set(key, payload)
    return payload
  }
}
