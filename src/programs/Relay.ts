/**
 * A relay: does the fan-out for up to 15,000 sessions of one guild, with the permission check of each.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, type Scope } from "effect"
import type { Community } from "../domain/Community.ts"
import * as CloseCode from "../domain/gateway/CloseCode.ts"
import * as Detached from "../domain/Detached.ts"
import type { ChannelId } from "../domain/Ids.ts"
import * as Mailbox from "../domain/Mailbox.ts"
import * as RunQueue from "../domain/mailbox/RunQueue.ts"
import { Offload } from "../domain/Offload.ts"
import * as Propagation from "../domain/Propagation.ts"
import type { Dispatch, Protocol } from "../domain/relay/Protocol.ts"
import { type Deliveries, type Delivery, Served } from "../domain/relay/Served.ts"
import type { Sampler } from "../domain/Sampler.ts"
import type { SessionHandle } from "../domain/session/Session.ts"
import * as Supervision from "../domain/Supervision.ts"
import * as Actor from "./Actor.ts"
import * as Transport from "./Transport.ts"

/** What may wait for a relay. Its guild waits when it is full, which is how backpressure reaches those who write. */
const MAILBOX_CAPACITY = 1024

/**
 * How often passive sessions are told what they have missed, unless it is said otherwise.
 *
 * @since 0.1.0
 * @category limits
 */
export const SUMMARY_INTERVAL: Duration.Input = "30 seconds"

/**
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly summaryInterval?: Duration.Input
}

/** However ending one of them ends, the others do not hear of it. */
const tooSlow = (session: SessionHandle) =>
  Effect.catchDefect(
    Effect.suspend(() => session.end(CloseCode.TOO_SLOW)),
    (defect) => Effect.logError(`session ${session.id}, which was too slow, could not be ended`, defect)
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Settings & { readonly index: number; readonly community: Community }
): Effect.Effect<Actor.Actor<Protocol>, never, Sampler | Offload | Scope.Scope> =>
  Effect.flatMap(Propagation.policy, (policy) =>
    Actor.make<Protocol, "summarise" | "go on">()({
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
          const scope = yield* Effect.scope
          const served = new Served(options.community)
          const source = options.community.id
          // Relays of guilds that start together would all hold up messages at once: 60 of them for up to 115 ms (bench `day`).
          yield* self.every(options.summaryInterval ?? SUMMARY_INTERVAL, "summarise", { jitter: true })

          const tell = ({ payload, recipients }: Delivery, size = recipients.length) =>
            Transport.fanout(recipients, payload, {
              sender,
              refused: tooSlow,
              source,
              // Other relays fan the same message out to lists of their own.
              salt: options.index,
              size
            })
          /**
           * One after the other, as they are found out. One that cannot be told keeps nobody from the next, and the relay from
           * taking over all of a change.
           */
          const survived = (delivery: Delivery) =>
            Effect.catchDefect(tell(delivery), (defect) =>
              Effect.logError("a relay could not tell its sessions", defect)
            )
          const allTold = (deliveries: Deliveries) => {
            let next = deliveries.next()
            return Effect.whileLoop({
              while: () => next.done !== true,
              body: () => (next.value === undefined ? RunQueue.turn : survived(next.value)),
              step: () => {
                next = deliveries.next()
              }
            })
          }
          const first = (session: SessionHandle, payload: Delivery["payload"]) =>
            Transport.broadcast([session], payload, { sender, refused: tooSlow })

          const told = (event: Dispatch) => {
            const recipients = served.dispatch(event)
            const { payload } = event
            // Of its own sessions the event reaches this share, and so it does, most likely, of all others.
            const size = Math.round((recipients.length * event.sessions) / Math.max(1, served.active.size))
            const fanned = tell({ recipients, payload }, size)
            return served.isCalling(event)
              ? Effect.andThen(
                  fanned,
                  Effect.suspend(() => allTold(served.called(event)))
                )
              : fanned
          }
          /** Something that happened in a channel is told after all that there is to tell of the channel itself. */
          const inChannel = (channel: ChannelId, effect: Effect.Effect<void, never, Sampler>) =>
            served.isChanging(channel)
              ? Effect.andThen(
                  Effect.suspend(() => allTold(served.toldOf(channel))),
                  effect
                )
              : effect

          let isGoingOn = false
          /**
           * What gives way to all else is done in pieces: for each the relay tells itself to go on, so that what has come
           * meanwhile is handled first. It waits for its turn beside itself, and so keeps no message waiting.
           */
          const goOn = Effect.suspend(() => {
            if (isGoingOn || !served.isUnfinished) return Effect.void
            isGoingOn = true
            return Effect.asVoid(
              Detached.forkIn(scope)(Effect.andThen(RunQueue.turn, Mailbox.offer(self.address.mailbox, "go on")))
            )
          })
          const some = (deliveries: () => Deliveries) =>
            Effect.ensuring(
              Effect.suspend(() => allTold(deliveries())),
              goOn
            )

          return {
            requests: {
              Attach: ({ after, isActive, subscriber, welcome }) => {
                const attached = Effect.map(first(subscriber.session, welcome), () =>
                  served.attach(subscriber, isActive)
                )
                // The relay that the session was at got its messages before this one, and waits for no relay that got later
                // ones: so none waits for itself.
                return after === undefined ? attached : Effect.andThen(after, attached)
              },
              Detach: ({ gone = Effect.void, session }) =>
                Effect.ensuring(
                  Effect.sync(() => served.detach(session)),
                  sender.after(gone)
                ),
              Turn: ({ session, snapshot }) => {
                const subscriber = served.get(session)
                if (subscriber === undefined) return Effect.void
                return snapshot === undefined
                  ? Effect.suspend(() => allTold(served.lookAway(session)))
                  : Effect.map(first(subscriber.session, snapshot), () => served.attach(subscriber, true))
              },
              Dispatch: (event) =>
                served.isBehind(event)
                  ? Effect.andThen(
                      Effect.suspend(() => allTold(served.before(event))),
                      Effect.suspend(() => told(event))
                    )
                  : told(event),
              Restructure: (change) => some(() => served.restructure(change)),
              Enrol: (change) => Effect.suspend(() => allTold(served.enrol(change))),
              Speak: (change) => Effect.suspend(() => allTold(served.speak(change))),
              Watch: (watch) =>
                inChannel(
                  watch.channel,
                  Effect.suspend(() => {
                    const session = served.get(watch.session)?.session
                    const isSeen = served.watch(watch)
                    return isSeen && session !== undefined && watch.payload !== undefined
                      ? first(session, watch.payload)
                      : Effect.void
                  })
                ),
              Tell: (news) =>
                inChannel(
                  news.channel,
                  Effect.suspend(() => tell({ recipients: served.told(news), payload: news.payload }))
                ),
              // Nothing that was acknowledged is lost.
              Stop: () =>
                Effect.andThen(
                  Effect.suspend(() => allTold(served.all())),
                  self.stop
                )
            },
            message: (message) => {
              if (message === "summarise") return some(() => served.summaries())
              isGoingOn = false
              return some(() => served.some())
            }
          }
        })
    })
  ).pipe(Effect.orDie)
