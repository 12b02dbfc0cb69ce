/**
 * The guilds' end of a link: serves one life of a worker. Its requests are put into the guilds' mailboxes as if they had
 * been made here, with their traces; and each guild gets an outlet to the sessions that live there.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, Exit, Fiber, Pull, type Schema, type Scope } from "effect"
import * as Detached from "../../domain/Detached.ts"
import type * as Envelope from "../../domain/Envelope.ts"
import { reads } from "../../domain/guild/commands/reads.ts"
import type { ReadProtocol } from "../../domain/guild/Protocol.ts"
import type { GuildId, SessionId, UserId } from "../../domain/Ids.ts"
import * as Mailbox from "../../domain/Mailbox.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import { UserIds } from "../../domain/UserIds.ts"
import type { Link } from "../../domain/Worker.ts"
import type * as Guild from "../Guild.ts"
import { ask } from "./ask.ts"
import * as Outlet from "./Outlet.ts"

type Protocol = Guild.Protocol

/** What a guild's end of the link consists of. */
interface Branch {
  readonly guild: Guild.Guild
  readonly outlet: Outlet.Outlet
  /** Those of its sessions that live at the worker, and whose they are. */
  readonly sessions: Map<SessionId, UserId>
}

/** Sessions of a worker that is gone, disconnected at a time: others want something of their guilds too. */
const AT_ONCE = 64

/** How many ids are written at a time. */
const PART = 16_384

/** Of a request to connect whose answer nobody waits for: the worker finds nobody under it. */
const NOBODY = -1

type Carrier = Envelope.Envelope<unknown>["carrier"]
type GuildTag = Exclude<Wire.RequestTag, keyof ReadProtocol>

/** An answer in the form in which it travels. */
const written = <A>(
  tag: string,
  answer: Pick<Wire.Codec<A>, "encode">,
  answered: Effect.Effect<A>
): Effect.Effect<unknown> =>
  Effect.flatMap(answered, (value) =>
    // What cannot be written is told so, rather than nothing.
    Effect.catchCause(answer.encode(value), (cause) =>
      Effect.andThen(
        Effect.logError(`the answer to ${tag} could not be written`, cause),
        unanswerable("the guild's answer could not be written")
      )
    )
  )

/** Sends many ids in parts, between which others have a turn, and gives back what is left for the answer itself. */
const inParts = Effect.fnUntraced(function* (link: Link, number: number | undefined, users: UserIds) {
  let last = UserIds.from([])
  for (const piece of users.pieces(PART)) {
    if (number !== undefined && last.size > 0) {
      link.send(Wire.encodeDown({ _tag: "Part", number, users: last }))
      yield* Effect.yieldNow
    }
    last = piece
  }
  return last
})

/** What is told instead of an answer. */
const unanswerable = (reason: string) => Effect.orDie(Wire.ways.Status.answer.encode(Exit.die(reason)))

/** Asks a guild. */
const asked = <T extends GuildTag>(
  { guild }: Branch,
  carrier: Carrier,
  tag: T,
  payload: Protocol[T]["payload"]
): Effect.Effect<unknown> => written(tag, Wire.ways[tag].answer, ask<Protocol, T>(guild, carrier, tag, payload))

