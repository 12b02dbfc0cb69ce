/**
 * What sessions see of some channels: a bit for each channel.
 *
 * For each role it is noted once what it says in which channel; what a set of roles sees is then a few operations upon words,
 * however many channels there are.
 *
 * @since 0.1.0
 */
import * as Audience from "../Audience.ts"
import type { Community } from "../Community.ts"
import type { ChannelId, RoleId, UserId } from "../Ids.ts"
import { FOUND, type Meter } from "./Meter.ts"

/** A bit for each channel. */
type Words = Uint32Array

/** In which channels a role is allowed, denied, or let in by what it may do everywhere. */
interface Saying {
  readonly allowed: Words
  readonly denied: Words
  readonly viewers: Words
}

/**
 * @since 0.1.0
 * @category models
 */
export class Sight {
  private readonly community: Community
  private readonly channels: ReadonlyArray<ChannelId>
  private readonly meter: Meter
  private readonly audiences: ReadonlyArray<Audience.Audience | undefined>
  private readonly length: number
  private readonly there: Words
  private readonly open: Words
  private readonly sayings = new Map<RoleId, Saying>()

  constructor(community: Community, channels: ReadonlyArray<ChannelId>, meter: Meter) {
    this.meter = meter
    this.community = community
    this.channels = channels
    this.audiences = channels.map((id) => community.audiences.get(id))
    this.length = Math.ceil(channels.length / 32)
    this.there = this.where(() => true)
    this.open = this.where(({ isOpen }) => isOpen)
  }

  /** The channels that those with just these roles see, as far as they are not spoken of by name. */
  ofRoles(roles: ReadonlyArray<RoleId>): Words {
    if (Audience.isAdministrator(this.community.defaults.base, roles)) return this.there.slice()
    const seen = this.open.slice()
    const [allowed, denied] = [new Uint32Array(this.length), new Uint32Array(this.length)]
    for (const role of roles) {
      const saying = this.saying(role)
      for (let at = 0; at < this.length; at++) {
        seen[at] = (seen[at] ?? 0) | (saying.viewers[at] ?? 0)
        allowed[at] = (allowed[at] ?? 0) | (saying.allowed[at] ?? 0)
        denied[at] = (denied[at] ?? 0) | (saying.denied[at] ?? 0)
      }
    }
    for (let at = 0; at < this.length; at++) seen[at] = ((seen[at] ?? 0) & ~(denied[at] ?? 0)) | (allowed[at] ?? 0)
    return seen
  }

  /** The channels that a user with these roles sees. */
  ofUser(user: UserId, roles: ReadonlyArray<RoleId>): Words {
    return this.where((audience) => Audience.admits(audience, user, roles))
  }

  /** Which channels these are. */
  channelsOf(seen: Words): ReadonlySet<ChannelId> {
    return new Set(this.channels.filter((_, index) => (((seen[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1))
  }

  private saying(role: RoleId): Saying {
    const known = this.sayings.get(role)
    if (known !== undefined) return known
    const saying = {
      allowed: this.where(({ allowed }) => allowed.has(role)),
      denied: this.where(({ denied }) => denied.has(role)),
      viewers: this.where(({ viewers }) => viewers.has(role))
    }
    this.sayings.set(role, saying)
    return saying
  }

  private where(holds: (audience: Audience.Audience) => boolean): Words {
    this.meter.spent += FOUND * this.audiences.length
    const words = new Uint32Array(this.length)
    for (const [index, audience] of this.audiences.entries()) {
      if (audience !== undefined && holds(audience))
        words[index >>> 5] = (words[index >>> 5] ?? 0) | (1 << (index & 31))
    }
    return words
  }
}

/**
 * The same for the same channels.
 *
 * @since 0.1.0
 * @category getters
 */
export const keyOf = (seen: Words): string => {
  let key = ""
  for (const word of seen) key += String.fromCharCode(word & 0xffff, word >>> 16)
  return key
}
