/**
 * The member lists of a guild's channels, as clients look at them, row by row.
 *
 * They need the whole view, but not the guild: this fiber follows the guild's state at its own pace, and tells what has
 * changed every so often. A list is there while somebody looks at it.
 *
 * What the store of members could not answer is tried again the next time: until then nobody has been told of it.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { type Address, request } from "../../domain/Actor.ts"
import * as Audience from "../../domain/Audience.ts"
import type { Community } from "../../domain/Community.ts"
import type { Payload } from "../../domain/gateway/Payload.ts"
import { seatOf, seatsOf } from "../../domain/guild/seats.ts"
import type { State } from "../../domain/guild/State.ts"
import type { ChannelId, SessionId, UserId } from "../../domain/Ids.ts"
import type { Member } from "../../domain/Member.ts"
import type { GroupId } from "../../domain/memberlist/Entry.ts"
import type { Watched } from "../../domain/memberlist/Listing.ts"
import { groupsOf } from "../../domain/memberlist/lists.ts"
import { Looks } from "../../domain/memberlist/Looks.ts"
import * as Ranges from "../../domain/memberlist/Ranges.ts"
import * as Propagation from "../../domain/Propagation.ts"
import type { Protocol as RelayProtocol } from "../../domain/relay/Protocol.ts"
import * as Supervision from "../../domain/Supervision.ts"
import * as Actor from "../Actor.ts"
import * as Transport from "../Transport.ts"
import * as Listings from "./Listings.ts"
import { type Shell, tell } from "./Shell.ts"

/** How often clients are told what has changed. */
const REFRESH = "200 millis"

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

const keyOf = (channel: ChannelId, { ranges }: Watched["watch"]): string => `${channel} ${ranges.key}`

const sees = (audience: Audience.Audience | undefined, member: Member | undefined): audience is Audience.Audience =>
  audience !== undefined && member !== undefined && Audience.admitsMember(audience, member)

