/**
 * A change of roles and channels of which sessions have not been told all yet: of which channels they have.
 *
 * @since 0.1.0
 */
import type { ChannelId } from "../Ids.ts"
import type { Alteration, Altered } from "./Alteration.ts"

/**
 * `version` counts a relay's changes.
 *
 * @since 0.1.0
 * @category models
 */
export class Changing {
  readonly alteration: Alteration
  readonly version: number
  /** All before this one have been told, and these. */
  private cursor = 0
  private readonly done = new Set<ChannelId>()

  constructor(alteration: Alteration, version: number) {
    this.alteration = alteration
    this.version = version
  }

  /** Whether sessions have yet to be told of a channel. */
  has(channel: ChannelId): boolean {
    const altered = this.alteration.byId.get(channel)
    return altered !== undefined && altered.index >= this.cursor && !this.done.has(channel)
  }

  /** That channel, if sessions have yet to be told of it: the caller does. */
  take(channel: ChannelId): Altered | undefined {
    if (!this.has(channel)) return undefined
    this.done.add(channel)
    return this.alteration.byId.get(channel)
  }

  /** The next channel that sessions have yet to be told of: the caller does. */
  next(): Altered | undefined {
    const { channels } = this.alteration
    while (this.cursor < channels.length) {
      const altered = channels[this.cursor++]
      if (altered !== undefined && !this.done.has(altered.id)) return altered
    }
    return undefined
  }

  /** All channels that sessions have yet to be told of. */
  left(): ReadonlyArray<Altered> {
    return this.alteration.channels.slice(this.cursor).filter(({ id }) => !this.done.has(id))
  }
}
