/**
 * Doing what a guild's step says.
 *
 * @since 0.1.0
 */
import { Effect, Scope } from "effect"
import { request } from "../../domain/Actor.ts"
import type { Community } from "../../domain/Community.ts"
import * as Detached from "../../domain/Detached.ts"
import * as Intents from "../../domain/gateway/Intents.ts"
import * as Payload from "../../domain/gateway/Payload.ts"
import type { Attach, Dispatch, Enrol, Output } from "../../domain/guild/Output.ts"
import type { State } from "../../domain/guild/State.ts"
import type { Offload } from "../../domain/Offload.ts"
import { Alteration } from "../../domain/relay/Alteration.ts"
import type { Dispatch as Dispatched, OutletProtocol, Protocol, SessionRef } from "../../domain/relay/Protocol.ts"
import type { Sampler } from "../../domain/Sampler.ts"
import type { SessionHandle } from "../../domain/session/Session.ts"
import * as Relay from "../Relay.ts"
import type { Joins } from "./Joins.ts"
import type { MemberLists } from "./MemberLists.ts"
import { type Shell, tell } from "./Shell.ts"

/**
 * How a guild's relays reach a session: one that lives beside them, or at a worker.
 *
 * @since 0.1.0
 * @category models
 */
export type Handle = SessionHandle | SessionRef

/** What takes longer than a guild has: it goes on beside it. */
export interface Background {
  readonly ping: (community: Community, output: Extract<Output<Handle>, { _tag: "Ping" }>) => Effect.Effect<void>
  readonly strip: (output: Extract<Output<Handle>, { _tag: "Strip" }>) => Effect.Effect<void>
}

const attach = (shell: Shell, state: State, output: Attach<Handle>): Effect.Effect<void> => {
  const { handle, intents, isActive, relay, snapshot } = output
  const { roles, user } = snapshot.member
  const welcome = shell.welcomes.payload(snapshot)
  const rest = { user: user.id, roles, intents }
  const worker = state.relays[relay]?.worker
  const local = worker === undefined ? shell.relays.here.get(relay) : undefined
  if (!("mailbox" in handle)) {
    const outlet = worker === undefined ? undefined : shell.relays.outlet(worker)
    const subscriber = { ...rest, session: handle }
    const message = request<OutletProtocol, "Attach">("Attach", { subscriber, isActive, welcome })
    return tell(outlet === undefined ? [] : [outlet], message)
  }
  if (local === undefined) return Effect.void
  const after = shell.relays.departures.before(handle.id, local)
  const coming = { subscriber: { ...rest, session: handle }, isActive, welcome, ...(after && { after }) }
  return tell([local], request<Protocol, "Attach">("Attach", coming))
}

const dispatched = ({ event, sessions }: Dispatch): Dispatched => {
  const payload = Payload.fromEvent(event)
  switch (event._tag) {
    case "MessageCreated": {
      const { channelId: channel, id, mentions } = event.message
      const users = mentions.members.map(({ user }) => user.id)
      const calls = { users, roles: mentions.roles, everyone: mentions.everyone }
      return { payload, intent: Intents.GUILD_MESSAGES, channel, sessions, message: { id, calls } }
    }
    case "PresenceChanged":
      return { payload, intent: Intents.GUILD_PRESENCES, sessions }
  }
}

const BECAME = { MemberAdded: "added", MemberUpdated: "updated", MemberRemoved: "removed" } as const

const enrol = (shell: Shell, { event, voice }: Enrol): Effect.Effect<void> => {
  const { member } = event
  const change = { member, became: BECAME[event._tag], payload: Payload.fromEvent(event), voice }
  return tell(shell.relays.all, request<Protocol, "Enrol">("Enrol", change))
}

/**
 * `before` and `after` are the states between which the step was taken.
 *
 * @since 0.1.0
 * @category running
 */
export const interpret = (
  shell: Shell,
  output: Output<Handle>,
  options: {
    readonly before: State
    readonly after: State
    readonly relay: Relay.Settings
    readonly background: Background
  }
): Effect.Effect<void, never, Sampler | Offload> => {
  const { after, background, before } = options
  const { relays, scope } = shell
  switch (output._tag) {
    case "StartRelay":
      return Relay.make({ ...options.relay, index: output.relay, community: before.community }).pipe(
        Scope.provide(scope),
        Effect.map((relay) => relays.start(output.relay, relay))
      )
    case "StopRelay": {
      const ended = relays.at(before, output.relay)
      const stopped = relays.stop(output.relay)
      const forgotten =
        stopped === undefined
          ? Effect.void
          : Effect.exit(stopped.ended).pipe(
              Effect.map(() => relays.ended(stopped)),
              Detached.forkIn(scope)
            )
      return Effect.andThen(tell(ended, request<Protocol, "Stop">("Stop", undefined)), forgotten)
    }
    case "Attach":
      return attach(shell, after, output)
    case "Detach": {
      const { relay, session } = output
      const local = before.relays[relay]?.worker === undefined ? relays.here.get(relay) : undefined
      const gone = local && relays.departures.leave(session, local)
      const detach = gone === undefined ? { session } : { session, gone }
      return tell(relays.at(before, relay), request<Protocol, "Detach">("Detach", detach), gone)
    }
    case "Turn": {
      const { session, snapshot } = output
      const turn = snapshot === undefined ? { session } : { session, snapshot: shell.welcomes.payload(snapshot) }
      return tell(relays.at(after, output.relay), request<Protocol, "Turn">("Turn", turn))
    }
    case "Dispatch":
      return tell(relays.all, request<Protocol, "Dispatch">("Dispatch", dispatched(output)))
    case "Restructure": {
      const { changes, voice } = output
      // Worked out once for all relays beside the guild.
      const alteration =
        relays.here.size === 0
          ? undefined
          : { alteration: new Alteration(before.community, changes, voice, after.community) }
      return tell(relays.all, request<Protocol, "Restructure">("Restructure", { changes, voice, ...alteration }))
    }
    case "Enrol":
      return enrol(shell, output)
    case "Speak": {
      const { before: left, channel, state } = output
      return tell(relays.all, request<Protocol, "Speak">("Speak", { before: left, channel, state }))
    }
    // The store has taken it: that came first.
    case "Store":
    case "Notice":
      return Effect.void
    case "Ping":
      return background.ping(after.community, output)
    case "Strip":
      return background.strip(output)
  }
}

/**
 * Tells the member lists what may be different about whom, and others who has joined, once it is so.
 *
 * @since 0.1.0
 * @category running
 */
export const followed = (lists: MemberLists, joins: Joins, output: Output<Handle>): void => {
  switch (output._tag) {
    case "Notice":
      return lists.touch(output.user)
    case "Enrol": {
      const { id } = output.event.member.user
      lists.touch(id)
      return output.event._tag === "MemberAdded" ? joins.joined(id) : undefined
    }
    case "Detach":
    case "Turn":
      return lists.left(output.session)
  }
}
