/**
 * The relays of one guild at a worker. To the guild they are one; here its sessions are shared out among as many as it
 * takes.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Scope } from "effect"
import type { Address, Tag } from "../../domain/Actor.ts"
import type * as Envelope from "../../domain/Envelope.ts"
import { RELAY_CAPACITY } from "../../domain/guild/State.ts"
import type { SessionId } from "../../domain/Ids.ts"
import type { Offload } from "../../domain/Offload.ts"
import { Alteration } from "../../domain/relay/Alteration.ts"
import { Departures } from "../../domain/relay/Departures.ts"
import type { Protocol } from "../../domain/relay/Protocol.ts"
import type * as Wire from "../../domain/remote/Wire.ts"
import type { Sampler } from "../../domain/Sampler.ts"
import * as Relay from "../Relay.ts"
import { ask } from "./ask.ts"
import type { Proxy } from "./Proxy.ts"

/** So that no two relays of a guild have the same index, wherever they are: those beside the guild have the first. */
const indexOf = (worker: number, nth: number): number => ((worker + 1) << 16) | nth

interface Place {
  readonly nth: number
  readonly relay: Address<Protocol>
  sessions: number
}

/**
 * Carries out one of the guild's commands. It is done when the relays are done with it: so the guild's window counts what
 * has not been fanned out, and who ends in good order knows that all was.
 *
 * @since 0.1.0
 * @category models
 */
export type Relays = (envelope: Envelope.Envelope<Wire.Command>) => Effect.Effect<void, never, Sampler | Offload>

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  { arrived, begin, guild, joined, take }: Proxy,
  options: { readonly worker: number; readonly capacity?: number; readonly relay?: Relay.Settings }
): Effect.fn.Return<Relays, never, Scope.Scope> {
  const { capacity = RELAY_CAPACITY, relay, worker } = options
  const scope = yield* Effect.scope
  let relays: ReadonlyArray<Place> = []
  const places = new Map<SessionId, Place>()
  const departures = new Departures<Place>()

  const leave = (id: SessionId): Place | undefined => {
    const left = places.get(id)
    if (left !== undefined) left.sessions--
    places.delete(id)
    return left
  }
  const started = Effect.suspend(() => {
    const taken = new Set(relays.map(({ nth }) => nth))
    let nth = 0
    while (taken.has(nth)) nth++
    return Effect.map(
      Scope.provide(Relay.make({ ...relay, index: indexOf(worker, nth), community: guild.community }), scope),
      (relay) => {
        const place: Place = { nth, relay, sessions: 0 }
        relays = [...relays, place]
        return place
      }
    )
  })
  const place = (id: SessionId) =>
    Effect.suspend(() => {
      const free = relays.find(({ sessions }) => sessions < capacity)
      return Effect.map(free === undefined ? started : Effect.succeed(free), (found) => {
        found.sessions++
        places.set(id, found)
        return found
      })
    })

  const carriedOut: Relays = ({ carrier, message }) => {
    // With the trace that it came with: that goes on at the relay, and the time on the way counts as time in its mailbox.
    const tell = <T extends Tag<Protocol>>(tag: T, payload: Protocol[T]["payload"], to: ReadonlyArray<Place>) =>
      Effect.forEach(to, ({ relay }) => ask<Protocol, T>(relay, carrier, tag, payload), {
        concurrency: "unbounded",
        discard: true
      })
    switch (message._tag) {
      case "Begin":
        return Effect.sync(() => begin(message.community))
      case "Attach": {
        const { connection, isActive, session: id, welcome, ...rest } = message
        const handle = arrived(connection)
        if (handle === undefined) return Effect.void
        leave(id)
        return Effect.flatMap(place(id), (found) => {
          const after = departures.before(id, found)
          const coming = { subscriber: { ...rest, session: handle }, isActive, welcome, ...(after && { after }) }
          return tell("Attach", coming, [found])
        })
      }
      case "Detach": {
        const left = leave(message.session)
        if (left === undefined) return Effect.void
        const gone = departures.leave(message.session, left)
        const detached = Effect.flatMap(
          ask<Protocol, "Detach">(left.relay, carrier, "Detach", { session: message.session, gone }),
          (exit) => (Exit.isSuccess(exit) ? Effect.void : gone)
        )
        if (left.sessions > 0) return detached
        relays = relays.filter((other) => other !== left)
        return Effect.andThen(detached, tell("Stop", undefined, [left]))
      }
      case "Turn": {
        const found = places.get(message.session)
        return found === undefined ? Effect.void : tell("Turn", message, [found])
      }
      case "Watch": {
        const found = places.get(message.session)
        return found === undefined ? Effect.void : tell("Watch", message, [found])
      }
      case "Tell":
        return tell("Tell", message, relays)
      case "Dispatch":
        return tell("Dispatch", message, relays)
      case "Restructure": {
        const { changes, voice } = message
        const before = guild.community
        take(changes)
        const alteration = new Alteration(before, changes, voice, guild.community)
        return tell("Restructure", { changes, voice, alteration }, relays)
      }
      case "Enrol":
        if (message.became === "added") joined(message.member.user.id)
        return tell("Enrol", message, relays)
      case "Speak":
        return tell("Speak", message, relays)
      case "Stop":
        return tell("Stop", undefined, relays)
    }
  }
  return (envelope) => Effect.suspend(() => carriedOut(envelope))
})
