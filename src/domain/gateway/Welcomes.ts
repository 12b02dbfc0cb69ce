/**
 * What sessions start from: the guild as it stands, for each member as far as they may see it.
 *
 * A large guild has hundreds of channels, and every session that comes is told of all that it sees: so what is the same for
 * all with the same roles is written once, until something of it changes, and each channel once for all of them.
 *
 * @since 0.1.0
 */
import { HashMap, Option } from "effect"
import * as Audience from "../Audience.ts"
import type { Channel, Community } from "../Community.ts"
import type { Snapshot } from "../guild/Event.ts"
import type { ChannelId, MessageId, UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import { Calls } from "./Calls.ts"
import * as Json from "./Json.ts"
import * as Octets from "./Octets.ts"
import * as Payload from "./Payload.ts"

/** For so many sets of roles the texts are kept. */
const MAX_KEPT = 64

interface Written {
  readonly channel: Channel
  readonly lastMessage: MessageId | null
  readonly text: Octets.Octets
}

/** An object's fields without its braces. */
const fields = (data: object): string => JSON.stringify(data).slice(1, -1)

/**
 * Users of whom channels speak by name: their roles do not say what they see. A change costs what it changes: for hundreds of
 * channels that name a thousand users each, all of it takes 50 ms.
 */
class Named {
  /** In how many lists each user is. */
  private readonly counts = new Map<UserId, number>()
  private lists: ReadonlySet<Audience.Audience["named"]> = new Set()
  private ownerId: UserId | undefined

  has(user: UserId): boolean {
    return user === this.ownerId || this.counts.has(user)
  }

  turnTo({ audiences, ownerId }: Community): void {
    const lists = new Set(Array.from(audiences.values(), ({ named }) => named))
    for (const list of this.lists) if (!lists.has(list)) this.count(list, -1)
    for (const list of lists) if (!this.lists.has(list)) this.count(list, 1)
    this.lists = lists
    this.ownerId = ownerId
  }

  private count(list: Audience.Audience["named"], by: number): void {
    for (const user of list.keys()) {
      const count = (this.counts.get(user) ?? 0) + by
      if (count === 0) this.counts.delete(user)
      else this.counts.set(user, count)
    }
  }
}

const TO_CHANNELS = Octets.of(`,"channels":[`)
const TO_STATES = Octets.of(`],"voice_states":[`)
const COMMA = Octets.of(",")
const END = Octets.of("]}")

/** Pieces with commas between them. */
const separated = (pieces: ReadonlyArray<Octets.Octets>): ReadonlyArray<Octets.Octets> =>
  pieces.flatMap((piece, index) => (index === 0 ? [piece] : [COMMA, piece]))

/**
 * Somebody writes, and somebody joins a call, between nearly any two who come to a guild where much goes on: so what is
 * written of channels and of calls is kept apart, and each channel and whoever is in a call is written once. With 10,000 in
 * calls and 500 channels, all of it took 30 to 45 ms each time.
 *
 * @since 0.1.0
 * @category models
 */
export class Welcomes {
  private readonly channels = new Map<ChannelId, Written>()
  /** By what decides on who sees what. */
  private readonly seen = new Map<string, ReadonlyArray<Channel>>()
  private readonly rooms = new Map<string, Octets.Octets>()
  private readonly calls = new Calls()
  private last: Pick<Snapshot, "community" | "lastMessages"> | undefined
  private readonly named = new Named()
  private guild: { readonly of: Community; readonly text: Octets.Octets } | undefined

  /** The snapshot as a payload. */
  payload(snapshot: Snapshot): Payload.Payload {
    this.turnTo(snapshot)
    const { community, member, roster, voice } = snapshot
    const roles = member.roles.toSorted().join()
    const key = this.named.has(member.user.id) ? `user ${member.user.id} ${roles}` : roles
    const seen = this.kept(this.seen, key, () => this.seenBy(snapshot))
    const rooms = this.kept(this.rooms, key, () => this.writtenRooms(snapshot, seen))
    const blocks = seen.flatMap(({ id }) => this.calls.inChannel(id))
    const calls = new Set(seen.map(({ id }) => id))
    const isInCall = ({ user }: Member) =>
      Option.exists(HashMap.get(voice, user.id), ({ channel }) => calls.has(channel))
    const told = roster.filter((one) => !isInCall(one)).map((one) => Octets.of(JSON.stringify(Json.member(one))))
    return Payload.fromOctets("GUILD_CREATE", [
      Octets.of(`{${fields(Json.guildMembers(snapshot))},"members":[`),
      ...separated([...told, ...blocks.map(({ members }) => members)]),
      this.writtenGuild(community),
      TO_CHANNELS,
      rooms,
      TO_STATES,
      ...separated(blocks.map(({ voiceStates }) => voiceStates)),
      END
    ])
  }

  /** Forgets what was written of a guild that was otherwise. */
  private turnTo({ community, lastMessages, voice }: Snapshot): void {
    const { last } = this
    if (last?.community !== community) {
      this.named.turnTo(community)
      for (const id of this.channels.keys()) if (!community.channels.has(id)) this.channels.delete(id)
      this.seen.clear()
    }
    if (last?.community !== community || last.lastMessages !== lastMessages) this.rooms.clear()
    this.calls.turnTo(voice)
    this.last = { community, lastMessages }
  }

  private kept<A>(known: Map<string, A>, key: string, make: () => A): A {
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= MAX_KEPT) known.clear()
    const made = make()
    known.set(key, made)
    return made
  }

  private seenBy({ community, member }: Snapshot): ReadonlyArray<Channel> {
    return Array.from(community.channels.values()).filter(({ id }) => {
      const audience = community.audiences.get(id)
      return audience !== undefined && Audience.admitsMember(audience, member)
    })
  }

  private writtenRooms({ community, lastMessages }: Snapshot, seen: ReadonlyArray<Channel>): Octets.Octets {
    const room = (channel: Channel) =>
      this.channel(community, channel, Option.getOrNull(HashMap.get(lastMessages, channel.id)))
    return Octets.listed(seen.map(room))
  }

  private channel({ id }: Community, channel: Channel, lastMessage: MessageId | null): Octets.Octets {
    const known = this.channels.get(channel.id)
    if (known?.channel === channel && known.lastMessage === lastMessage) return known.text
    const text = Octets.of(JSON.stringify(Json.channel(channel, id, lastMessage)))
    this.channels.set(channel.id, { channel, lastMessage, text })
    return text
  }

  private writtenGuild(community: Community): Octets.Octets {
    if (this.guild?.of !== community) {
      this.guild = { of: community, text: Octets.of(`],${fields(Json.guild(community))}`) }
    }
    return this.guild.text
  }
}
