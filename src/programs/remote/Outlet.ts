/**
 * An outlet: the relay that stands for all sessions of a guild that live at one worker. What the guild hands to it is
 * written to the worker's link, so much at a time as the worker has room for.
 *
 * @since 0.1.0
 */
import { Cause, type Duration, Effect, Fiber, type Scope } from "effect"
import { ActorStopped, type Address, type Request } from "../../domain/Actor.ts"
import * as Detached from "../../domain/Detached.ts"
import * as Envelope from "../../domain/Envelope.ts"
import type { GuildId } from "../../domain/Ids.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import type { OutletProtocol } from "../../domain/relay/Protocol.ts"
import { Window } from "../../domain/remote/Window.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type { Link } from "../../domain/Worker.ts"

/** What may wait for a worker that is behind; its guild waits when it is full. */
const MAILBOX_CAPACITY = 1024

type Incoming = Request<OutletProtocol> | Envelope.Envelope<Request<OutletProtocol>>

/**
 * `taken` makes room: so many commands have been carried out. `flushed` waits until all have been, no longer than the
 * outlet's grace.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outlet {
  readonly relay: Address<OutletProtocol>
  readonly taken: (count: number) => void
  readonly flushed: Effect.Effect<void>
}

const commandOf = (request: Request<OutletProtocol>): Wire.Command => {
  switch (request.tag) {
    case "Begin":
      return { _tag: "Begin", ...request.payload }
    case "Attach": {
      const { isActive, subscriber, welcome } = request.payload
      const { session, ...rest } = subscriber
      return { _tag: "Attach", session: session.id, connection: session.connection, ...rest, isActive, welcome }
    }
    case "Detach":
      return { _tag: "Detach", session: request.payload.session }
    case "Turn":
      return { _tag: "Turn", ...request.payload }
    case "Dispatch":
      return { _tag: "Dispatch", ...request.payload }
    case "Restructure": {
      const { changes, voice } = request.payload
      return { _tag: "Restructure", changes, voice }
    }
    case "Enrol":
      return { _tag: "Enrol", ...request.payload }
    case "Speak":
      return { _tag: "Speak", ...request.payload }
    case "Watch":
      return { _tag: "Watch", ...request.payload }
    case "Tell":
      return { _tag: "Tell", ...request.payload }
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
  // Not the last one only: a worker that is behind comes to it later than others.
  const texts = new WeakMap<Incoming, string>()
  return (guild, incoming) => {
    const known = texts.get(incoming)
    if (known !== undefined) return known
    const [request, carrier] = Envelope.isEnvelope(incoming) ? [incoming.message, incoming.carrier] : [incoming]
    const text = Wire.encodeDown({ _tag: "Command", guild, command: Envelope.make(commandOf(request), carrier) })
    texts.set(incoming, text)
    return text
  }
}

/**
 * Lives until the scope closes: then nobody waits for it any more, and nothing is taken. Who wants what was handed to it
 * written before waits until it is `flushed`.
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
  const window = new Window(Wire.WINDOW)
  let isOver = false
  const post = (incoming: Incoming): Effect.Effect<void> | undefined => {
    try {
      const text = write(guild, incoming)
      if (link.send(text)) window.enter()
      return undefined
    } catch (defect) {
      // It cannot be said there; what comes after it can.
      return Effect.logError(`a command of guild ${guild} could not be written`, Cause.die(defect))
    }
  }
  const fiber = yield* Detached.fork(
    Mailbox.consume(mailbox, (incoming) => {
      if (window.hasRoom) return post(incoming)
      return Effect.flatMap(window.room, () => post(incoming) ?? Effect.void)
    })
  )
  const flushed = Mailbox.end(mailbox).pipe(
    Effect.andThen(Fiber.await(fiber)),
    Effect.andThen(window.empty),
    Effect.interruptible,
    Effect.timeoutOption(options.grace)
  )
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isOver = true
      mailbox.shutdownUnsafe()
      return Fiber.interrupt(fiber)
    })
  )
  return {
    relay: {
      kind: "relay",
      mailbox,
      refusal: (request) => (isOver ? new ActorStopped({ kind: "relay", request, handled: "no" }) : undefined)
    },
    taken: (count) => window.leave(count),
    flushed: Effect.asVoid(flushed)
  }
})
