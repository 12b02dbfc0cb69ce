/**
 * The guilds' end of a link: serves one life of a worker. Its requests are put into the guilds' mailboxes as if they had
 * been made here, with their traces; and each guild gets an outlet to the sessions that live there.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, Exit, Fiber, Pull, type Scope } from "effect"
import type { Tag } from "../../domain/Actor.ts"
import type * as Envelope from "../../domain/Envelope.ts"
import type { GuildId, SessionId } from "../../domain/Ids.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type { Link } from "../../domain/Worker.ts"
import type * as Guild from "../Guild.ts"
import { ask } from "./ask.ts"
import * as Outlet from "./Outlet.ts"

type Protocol = Guild.Protocol

/** What a guild's end of the link consists of. */
interface Branch {
  readonly guild: Guild.Guild
  readonly outlet: Outlet.Outlet
  /** Those of its sessions that live at the worker. */
  readonly sessions: Set<SessionId>
}

/** Sessions of a worker that is gone, disconnected at a time: others want something of their guilds too. */
const AT_ONCE = 64

/** Asks a guild, and puts its answer into the form in which it travels. */
const asked = <T extends Tag<Protocol>>(
  { guild }: Branch,
  carrier: Envelope.Envelope<unknown>["carrier"],
  tag: T,
  payload: Protocol[T]["payload"]
): Effect.Effect<unknown> =>
  Effect.flatMap(ask<Protocol, T>(guild, carrier, tag, payload), (answer) =>
    // What cannot be written is told so, rather than nothing.
    Effect.catchCause(Wire.replies[tag].encode(answer), (cause) =>
      Effect.andThen(
        Effect.logError(`the answer to ${tag} could not be written`, cause),
        Effect.orDie(Wire.replies[tag].encode(Exit.die("the guild's answer could not be written")))
      )
    )
  )

/**
 * Serves a worker until the link ends; then its sessions are disconnected. When it is interrupted, because the guilds have
 * ended, the worker has what they have said yet, if that takes no longer than `grace`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serve = Effect.fnUntraced(function* (options: {
  readonly link: Link
  readonly name: string
  readonly index: number
  readonly guilds: ReadonlyArray<Guild.Guild>
  readonly write: Outlet.Writer
  readonly grace: Duration.Input
}): Effect.fn.Return<void, never, Scope.Scope> {
  const { grace, guilds, index, link, name, write } = options
  const branches = new Map<GuildId, Branch>()
  for (const guild of guilds) {
    const outlet = yield* Outlet.make({ guild: guild.community.id, link, write, grace })
    branches.set(guild.community.id, { guild, outlet, sessions: new Set() })
  }

  const handled = (branch: Branch, { carrier, message }: Envelope.Envelope<Wire.Request>): Effect.Effect<unknown> => {
    switch (message._tag) {
      case "SendMessage":
        return asked(branch, carrier, "SendMessage", message.payload)
      case "Connect": {
        const { session } = message.payload
        branch.sessions.add(session)
        const handle = { id: session, relay: branch.outlet.relay }
        return asked(branch, carrier, "Connect", { ...message.payload, handle, worker: name })
      }
      case "Disconnect":
        branch.sessions.delete(message.payload.session)
        return asked(branch, carrier, "Disconnect", { ...message.payload, worker: name })
      case "Describe":
        return asked(branch, carrier, "Describe", message.payload)
      case "Status":
        return asked(branch, carrier, "Status", undefined)
    }
  }

  const received = Effect.fnUntraced(function* (text: string) {
    const up = yield* Wire.decodeUp(text)
    const branch = branches.get(up.guild)
    if (branch === undefined) return
    if (up._tag === "Taken") return branch.outlet.taken(up.count)
    const { number, request } = up
    const answered = Effect.map(handled(branch, request), (exit) => {
      if (number !== undefined) link.send(Wire.encodeDown({ _tag: "Reply", number, exit }))
    })
    // A guild that is slow to answer keeps nobody else from asking; those who ask it do so in their order.
    yield* Effect.forkScoped(answered, { startImmediately: true })
  })

  link.send(Wire.encodeDown({ _tag: "Start", worker: index, communities: guilds.map(({ community }) => community) }))
  const listening = yield* Effect.forkScoped(
    Mailbox.consume(link.frames, (text) =>
      Effect.catchCause(received(text), (cause) =>
        Effect.logError(`worker ${name} said what was not understood`, cause)
      )
    ).pipe(Pull.catchDone(() => Effect.void))
  )
  const all = Array.from(branches.values())
  // What the guilds have said is heard yet, and that it was is heard here.
  const flushed = Effect.forEach(all, ({ outlet }) => outlet.flushed, { concurrency: "unbounded", discard: true })
  yield* Effect.onInterrupt(Fiber.join(listening), () => flushed)
  const gone = all.flatMap((branch) => Array.from(branch.sessions, (session) => [branch, session] as const))
  // Not waited for: its guilds may be waiting for its outlets, which end with this; and another worker may hold up a guild,
  // which must not keep this one from being replaced.
  yield* Effect.forkDetach(
    Effect.forEach(gone, ([branch, session]) => asked(branch, undefined, "Disconnect", { session, worker: name }), {
      concurrency: AT_ONCE,
      discard: true
    })
  )
})
