/**
 * Which relay serves which session: relays are started as sessions come, and end as they go.
 *
 * @since 0.1.0
 */
import { HashMap, Option } from "effect"
import * as Intents from "../gateway/Intents.ts"
import type { SessionId, UserId } from "../Ids.ts"
import { type Activity, type Presence, seen, type Showing } from "../Presence.ts"
import type { Detach, StartRelay, StopRelay } from "./Output.ts"
import type { Relay, Seat, State } from "./State.ts"

const NONE: ReadonlyArray<Seat> = []

/**
 * Where the sessions of a user are.
 *
 * @since 0.1.0
 * @category getters
 */
export const seatsOf = ({ online }: State, user: UserId): ReadonlyArray<Seat> => {
  const found = Option.getOrElse(HashMap.get(online, user), () => NONE)
  return "session" in found ? [found] : found
}

/**
 * @since 0.1.0
 * @category getters
 */
export const seatOf = (state: State, user: UserId, session: SessionId): Seat | undefined =>
  seatsOf(state, user).find((seat) => seat.session === session)

/**
 * What others see of a user.
 *
 * @since 0.1.0
 * @category getters
 */
export const presenceOf = (state: State, user: UserId): Presence =>
  seen(seatsOf(state, user).map(({ status }) => status))

const NONE_AT_ALL: ReadonlyArray<Activity> = []

/**
 * All that others see of a user: of one who does not want to be seen, nothing.
 *
 * @since 0.1.0
 * @category getters
 */
export const showingOf = (state: State, user: UserId): Showing => {
  const seats = seatsOf(state, user)
  const presence = seen(seats.map(({ status }) => status))
  if (presence === "offline" || seats.every(({ activities }) => activities === undefined)) {
    return { presence, activities: NONE_AT_ALL }
  }
  const shown = seats.filter(({ status }) => status !== "invisible")
  return { presence, activities: shown.flatMap(({ activities = NONE_AT_ALL }) => activities) }
}

const withSeats = (state: State, user: UserId, seats: ReadonlyArray<Seat>): State => {
  const [first, ...others] = seats
  const online =
    first === undefined
      ? HashMap.remove(state.online, user)
      : HashMap.set(state.online, user, others.length === 0 ? first : seats)
  return { ...state, online }
}

/** The state when a seat counts so much more. */
const counted = (state: State, { intents, isActive, relay: index }: Seat, more: 1 | -1): State => {
  const relays = state.relays.slice()
  const relay = relays[index]
  if (relay !== undefined) relays[index] = { ...relay, sessions: relay.sessions + more }
  return {
    ...state,
    relays,
    sessions: state.sessions + more,
    active: state.active + (isActive ? more : 0),
    watching: state.watching + (Intents.wants(intents, Intents.GUILD_PRESENCES) ? more : 0)
  }
}

/** A relay that serves nobody any more ends; one that stands for a worker stays with that. */
const closed = (state: State, index: number): readonly [State, ReadonlyArray<StopRelay>] => {
  const relay = state.relays[index]
  if (relay === undefined || relay.sessions > 0 || relay.worker !== undefined) return [state, []]
  return [{ ...state, relays: state.relays.with(index, undefined) }, [{ _tag: "StopRelay", relay: index }]]
}

/** The relay for a session that comes to live at `worker`: the first there that has room, or a new one. */
const room = (state: State, worker: string | undefined): readonly [State, number, ReadonlyArray<StartRelay>] => {
  const { relayCapacity, relays } = state
  const capacity = worker === undefined ? relayCapacity : Number.POSITIVE_INFINITY
  const hasRoom = (relay: Relay | undefined) =>
    relay !== undefined && relay.worker === worker && relay.sessions < capacity
  const free = relays.findIndex(hasRoom)
  if (free !== -1) return [state, free, []]
  const gap = relays.indexOf(undefined)
  const relay = gap === -1 ? relays.length : gap
  const next = relays.slice()
  next[relay] = { sessions: 0, worker }
  // Those who live at a worker bring theirs with them, and nobody starts it.
  return [{ ...state, relays: next }, relay, worker === undefined ? [{ _tag: "StartRelay", relay }] : []]
}

/**
 * Gives a session a seat with a relay. One that has a seat at the same worker keeps its relay, one that has it elsewhere
 * leaves that first.
 *
 * @since 0.1.0
 * @category transitions
 */
export const seated = (
  state: State,
  user: UserId,
  wanted: Omit<Seat, "relay"> & { readonly worker: string | undefined }
): readonly [State, relay: number, ReadonlyArray<StartRelay | StopRelay | Detach>] => {
  const { worker, ...rest } = wanted
  const present = seatOf(state, user, rest.session)
  const isSame = present !== undefined && state.relays[present.relay]?.worker === worker
  const left = present === undefined ? state : counted(state, present, -1)
  const [placed, relay, start] = isSame ? [left, present.relay, []] : room(left, worker)
  const seat: Seat = { ...rest, relay }
  const others = seatsOf(state, user).filter(({ session }) => session !== seat.session)
  const next = withSeats(counted(placed, seat, 1), user, others.concat(seat))
  if (present === undefined) return [next, relay, start]
  const [done, stop] = closed(next, present.relay)
  return [done, relay, [{ _tag: "Detach", relay: present.relay, session: present.session }, ...start, ...stop]]
}

/**
 * Takes a session's seat away.
 *
 * @since 0.1.0
 * @category transitions
 */
export const unseated = (
  state: State,
  user: UserId,
  seat: Seat
): readonly [State, ReadonlyArray<StopRelay | Detach>] => {
  const others = seatsOf(state, user).filter(({ session }) => session !== seat.session)
  const [next, stop] = closed(withSeats(counted(state, seat, -1), user, others), seat.relay)
  return [next, [{ _tag: "Detach", relay: seat.relay, session: seat.session }, ...stop]]
}

/**
 * A session has the same seat, but looks elsewhere or says something else of its user.
 *
 * @since 0.1.0
 * @category transitions
 */
export const reseated = (
  state: State,
  user: UserId,
  seat: Seat,
  change: Partial<Pick<Seat, "isActive" | "status" | "activities">>
): State => {
  const seats = seatsOf(state, user).map((other) => (other.session === seat.session ? { ...seat, ...change } : other))
  const isActive = change.isActive ?? seat.isActive
  return {
    ...withSeats(state, user, seats),
    active: state.active + Number(isActive) - Number(seat.isActive)
  }
}