/** Whoever waits for an answer gets one. */
const unreadable = (tag: Wire.RequestTag, error: Schema.SchemaError) =>
  Effect.andThen(Effect.logError(`${tag} was not understood`, error), unanswerable("the guild did not understand this"))

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
  readonly guilds: ReadonlyArray<Guild.Local>
  readonly write: Outlet.Writer
  readonly grace: Duration.Input
}): Effect.fn.Return<void, never, Scope.Scope> {
  const { grace, guilds, index, link, name, write } = options
  const branches = new Map<GuildId, Branch>()
  const served: Array<readonly [Guild.Local, Branch]> = []
  for (const guild of guilds) {
    const outlet = yield* Outlet.make({ guild: guild.id, link, write, grace })
    const branch: Branch = { guild, outlet, sessions: new Map() }
    branches.set(guild.id, branch)
    served.push([guild, branch])
  }

  /** What may be abandoned yet: it changes nothing, so it does not matter how far it has come. */
  const reading = new Map<number, Fiber.Fiber<void>>()

  const passed = <T extends Exclude<GuildTag, "Connect" | "Disconnect">>(
    branch: Branch,
    carrier: Envelope.Envelope<unknown>["carrier"],
    tag: T,
    payload: unknown
  ) => Effect.flatMap(Wire.ways[tag].payload.decode(payload), (decoded) => asked<T>(branch, carrier, tag, decoded))

  const handled = (
    branch: Branch,
    { carrier, message: { payload, tag } }: Envelope.Envelope<Wire.Request>,
    number: number | undefined
  ): Effect.Effect<unknown, Schema.SchemaError> => {
    switch (tag) {
      case "Connect":
        return Effect.flatMap(Wire.ways.Connect.payload.decode(payload), (connect) => {
          branch.sessions.set(connect.session, connect.user)
          return asked(branch, carrier, tag, {
            ...connect,
            handle: { id: connect.session, connection: number ?? NOBODY },
            worker: name
          })
        })
      case "Disconnect":
        return Effect.flatMap(Wire.ways.Disconnect.payload.decode(payload), (disconnect) => {
          branch.sessions.delete(disconnect.session)
          return asked(branch, carrier, tag, { ...disconnect, worker: name })
        })
      case "FindMembers":
        return Effect.flatMap(Wire.ways.FindMembers.payload.decode(payload), ({ by, limit, prefix }) => {
          const found = Effect.flatMap(branch.guild.members.find(prefix, { by, limit }), (users) =>
            inParts(link, number, users)
          )
          return written(tag, Wire.ways.FindMembers.answer, Effect.exit(found))
        })
      case "PageMembers":
        return Effect.flatMap(Wire.ways.PageMembers.payload.decode(payload), ({ after, limit }) =>
          written(tag, Wire.ways.PageMembers.answer, Effect.exit(branch.guild.members.page(after, limit)))
        )
      case "GetMembers":
        return Effect.flatMap(Wire.ways.GetMembers.payload.decode(payload), ({ users }) =>
          written(tag, Wire.ways.GetMembers.answer, Effect.exit(branch.guild.members.get(users)))
        )
      case "CountMembers":
        return written(tag, Wire.ways.CountMembers.answer, Effect.exit(branch.guild.members.counts()))
      case "WatchMembers":
        return Effect.flatMap(Wire.ways.WatchMembers.payload.decode(payload), (look) =>
          written(tag, Wire.ways.WatchMembers.answer, Effect.exit(branch.guild.members.watch(look)))
        )
      default:
        return passed(branch, carrier, tag, payload)
    }
  }

  const received = Effect.fnUntraced(function* (text: string) {
    const up = yield* Wire.decodeUp(text)
    const branch = branches.get(up.guild)
    if (branch === undefined) return
    if (up._tag === "Taken") return branch.outlet.taken(up.count)
    if (up._tag === "Abandoned") return reading.get(up.number)?.interruptUnsafe()
    const { number, request } = up
    const answered = Effect.map(
      Effect.catch(handled(branch, request, number), (error) => unreadable(request.message.tag, error)),
      (exit) => {
        if (number !== undefined) link.send(Wire.encodeDown({ _tag: "Reply", number, exit }))
      }
    )
    // A guild that is slow to answer keeps nobody else from asking; those who ask it do so in their order.
    const fiber = yield* Effect.forkScoped(answered, { startImmediately: true })
    if (number === undefined || !(request.message.tag in reads)) return
    reading.set(number, fiber)
    fiber.addObserver(() => reading.delete(number))
  })

  link.send(Wire.encodeDown({ _tag: "Start", worker: index, guilds: guilds.map(({ id }) => id) }))
  const listening = yield* Detached.forkScoped(
    Mailbox.consume(link.frames, (text) =>
      Effect.catchCause(received(text), (cause) =>
        Effect.logError(`worker ${name} said what was not understood`, cause)
      )
    ).pipe(Pull.catchDone(() => Effect.void))
  )
  const all = Array.from(branches.values())
  // Not waited for: a guild that another worker holds up keeps nobody from those that it does not.
  yield* Detached.forkScoped(
    Effect.forEach(served, ([guild, { outlet }]) => guild.serve(name, outlet.relay), {
      concurrency: "unbounded",
      discard: true
    })
  )
  // What the guilds have said is heard yet, and that it was is heard here.
  const flushed = Effect.forEach(all, ({ outlet }) => outlet.flushed, { concurrency: "unbounded", discard: true })
  yield* Effect.onInterrupt(Fiber.join(listening), () => flushed)
  const gone = all.flatMap((branch) =>
    Array.from(branch.sessions, ([session, user]) => [branch, { session, user, worker: name }] as const)
  )
  // Not waited for: its guilds may be waiting for its outlets, which end with this; and another worker may hold up a guild,
  // which must not keep this one from being replaced.
  yield* Detached.fork(
    Effect.forEach(gone, ([branch, payload]) => asked(branch, undefined, "Disconnect", payload), {
      concurrency: AT_ONCE,
      discard: true
    })
  )
})
