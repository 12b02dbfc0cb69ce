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
  /** Where they were since the sessions were last told: one that came in between was told of what was so then. */
  readonly were: ReadonlySet<ChannelId>
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
    const were = this.voice.get(user)?.were ?? new Set()
    this.voice.set(user, { were: before === null || were.has(before) ? were : new Set([...were, before]), now })
  }

  /** Where any of it happened. */
  get channels(): ReadonlySet<ChannelId> {
    const channels = new Set(this.lastMessages.keys())
    for (const { now, were } of this.voice.values()) {
      for (const channel of were) channels.add(channel)
      if (now !== undefined) channels.add(now.channel)
    }
    return channels
  }

  /** What those have missed who see just these channels of them; nothing, perhaps. */
  summary(guild: GuildId, seen: ReadonlySet<ChannelId>): Summary | undefined {
    const lastMessages = Array.from(this.lastMessages).filter(([channel]) => seen.has(channel))
    const voice: Array<VoiceState> = []
    const left: Array<UserId> = []
    for (const [user, { now, were }] of this.voice) {
      if (now !== undefined && seen.has(now.channel)) voice.push(now)
      else if (Array.from(were).some((channel) => seen.has(channel))) left.push(user)
    }
    if (lastMessages.length + voice.length + left.length === 0) return undefined
    return { _tag: "Summary", guild, lastMessages, voice, left }
  }
}