/**
 * `isSettled` says whether the relays have been told of nothing that is not part of the `state` yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* ({
  isSettled,
  shell,
  state
}: {
  readonly shell: Shell
  readonly state: () => State
  readonly isSettled: () => boolean
}) {
  const listings = Listings.make(shell.members, state)
  const looks = new Looks()
  const touched = new Set<UserId>()
  const gone = new Set<SessionId>()
  /** What sessions want that has not been done yet, by session and channel. */
  const wanted = new Map<string, Look>()
  /** What whoever comes anew is told, as long as that is so: the same for all who come. */
  const texts = new Map<Watched, Payload>()
  let community = state().community
  let groups = groupsOf(community)
  /** Lists are other than those who look have been told. */
  let isBehind = false

  const whole = Effect.fnUntraced(function* (watched: Watched) {
    const text = texts.get(watched) ?? (yield* listings.payload(watched.listing, watched.watch.join()))
    texts.set(watched, text)
    return text
  })

  /** Those who look at the same rows through a channel are told what there is to say of them. */
  const said = (watched: Watched, channel: ChannelId, payload: Payload) =>
    tell(
      shell.relays.all,
      request<RelayProtocol, "Tell">("Tell", { channel, key: keyOf(channel, watched.watch), payload })
    )

  /** A session's relay is told where it looks; without a key, at nothing any more. */
  const directed = (user: UserId, watch: RelayProtocol["Watch"]["payload"]) => {
    const seat = seatOf(state(), user, watch.session)
    const relays = seat === undefined ? [] : shell.relays.at(state(), seat.relay)
    return tell(relays, request<RelayProtocol, "Watch">("Watch", watch))
  }

  /** Who has gone, or turned to another guild, looks at nothing here. */
  const isThere = (session: SessionId, user: UserId): boolean => seatOf(state(), user, session)?.isActive === true

  /** The rows that a session asks for, and what it is told first of all; nothing, where it may see none or wants none. */
  const found = Effect.fnUntraced(function* ({ channel, ranges: asked, session, user }: Look) {
    const ranges = Ranges.make(asked)
    const audience = community.audiences.get(channel)
    if (ranges.runs.length === 0 || !sees(audience, yield* listings.memberOf(user))) return undefined
    const listing = yield* listings.find(audience, groups)
    const watched = listing.at(ranges)
    const before = looks.of(session, listing) ?? watched
    const payload =
      before === watched
        ? yield* whole(watched)
        : yield* listings.payload(listing, watched.watch.join(before.watch.ranges))
    return { watched, payload }
  })

  /** Whether there is something to look at. */
  const look = Effect.fnUntraced(function* (one: Look) {
    const { channel, session, user } = one
    if (!isThere(session, user)) {
      looks.leaveAll(session)
      return false
    }
    if (state().community !== community) yield* followed()
    const rows = yield* found(one)
    // While the list was made it may have gone, and come back.
    if (gone.delete(session)) looks.leaveAll(session)
    if (!isThere(session, user)) {
      looks.leaveAll(session)
      return false
    }
    const left = rows === undefined ? looks.leave(session, channel) : looks.set(session, user, channel, rows.watched)
    for (const other of left) yield* directed(user, { session, channel: other })
    // A session that left meanwhile, and perhaps came back, has to ask again.
    if (rows === undefined || gone.has(session)) return rows !== undefined
    const { payload, watched } = rows
    yield* directed(user, { session, channel, key: keyOf(channel, watched.watch), payload })
    return true
  })

  /** Those who look at some rows through a channel see them in the list that it has by now, as far as they still may. */
  const moved = Effect.fnUntraced(function* (
    before: Watched,
    channel: ChannelId,
    after: { readonly community: Community; readonly groups: ReadonlyArray<GroupId> }
  ) {
    const audience = after.community.audiences.get(channel)
    if (audience !== undefined && before.listing.isOf(audience, after.groups)) return
    const sessions = Array.from(before.sessions.get(channel) ?? [])
    const staying = new Set<SessionId>()
    for (const [index, [session, user]] of sessions.entries()) {
      if (sees(audience, yield* listings.memberOf(user))) staying.add(session)
      if (index % Listings.SLICE === Listings.SLICE - 1) yield* Effect.yieldNow
    }
    const watched =
      audience === undefined || staying.size === 0
        ? undefined
        : (yield* listings.find(audience, after.groups)).at(before.watch.ranges)
    const payload = watched === undefined ? undefined : yield* whole(watched)
    // From here on nothing can fail: where they look, and what they are told, goes together.
    for (const [session, user] of sessions) {
      const left =
        watched !== undefined && staying.has(session)
          ? looks.move(session, user, channel, watched)
          : looks.leave(session, channel)
      for (const other of left) yield* directed(user, { session, channel: other })
    }
    if (watched !== undefined && payload !== undefined) yield* said(watched, channel, payload)
  })

  /** Roles or channels are different: lists that are others by now are made anew, each once, and told once to all. */
  const followed = Effect.fnUntraced(function* () {
    const after = { community: state().community, groups: groupsOf(state().community) }
    for (const watched of looks.watched()) {
      for (const channel of Array.from(watched.sessions.keys())) {
        yield* moved(watched, channel, after)
        yield* Effect.yieldNow
      }
    }
    community = after.community
    groups = after.groups
  })

  /** Whoever does not see a channel any more looks at its list no more; who sees it again has to ask again. */
  const dismissed = Effect.fnUntraced(function* (user: UserId, member: Member | undefined) {
    for (const { session } of seatsOf(state(), user)) {
      for (const channel of looks.channelsOf(session)) {
        if (sees(community.audiences.get(channel), member)) continue
        looks.leave(session, channel)
        yield* directed(user, { session, channel })
      }
    }
  })

  const changed = Effect.fnUntraced(function* (user: UserId) {
    // First: who is touched meanwhile is looked at once more.
    touched.delete(user)
    const member = yield* listings.memberOf(user)
    isBehind = true
    listings.put(user, member)
    yield* dismissed(user, member)
  })

  /** Those who look are told what has changed. */
  const told = Effect.gen(function* () {
    for (const listing of listings.all()) {
      for (const watched of Array.from(listing.watched.values())) {
        const { sessions, watch } = watched
        const ops = watch.changes()
        if (ops.length > 0) {
          const news = yield* Effect.onError(listings.payload(listing, ops), () => Effect.sync(() => watch.takeBack()))
          for (const channel of sessions.keys()) yield* said(watched, channel, news)
        }
        yield* Effect.yieldNow
      }
    }
    isBehind = false
  })

  /**
   * A session may have heard of a channel of which the guild still waits to tell a worker that is behind. Then it looks again
   * later.
   */
  const answered = Effect.fnUntraced(function* (key: string, one: Look) {
    const wasSettled = isSettled()
    if ((yield* look(one)) || wasSettled) wanted.delete(key)
  })

  const refreshed = Effect.gen(function* () {
    for (const session of gone) looks.leaveAll(session)
    gone.clear()
    // Not sooner: whoever scrolls leaves some rows for others.
    listings.sweep()
    if (state().community !== community) yield* followed()
    texts.clear()
    if (listings.isEmpty()) touched.clear()
    for (const [index, user] of Array.from(touched).entries()) {
      yield* Effect.onError(changed(user), () => Effect.sync(() => touched.add(user)))
      if (index % Listings.SLICE === Listings.SLICE - 1) yield* Effect.yieldNow
    }
    if (isBehind) yield* told
    for (const [key, one] of Array.from(wanted)) yield* answered(key, one)
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
            Look: Effect.fnUntraced(function* (one: Look) {
              timer ??= yield* self.every(REFRESH, "refresh")
              const key = `${one.session} ${one.channel}`
              wanted.delete(key)
              wanted.set(key, one)
              yield* answered(key, one)
            })
          },
          message: Effect.fnUntraced(function* () {
            yield* refreshed
            // Where nobody looks, nothing has to be followed.
            if (!listings.isEmpty() || wanted.size > 0 || timer === undefined) return
            yield* timer.cancel
            timer = undefined
          })
        }
      })
  })
  const lists: MemberLists = {
    look: (one) => Effect.ignore(Transport.cast(actor, "Look", one)),
    touch: (user) => {
      if (!listings.isEmpty()) touched.add(user)
    },
    left: (session) => {
      if (looks.has(session)) gone.add(session)
    }
  }
  return lists
})
