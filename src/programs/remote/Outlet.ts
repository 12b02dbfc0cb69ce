/**
 * An outlet: the relay that stands for all sessions of a guild that live at one worker. What the guild hands to it is
 * written to the worker's link, so much at a time as the worker has room for.
 *
 * @since 0.1.0
 */
import { Cause, type Duration, Effect, Fiber, type Scope } from "effect"
import { ActorStopped, type Address, type Request } from "../../domain/Actor.ts"
import * as Envelope from "../../domain/Envelope.ts"
import type { GuildId } from "../../domain/Ids.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import type { Protocol, SessionRef } from "../../domain/relay/Protocol.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type { Link } from "../../domain/Worker.ts"

/** What may wait for a worker that is behind; its guild waits when it is full. */
const MAILBOX_CAPACITY = 1024

type Incoming = Request<Protocol<SessionRef>> | Envelope.Envelope<Request<Protocol<SessionRef>>>

/**
 * `taken` makes room: so many commands have reached their relays. `flushed` waits until all have, or nobody is there to
 * take them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outlet {
  readonly relay: Address<Protocol<SessionRef>>
  readonly taken: (count: number) => void
  readonly flushed: Effect.Effect<void>
}

const commandOf = (request: Request<Protocol<SessionRef>>): Wire.Command => {
  switch (request.tag) {
    case "Attach": {
      const { subscriber, welcome } = request.payload
      const { intents, member, session } = subscriber
      return { _tag: "Attach", session: session.id, member, intents, welcome }
    }
    case "Detach":
      return { _tag: "Detach", session: request.payload.session }
    case "Dispatch":
      return { _tag: "Dispatch", ...request.payload }
    case "Stop":
      return { _tag: "Stop" }
  }
}

/**
 * Writes commands, each once: what a guild hands to all workers is one object, and becomes one text.
 *
 * @since 0.1.0
 * @category models
 */
export type Writer = (guild: GuildId, incoming: Incoming) => string

/**
 * @since 0.1.0
 * @category constructors
 */
export const writer = (): Writer => {
  let last: { readonly incoming: Incoming; readonly text: string } | undefined
  return (guild, incoming) => {
    if (last?.incoming !== incoming) {
      const [request, carrier] = Envelope.isEnvelope(incoming) ? [incoming.message, incoming.carrier] : [incoming]
      const command = Envelope.make(commandOf(request), carrier)
      last = { incoming, text: Wire.encodeDown({ _tag: "Command", guild, command }) }
    }
    return last.text
  }
}

/**
 * Lives until the scope closes; what was handed to it is written yet, if that takes no longer than `grace`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly guild: GuildId
  readonly link: Link
  readonly write: Writer
  readonly grace: Duration.Input
}): Effect.fn.Return<Outlet, never, Scope.Scope> {
  const { guild, link, write } = options
  const mailbox = yield* Mailbox.bounded<Incoming, Cause.Done>(MAILBOX_CAPACITY)
  let underWay = 0
  let isOver = false
  let resume = () => {}
  /** Waits until the worker has taken something, or is gone. */
  const change = Effect.callback<void>((resumeWith) => {
    resume = () => resumeWith(Effect.void)
  })

  const post = (incoming: Incoming) => {
    underWay++
    isOver ||= !link.send(write(guild, incoming))
  }
  const room = (): Effect.Effect<void> =>
    Effect.suspend(() => (underWay < Wire.WINDOW || isOver ? Effect.void : Effect.flatMap(change, room)))
  const fiber = yield* Effect.forkDetach(
    Mailbox.consume(mailbox, (incoming) => {
      if (underWay < Wire.WINDOW) return post(incoming)
      return Effect.map(room(), () => post(incoming))
    })
  )
  const none = (): Effect.Effect<void> =>
    Effect.suspend(() => (underWay === 0 || isOver ? Effect.void : Effect.flatMap(change, none)))
  const flushed = Mailbox.end(mailbox).pipe(
    Effect.andThen(Fiber.await(fiber)),
    Effect.andThen(none()),
    Effect.interruptible,
    Effect.timeoutOption(options.grace)
  )
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      Effect.sync(() => {
        isOver = true
        mailbox.shutdownUnsafe()
      }),
      Fiber.interrupt(fiber)
    )
  )
  return {
    relay: {
      kind: "relay",
      mailbox,
      refusal: (request) => (isOver ? new ActorStopped({ kind: "relay", request, handled: "no" }) : undefined)
    },
    taken: (count) => {
      underWay -= count
      resume()
    },
    flushed: Effect.asVoid(flushed)
  }
})
