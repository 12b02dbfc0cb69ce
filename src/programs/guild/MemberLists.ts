/**
 * The member lists of a guild's channels, as clients look at them, row by row.
 *
 * They need the whole view, but not the guild: this fiber follows the guild's state at its own pace, and tells what has
 * changed every so often. A list is there while somebody looks at it.
 *
 * @since 0.1.0
 */
import { Effect, HashMap, Option, Stream } from "effect"
import { type Address, request } from "../../domain/Actor.ts"
import * as Audience from "../../domain/Audience.ts"
import * as EventJson from "../../domain/gateway/EventJson.ts"
import * as Payload from "../../domain/gateway/Payload.ts"
import { presenceOf, seatOf, seatsOf } from "../../domain/guild/seats.ts"
import type { State } from "../../domain/guild/State.ts"
import type { ChannelId, SessionId, UserId } from "../../domain/Ids.ts"
import type { Member } from "../../domain/Member.ts"
import { entryOf, groupsOf, listOf, type Shown } from "../../domain/memberlist/lists.ts"
import type { GroupId } from "../../domain/memberlist/Entry.ts"
import { MemberList } from "../../domain/memberlist/MemberList.ts"
import type { Op } from "../../domain/memberlist/Op.ts"
import * as Ranges from "../../domain/memberlist/Ranges.ts"
import { Watch } from "../../domain/memberlist/Watch.ts"
import * as MemberQuery from "../../domain/MemberQuery.ts"
import * as Propagation from "../../domain/Propagation.ts"
import type { Protocol as RelayProtocol } from "../../domain/relay/Protocol.ts"
import * as Supervision from "../../domain/Supervision.ts"
import * as Actor from "../Actor.ts"
import * as Transport from "../Transport.ts"
import { type Shell, tell } from "./Shell.ts"

/** Guilds with more members than that do not show who is not there. */
const OFFLINE_LIMIT = 1000

/** How often clients are told what has changed. */
const REFRESH = "200 millis"

/** Members looked up before others have a turn. */
const SLICE = 64

const MAILBOX_CAPACITY = 1024

/**
 * A session looks at these rows of a channel's member list; at none any more when there are none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Look {
  readonly session: SessionId
  readonly user: UserId
  readonly channel: ChannelId
  readonly ranges: ReadonlyArray<Ranges.Range>
}

interface Protocol {
  readonly Look: { readonly payload: Look; readonly success: void; readonly error: never }
}

/** The rows of a list that some sessions look at, through this channel or that. */
interface Watched {
  readonly watch: Watch<Shown>
  readonly listing: Listing
  readonly sessions: Map<ChannelId, Set<SessionId>>
}

interface Listing {
  readonly id: string
  readonly audience: Audience.Audience
  readonly list: MemberList<Shown>
  readonly hasOffline: boolean
  readonly watched: Map<string, Watched>
}

