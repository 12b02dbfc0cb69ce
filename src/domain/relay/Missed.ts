/**
 * What passive sessions have missed since they were last told.
 *
 * @since 0.1.0
 */
import type { ChannelId, MessageId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Moved } from "./Moves.ts"
import type { Speak } from "./Protocol.ts"

/**
 * @since 0.1.0
 * @category models
 */
export class Missed {
  private readonly lastMessages = new Map<ChannelId, MessageId>()
  private readonly voice = new Map<UserId, Moved>()
  /** Where somebody was or is of whom that is to be told. */
  private readonly rooms = new Set<ChannelId>()

  get isNothing(): boolean {
    return this.lastMessages.size === 0 && this.voice.size === 0
  }

  message(channel: ChannelId, id: MessageId): void {
    this.lastMessages.set(channel, id)
  }

  /** There is a newer message in a channel, as far as one was missed there. */
  renew(channel: ChannelId, id: MessageId): void {
    if (this.lastMessages.has(channel)) this.lastMessages.set(channel, id)
  }

  spoke({ before, channel, state }: Speak): void {
    const user = state.member.user.id
    const now = channel === null ? undefined : { ...state, channel }
    const were = this.voice.get(user)?.were ?? new Set()
    this.voice.set(user, { were: before === null || were.has(before) ? were : new Set([...were, before]), now })
    for (const room of [before, channel]) if (room !== null) this.rooms.add(room)
  }

  /** A member has changed: a summary that tells of their call tells of them as they are now. */
  changed(member: Member): void {
    const moved = this.voice.get(member.user.id)
    if (moved?.now !== undefined) this.voice.set(member.user.id, { ...moved, now: { ...moved.now, member } })
  }

  /** Where any of it happened. */
  get channels(): ReadonlySet<ChannelId> {
    return new Set([...this.lastMessages.keys(), ...this.rooms])
  }

  get moves(): ReadonlyMap<UserId, Moved> {
    return this.voice
  }

  /** The last messages of those of these channels in which one was missed. */
  lastIn(seen: ReadonlySet<ChannelId>): ReadonlyArray<readonly [ChannelId, MessageId]> {
    return Array.from(this.lastMessages).filter(([channel]) => seen.has(channel))
  }
}
