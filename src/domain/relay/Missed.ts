/**
 * What passive sessions have missed since they were last told.
 *
 * @since 0.1.0
 */
import type { Summary } from "../guild/Event.ts"
import type { ChannelId, GuildId, MessageId, UserId } from "../Ids.ts"
import type { VoiceState } from "../VoiceState.ts"
import type { Speak } from "./Protocol.ts"

interface Moved {
  /** Where they were when the sessions were last told. */
  readonly before: ChannelId | null
  readonly now: VoiceState | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export class Missed {
  private readonly lastMessages = new Map<ChannelId, MessageId>()
  private readonly voice = new Map<UserId, Moved>()

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
    const known = this.voice.get(user)
    this.voice.set(user, { before: known === undefined ? before : known.before, now })
  }

  /** Where any of it happened. */
  get channels(): ReadonlySet<ChannelId> {
    const channels = new Set(this.lastMessages.keys())
    for (const { before, now } of this.voice.values()) {
      if (before !== null) channels.add(before)
      if (now !== undefined) channels.add(now.channel)
    }
    return channels
  }

  /** What those have missed who see just these channels of them; nothing, perhaps. */
  summary(guild: GuildId, seen: ReadonlySet<ChannelId>): Summary | undefined {
    const lastMessages = Array.from(this.lastMessages).filter(([channel]) => seen.has(channel))
    const voice: Array<VoiceState> = []
    const left: Array<UserId> = []
    for (const [user, { before, now }] of this.voice) {
      if (now !== undefined && seen.has(now.channel)) voice.push(now)
      else if (before !== null && seen.has(before)) left.push(user)
    }
    if (lastMessages.length + voice.length + left.length === 0) return undefined
    return { _tag: "Summary", guild, lastMessages, voice, left }
  }
}
