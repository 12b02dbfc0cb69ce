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
import type { Channel, Community, Role } from "../Community.ts"
import type { Snapshot } from "../guild/Event.ts"
import type { ChannelId, MessageId, RoleId, UserId } from "../Ids.ts"
import * as Json from "./Json.ts"
import * as Payload from "./Payload.ts"

/** For so many sets of roles the texts are kept. */
const MAX_KEPT = 64

interface Written {
  readonly channel: Channel
  readonly lastMessage: MessageId | null
  readonly text: string
}

/** What is the same for all who see the same: who is in calls there, and what follows upon the first of them. */
interface Shared {
  readonly inside: ReadonlySet<UserId>
  readonly text: Payload.Text
}

/** An object's fields without its braces. */
const fields = (data: object): string => JSON.stringify(data).slice(1, -1)

/** Whom the channels speak of by name: their roles do not say what they see. */
const namedIn = ({ audiences, ownerId }: Community): ReadonlySet<UserId> =>
  new Set([ownerId, ...Array.from(audiences.values()).flatMap(({ named }) => Array.from(named.keys()))])

/**
 * @since 0.1.0
 * @category models
 */
export class Welcomes {
  private readonly channels = new Map<ChannelId, Written>()
  private readonly texts = new Map<string, Shared>()
  private last: Pick<Snapshot, "community" | "lastMessages" | "voice"> | undefined
  private named: ReadonlySet<UserId> = new Set()
  private roles: { readonly of: ReadonlyMap<RoleId, Role>; readonly text: string } | undefined

  /** The snapshot as a payload. */
  payload(snapshot: Snapshot): Payload.Payload {
    this.turnTo(snapshot)
    const { inside, text } = this.shared(snapshot)
    const told = snapshot.roster
      .filter(({ user }) => !inside.has(user.id))
      .map((one) => JSON.stringify(Json.member(one)))
    const comma = told.length > 0 && inside.size > 0 ? "," : ""
    // The list of members goes on with those who are in calls.
    const own = Payload.textOf(`{${fields(Json.guildMembers(snapshot))},"members":[${told.join()}${comma}`)
    return Payload.fromTexts("GUILD_CREATE", [own, text])
  }

  /** Forgets what was written of a guild that was otherwise. */
  private turnTo({ community, lastMessages, voice }: Snapshot): void {
    const { last } = this
    if (last?.community === community && last.lastMessages === lastMessages && last.voice === voice) return
    if (last?.community !== community) {
      this.named = namedIn(community)
      for (const id of this.channels.keys()) if (!community.channels.has(id)) this.channels.delete(id)
    }
    this.last = { community, lastMessages, voice }
    this.texts.clear()
  }

  /** What is the same for all who see the same. */
  private shared(snapshot: Snapshot): Shared {
    const { roles, user } = snapshot.member
    const key = this.named.has(user.id) ? user.id : roles.toSorted().join()
    const known = this.texts.get(key)
    if (known !== undefined) return known
    if (this.texts.size >= MAX_KEPT) this.texts.clear()
    const written = this.written(snapshot)
    this.texts.set(key, written)
    return written
  }

  private written(snapshot: Snapshot): Shared {
    const { community, lastMessages, member, voice } = snapshot
    const seen = new Set<ChannelId>()
    const channels: Array<string> = []
    for (const [id, audience] of community.audiences) {
      const channel = community.channels.get(id)
      if (channel === undefined || !Audience.admitsMember(audience, member)) continue
      seen.add(id)
      channels.push(this.channel(community, channel, Option.getOrNull(HashMap.get(lastMessages, id))))
    }
    const states = Array.from(HashMap.values(voice)).filter(({ channel }) => seen.has(channel))
    const members = states.map((state) => JSON.stringify(Json.member(state.member)))
    const { roles: _, ...guild } = Json.guild(community)
    return {
      inside: new Set(states.map((state) => state.member.user.id)),
      text: Payload.textOf(
        `${members.join()}],${fields(guild)},"roles":${this.rolesOf(community)},"channels":[${channels.join()}],` +
          `"voice_states":${JSON.stringify(states.map(Json.partialVoiceState))}}`
      )
    }
  }

  private channel({ id }: Community, channel: Channel, lastMessage: MessageId | null): string {
    const known = this.channels.get(channel.id)
    if (known?.channel === channel && known.lastMessage === lastMessage) return known.text
    const text = JSON.stringify(Json.channel(channel, id, lastMessage))
    this.channels.set(channel.id, { channel, lastMessage, text })
    return text
  }

  private rolesOf({ roles }: Community): string {
    if (this.roles?.of !== roles) {
      this.roles = { of: roles, text: JSON.stringify(Array.from(roles.values(), Json.role)) }
    }
    return this.roles.text
  }
}
