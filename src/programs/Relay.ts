/**
 * A relay: does the fan-out for up to 15,000 sessions of one guild, with the permission check of each.
 *
 * @since 0.1.0
 */
import { Effect, type Scope } from "effect"
import type { Community } from "../domain/Community.ts"
import * as CloseCode from "../domain/gateway/CloseCode.ts"
import { Offload } from "../domain/Offload.ts"
import * as Propagation from "../domain/Propagation.ts"
import type { Protocol } from "../domain/relay/Protocol.ts"
import { Subscribers } from "../domain/relay/Subscribers.ts"
import type { Sampler } from "../domain/Sampler.ts"
import type { SessionHandle } from "../domain/session/Session.ts"
import * as Supervision from "../domain/Supervision.ts"
import * as Actor from "./Actor.ts"
import * as Transport from "./Transport.ts"

/** What may wait for a relay. Its guild waits when it is full, which is how backpressure reaches those who write. */
const MAILBOX_CAPACITY = 1024

const tooSlow = (session: SessionHandle) => session.end(CloseCode.TOO_SLOW)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly index: number
  readonly community: Community
}): Effect.Effect<Actor.Actor<Protocol>, never, Sampler | Offload | Scope.Scope> =>
  Effect.flatMap(Propagation.policy, (policy) =>
    Actor.make<Protocol>()({
      kind: "relay",
      capacity: MAILBOX_CAPACITY,
      span: (tag) => (tag === "Dispatch" ? "relay.fanout" : `relay.${tag}`),
      attributes: { "guild.id": options.community.id, "relay.index": options.index },
      // Who is attached is known here alone: a defect in one message must not cost the sessions their relay.
      supervision: Supervision.resume,
      policy: Propagation.notStarting(policy),
      init: (self) =>
        Effect.gen(function* () {
          const sender = yield* (yield* Offload).sender
          const subscribers = new Subscribers(options.community)
          return {
            requests: {
              Attach: ({ subscriber, welcome }) => {
                const { session } = subscriber
                return Transport.broadcast([session], welcome, { sender, refused: tooSlow }).pipe(
                  Effect.andThen(Effect.sync(() => subscribers.add(subscriber)))
                )
              },
              Detach: ({ session }) => Effect.sync(() => subscribers.remove(session)),
              Stop: () => self.stop,
              Dispatch: (event) => {
                const found = subscribers.recipients(event)
                return Transport.fanout(found, event.payload, {
                  sender,
                  refused: tooSlow,
                  source: options.community.id,
                  // Other relays fan the same message out to lists of their own.
                  salt: options.index,
                  // Of its own sessions the event reaches this share, and so it does, most likely, of all others.
                  size: Math.round((found.length * event.sessions) / Math.max(1, subscribers.size))
                })
              }
            }
          }
        })
    })
  ).pipe(Effect.orDie)
