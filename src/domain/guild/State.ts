/**
 * What a guild knows, apart from its members, who live in the member store.
 *
 * @since 0.1.0
 */
import { HashMap } from "effect"
import type { Community } from "../Community.ts"
import { type ChannelId, type MessageId, newest, type SessionId, type UserId } from "../Ids.ts"
import type { Message } from "../Message.ts"
import type { Activity, Status } from "../Presence.ts"
import type { VoiceState } from "../VoiceState.ts"

/**
 * The most sessions that one relay serves, after the post: "up to 15,000 connected sessions per relay".
 *
 * @since 0.1.0
 * @category limits
 */
export const RELAY_CAPACITY = 15_000

/**
 * How many sessions a relay serves. One that stands for all that live at a `worker` has no limit: they are shared out
 * there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Relay {
  readonly sessions: number
  readonly worker?: string | undefined
}

/**
 * Where a session is: the relay that serves it, and whether it looks at the guild.
 *
 * @since 0.1.0
 * @category models
 */
export interface Seat {
  readonly session: SessionId
  readonly relay: number
  readonly intents: number
  readonly isActive: boolean
  readonly status: Status
  readonly activities?: ReadonlyArray<Activity>
}

/**
 * `relays` is by relay index; where one has ended there is none. `online` says where the sessions of each user are (most have
 * one, and a list of one would take as much as it; `seatsOf` reads either): all `sessions` together, of which so many are
 * `active`, and so many want to hear of presences (`watching`). `voice` has who is in a voice channel, `lastMessages` the
 * latest of each channel, `unique` those of the last minutes that are to be made once, `written` when whom slow mode holds up wrote last. `lastId` is the newest id that the guild has: whatever it makes from
 * now on gets a greater one.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly community: Community
  readonly relayCapacity: number
  readonly relays: ReadonlyArray<Relay | undefined>
  readonly online: HashMap.HashMap<UserId, Seat | ReadonlyArray<Seat>>
  readonly sessions: number
  readonly active: number
  readonly watching: number
  readonly voice: HashMap.HashMap<UserId, VoiceState>
  readonly lastMessages: HashMap.HashMap<ChannelId, MessageId>
  readonly unique: ReadonlyArray<Message>
  readonly written: HashMap.HashMap<string, number>
  readonly lastId: bigint
}

/**
 * A guild that nobody is connected to. Its ids go on after those of the community's roles and channels, also when the wall
 * clock stands behind them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const initial = (community: Community, options?: { readonly relayCapacity?: number }): State => ({
  community,
  relayCapacity: options?.relayCapacity ?? RELAY_CAPACITY,
  relays: [],
  online: HashMap.empty(),
  sessions: 0,
  active: 0,
  watching: 0,
  voice: HashMap.empty(),
  lastMessages: HashMap.empty(),
  unique: [],
  written: HashMap.empty(),
  lastId: newest([community.id, ...community.roles.keys(), ...community.channels.keys()])
})