/**
 * `touch` says that something may be different about a user, `left` that a session looks at nothing any more: both at no
 * cost, from the guild's fiber.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberLists {
  readonly look: (look: Look) => Effect.Effect<void>
  readonly touch: (user: UserId) => void
  readonly left: (session: SessionId) => void
}

const keyOf = (channel: ChannelId, { key }: Ranges.Ranges): string => `${channel} ${key}`

const areSame = (one: ReadonlyArray<GroupId>, other: ReadonlyArray<GroupId>): boolean =>
  one.length === other.length && one.every((group, index) => group === other[index])

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* ({
  shell,
  state
}: {
  readonly shell: Shell
  readonly state: () => State
}) {
  const { members } = shell
  const touched = new Set<UserId>()
  const gone = new Set<SessionId>()
  const listings = new Map<string, Listing>()
  const looks = new Map<SessionId, Map<ChannelId, { readonly look: Look; readonly watched: Watched }>>()
  let community = state().community
  let groups = groupsOf(community)

  const seen = (audience: Audience.Audience, member: Member | undefined, hasOffline: boolean) => {
    if (member === undefined || !Audience.admitsMember(audience, member)) return undefined
    const presence = presenceOf(state(), member.user.id)
    return presence === "offline" && !hasOffline ? undefined : entryOf(groups, member, presence)
  }
  const memberOf = (user: UserId) => Effect.map(Effect.orDie(members.get(user)), Option.getOrUndefined)

  /** All who are there, in slices: what changes meanwhile has been touched, and is looked at afterwards. */
  const filled = Effect.fnUntraced(function* ({ audience, hasOffline, list }: Listing) {
    const put = (member: Member | undefined) => {
      const entry = seen(audience, member, hasOffline)
      if (entry !== undefined) list.put(entry)
    }
    let count = 0
    for (const user of HashMap.keys(state().online)) {
      put(yield* memberOf(user))
      if (++count % SLICE === 0) yield* Effect.yieldNow
    }
    if (hasOffline)
      yield* Stream.runForEach(Stream.orDie(members.scan(MemberQuery.everybody)), (one) => Effect.sync(() => put(one)))
  })

  const listing = Effect.fnUntraced(function* (audience: Audience.Audience) {
    const id = listOf(audience)
    const known = listings.get(id)
    if (known !== undefined) return known
    const hasOffline = (yield* Effect.orDie(members.size)) <= OFFLINE_LIMIT
    const made: Listing = { id, audience, list: new MemberList(groups), hasOffline, watched: new Map() }
    // Before it is filled, so that who changes meanwhile is touched; one that could not be filled is none.
    listings.set(id, made)
    yield* Effect.onError(filled(made), () => Effect.sync(() => listings.delete(id)))
    return made
  })

  /** What is to be said of a list. */
  const payload = Effect.fnUntraced(function* ({ id, list }: Listing, ops: ReadonlyArray<Op<Shown>>) {
    const shown = new Map<UserId, Member>()
    for (const op of ops) {
      const rows = op._tag === "Sync" ? op.rows : op._tag === "Insert" || op._tag === "Update" ? [op.row] : []
      for (const row of rows) {
        const member = row._tag === "Member" ? yield* memberOf(row.user) : undefined
        if (member !== undefined) shown.set(member.user.id, member)
      }
    }
    return Payload.make(
      "GUILD_MEMBER_LIST_UPDATE",
      EventJson.memberList({
        guild: community.id,
        id,
        groups: list.groups(),
        count: list.memberCount,
        ops,
        members: shown
      })
    )
  })

  /** Nobody looks any more there where the session did. */
  const leave = (session: SessionId, channel: ChannelId): Ranges.Ranges => {
    const own = looks.get(session)
    const before = own?.get(channel)?.watched
    own?.delete(channel)
    if (own?.size === 0) looks.delete(session)
    if (before === undefined) return Ranges.none
    const { listing, sessions, watch } = before
    const others = sessions.get(channel)
    others?.delete(session)
    if (others?.size === 0) sessions.delete(channel)
    // The list stays until the next refresh: whoever scrolls leaves some rows for others.
    if (sessions.size === 0) listing.watched.delete(watch.ranges.key)
    return watch.ranges
  }

  const leaveAll = (session: SessionId): void => {
    for (const channel of Array.from(looks.get(session)?.keys() ?? [])) leave(session, channel)
    gone.delete(session)
  }

  const look = Effect.fnUntraced(function* (wanted: Look, isAnew: boolean) {
    const { channel, session, user } = wanted
    // It has been away.
    if (gone.has(session)) leaveAll(session)
    const ranges = Ranges.make(wanted.ranges)
    const left = leave(session, channel)
    const before = isAnew ? Ranges.none : left
    const seat = seatOf(state(), user, session)
    if (seat === undefined) return
    const relay = shell.relays.at(state(), seat.relay)
    const audience = state().community.audiences.get(channel)
    const member = yield* memberOf(user)
    if (
      ranges.runs.length === 0 ||
      audience === undefined ||
      member === undefined ||
      !Audience.admitsMember(audience, member)
    ) {
      return yield* tell(shell, relay, request<RelayProtocol, "Watch">("Watch", { session, channel }))
    }
    const found = yield* listing(audience)
    const watched = found.watched.get(ranges.key) ?? {
      watch: new Watch(found.list, ranges),
      listing: found,
      sessions: new Map<ChannelId, Set<SessionId>>()
    }
    found.watched.set(ranges.key, watched)
    const sessions = watched.sessions.get(channel) ?? new Set()
    watched.sessions.set(channel, sessions.add(session))
    const own = looks.get(session) ?? new Map<ChannelId, { readonly look: Look; readonly watched: Watched }>()
    looks.set(session, own.set(channel, { look: wanted, watched }))
    const first = yield* payload(found, watched.watch.join(before))
    const key = keyOf(channel, ranges)
    yield* tell(shell, relay, request<RelayProtocol, "Watch">("Watch", { session, channel, key, payload: first }))
  })

  /** Roles or channels are different: where that changes who is shown to whom, everybody looks anew. */
  const followed = Effect.fnUntraced(function* () {
    const before = community
    community = state().community
    const after = groupsOf(community)
    const isOther = (channel: ChannelId) => before.audiences.get(channel) !== community.audiences.get(channel)
    const own = Array.from(looks.values()).flatMap((one) => Array.from(one.values()))
    if (areSame(groups, after) && !own.some(({ look }) => isOther(look.channel))) return
    groups = after
    listings.clear()
    looks.clear()
    for (const one of own) yield* look(one.look, true)
  })

  /** Whoever does not see a channel any more looks at its list no more; who sees it again has to ask again. */
  const dismissed = Effect.fnUntraced(function* (user: UserId, member: Member | undefined) {
    for (const { relay, session } of seatsOf(state(), user)) {
      for (const channel of Array.from(looks.get(session)?.keys() ?? [])) {
        const audience = community.audiences.get(channel)
        if (audience !== undefined && member !== undefined && Audience.admitsMember(audience, member)) continue
        leave(session, channel)
        const message = request<RelayProtocol, "Watch">("Watch", { session, channel })
        yield* tell(shell, shell.relays.at(state(), relay), message)
      }
    }
  })

  const refreshed = Effect.gen(function* () {
    for (const session of Array.from(gone)) leaveAll(session)
    for (const { id, watched } of Array.from(listings.values())) if (watched.size === 0) listings.delete(id)
    if (state().community !== community) yield* followed()
    const users = Array.from(touched)
    touched.clear()
    if (listings.size === 0 || users.length === 0) return
    for (const [index, user] of users.entries()) {
      const member = yield* memberOf(user)
      yield* dismissed(user, member)
      for (const { audience, hasOffline, list } of listings.values()) {
        const entry = seen(audience, member, hasOffline)
        if (entry === undefined) list.remove(user)
        else list.put(entry)
      }
      if (index % SLICE === SLICE - 1) yield* Effect.yieldNow
    }
    for (const found of Array.from(listings.values())) {
      for (const { sessions, watch } of Array.from(found.watched.values())) {
        const ops = watch.changes()
        if (ops.length === 0) continue
        const news = yield* payload(found, ops)
        for (const channel of sessions.keys()) {
          const key = keyOf(channel, watch.ranges)
          yield* tell(shell, shell.relays.all, request<RelayProtocol, "Tell">("Tell", { channel, key, payload: news }))
        }
      }
    }
  })

  const actor: Address<Protocol> = yield* Actor.make<Protocol, "refresh">()({
    kind: "memberlists",
    capacity: MAILBOX_CAPACITY,
    attributes: { "guild.id": community.id },
    supervision: Supervision.resume,
    policy: Propagation.notStarting(yield* Propagation.policy),
    init: (self) =>
      Effect.sync(() => {
        let timer: Actor.Timer | undefined
        return {
          requests: {
            Look: Effect.fnUntraced(function* (wanted: Look) {
              yield* look(wanted, false)
              if (listings.size > 0) timer ??= yield* self.every(REFRESH, "refresh")
            })
          },
          message: Effect.fnUntraced(function* () {
            yield* refreshed
            // Where nobody looks, nothing has to be followed.
            if (listings.size > 0 || timer === undefined) return
            yield* timer.cancel
            timer = undefined
          })
        }
      })
  })
  const lists: MemberLists = {
    look: (wanted) => Effect.ignore(Transport.cast(actor, "Look", wanted)),
    touch: (user) => {
      if (listings.size > 0) touched.add(user)
    },
    left: (session) => {
      if (looks.has(session)) gone.add(session)
    }
  }
  return lists
})
