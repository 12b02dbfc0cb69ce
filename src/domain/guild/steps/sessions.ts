/**
 * How a guild takes what sessions want of it.
 *
 * @since 0.1.0
 */
import { HashMap, Result } from "effect"
import * as Audience from "../../Audience.ts"
import { withKnownRoles } from "../../Community.ts"
import * as Intents from "../../gateway/Intents.ts"
import type { UserId } from "../../Ids.ts"
import type { Member } from "../../Member.ts"
import * as Presence from "../../Presence.ts"
import type { Snapshot } from "../Event.ts"
import type { Facts } from "../Facts.ts"
import type { Output } from "../Output.ts"
import type { View } from "../Protocol.ts"
import { UnknownSession } from "../Refusal.ts"
import { reseated, seated, seatOf, showingOf, unseated } from "../seats.ts"
import type { State } from "../State.ts"
import { memberOf } from "./Authority.ts"
import { stepped, type Steps } from "./Step.ts"
import { hungUp } from "./voice.ts"

/** The guild as this member may see it. */
const viewOf = ({ community, lastMessages }: State, member: Member, { memberCount, roster }: Facts): View => {
  const channels = new Map(
    Array.from(community.channels).filter(([id]) => {
      const audience = community.audiences.get(id)
      return audience !== undefined && Audience.admitsMember(audience, member)
    })
  )
  return {
    community: { ...community, channels },
    member,
    members: roster.map((one) => withKnownRoles(community, one)),
    memberCount,
    lastMessages: HashMap.filter(lastMessages, (_, id) => channels.has(id))
  }
}

/**
 * Who does not ask for presences is told of no more than themselves, as on Discord, and of who is in calls that they see.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#guild-create
 */
const snapshot = (state: State, member: Member, intents: number, { memberCount, roster }: Facts): Snapshot => {
  const isTold = Intents.wants(intents, Intents.GUILD_PRESENCES)
  return {
    _tag: "Snapshot",
    community: state.community,
    member,
    roster: isTold ? roster.map((one) => withKnownRoles(state.community, one)) : [member],
    presences: isTold ? roster.map(({ user }) => [user.id, showingOf(state, user.id)]) : [],
    memberCount,
    lastMessages: state.lastMessages,
    voice: state.voice
  }
}

/** Most say nothing of what they do, and then nothing is kept. */
const told = (activities: ReadonlyArray<Presence.Activity> | undefined) =>
  activities === undefined || activities.length === 0 ? undefined : { activities }

/** What is to be done when others see something else of a user than before; nobody is told where nobody asks. */
const noticed = <H>(before: State, after: State, user: UserId): ReadonlyArray<Output<H>> => {
  const [past, now] = [showingOf(before, user), showingOf(after, user)]
  if (Presence.isSame(past, now)) return []
  // Member lists show no activities.
  const notices: ReadonlyArray<Output<H>> = past.presence === now.presence ? [] : [{ _tag: "Notice", user }]
  if (after.watching === 0) return notices
  const event = { _tag: "PresenceChanged", guild: after.community.id, user, ...now } as const
  return [...notices, { _tag: "Dispatch", event, sessions: after.active }]
}

/**
 * @since 0.1.0
 * @category steps
 */
export const sessions = <H>(): Steps<
  H,
  "Connect" | "Disconnect" | "SetActive" | "SetStatus" | "Describe" | "Status"
> => ({
  Connect: (
    state,
    { activities, handle, intents, isPassive = false, session, status = "online", user, worker },
    facts
  ) => {
    const found = memberOf(state.community, user, facts)
    if (Result.isFailure(found)) return [state, [], Result.fail(found.failure)]
    const { success: member } = found
    const isActive = !isPassive
    // The id as the member's record has it: of the same text, one is kept, and not one for each session.
    const { id } = member.user
    const [next, relay, outputs] = seated(state, id, {
      session,
      intents,
      isActive,
      status,
      worker,
      ...told(activities)
    })
    const view = snapshot(next, member, intents, facts)
    return [
      next,
      [
        ...outputs,
        // To the newcomer the snapshot says it.
        ...noticed<H>(state, next, user),
        { _tag: "Attach", relay, session, intents, isActive, handle, snapshot: view }
      ],
      Result.void
    ]
  },

  Disconnect: (state, { session, user, worker }) => {
    const seat = seatOf(state, user, session)
    if (seat === undefined || state.relays[seat.relay]?.worker !== worker) return [state, [], Result.void]
    const [left, outputs] = unseated(state, user, seat)
    const [next, silent] = hungUp<H>(left, user, session)
    return [next, [...outputs, ...silent, ...noticed<H>(state, next, user)], Result.void]
  },

  SetActive: (state, { isActive, session, user }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const seat = seatOf(state, user, session)
        if (seat === undefined) return yield* Result.fail(new UnknownSession({ session, user }))
        const member = yield* memberOf(state.community, user, facts)
        if (seat.isActive === isActive) return [state, [], undefined] as const
        const next = reseated(state, user, seat, { isActive })
        const turn: Output<H> = {
          _tag: "Turn",
          relay: seat.relay,
          session,
          snapshot: isActive ? snapshot(next, member, seat.intents, facts) : undefined
        }
        return [next, [turn], undefined] as const
      })
    ),

  SetStatus: (state, { activities, session, status, user }) => {
    const seat = seatOf(state, user, session)
    if (seat === undefined) return [state, [], Result.void]
    const next = reseated(state, user, seat, { status, ...(activities === undefined ? undefined : { activities }) })
    return [next, noticed<H>(state, next, user), Result.void]
  },

  Describe: (state, { user }, facts) => [
    state,
    [],
    Result.map(memberOf(state.community, user, facts), (member) => viewOf(state, member, facts))
  ],

  Status: (state) => [
    state,
    [],
    Result.succeed({
      sessions: state.sessions,
      active: state.active,
      relays: state.relays.filter((relay) => relay !== undefined).length
    })
  ]
})
