/**
 * A guild: the fiber that routes everything for one community, and the only writer of its state.
 *
 * It interprets `step`: looks up what a command needs, takes the step, does what it says, answers.
 *
 * @since 0.1.0
 */
import { Clock, type Duration, Effect, Option, Scope, Stream } from "effect"
import { type Address, request } from "../domain/Actor.ts"
import type { Community } from "../domain/Community.ts"
import * as Intents from "../domain/gateway/Intents.ts"
import * as Payload from "../domain/gateway/Payload.ts"
import type { Output } from "../domain/guild/Output.ts"
import type { Protocol as GuildProtocol } from "../domain/guild/Protocol.ts"
import * as State from "../domain/guild/State.ts"
import { type Facts, step } from "../domain/guild/step.ts"
import type { UserId } from "../domain/Ids.ts"
import type { Member } from "../domain/Member.ts"
import * as MemberQuery from "../domain/MemberQuery.ts"
import { type Members, MemberStore } from "../domain/MemberStore.ts"
import { Offload } from "../domain/Offload.ts"
import * as Propagation from "../domain/Propagation.ts"
import type { Protocol as RelayProtocol, RemoteSession, SessionRef } from "../domain/relay/Protocol.ts"
import type { Sampler } from "../domain/Sampler.ts"
import type { Recipient, Sender } from "../domain/Sender.ts"
import type { SessionHandle } from "../domain/session/Session.ts"
import * as Supervision from "../domain/Supervision.ts"
import * as Actor from "./Actor.ts"
import * as Relay from "./Relay.ts"
import * as Transport from "./Transport.ts"

export {
  /**
   * @since 0.1.0
   * @category errors
   */
  MissingAccess,
  /**
   * @since 0.1.0
   * @category errors
   */
  MissingPermissions,
  /**
   * @since 0.1.0
   * @category errors
   */
  UnknownChannel,
  /**
   * @since 0.1.0
   * @category errors
   */
  UnknownMember
} from "../domain/guild/Refusal.ts"

/** What may wait for a guild; those who send wait when it is full. */
const MAILBOX_CAPACITY = 4096

/** What a guild's relays have, when it ends, to send what they hold. */
const GRACE = "1 second"

/** A guild's description names all members of a small guild, and of a large one only whoever asks. */
const ROSTER_LIMIT = 50

/** How a guild's relays reach a session: one that lives beside them, or at a worker. */
type Handle = SessionHandle | RemoteSession

/**
 * @since 0.1.0
 * @category models
 */
export type Protocol = GuildProtocol<Handle>

/**
 * @since 0.1.0
 * @category models
 */
export interface Guild extends Address<Protocol> {
  readonly community: Community
}

/**
 * `members` are put into the guild's member store when it starts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly community: Community
  readonly members: Iterable<Member>
  readonly relayCapacity?: number
}

/** Everything in a guild's shell that is not its state. */
interface Shell {
  readonly community: Community
  readonly members: Members
  readonly sender: Sender
  readonly relays: Array<Address<RelayProtocol> | Address<RelayProtocol<SessionRef>>>
  /** Those that run here. */
  readonly started: Array<Actor.Actor<RelayProtocol>>
  readonly scope: Scope.Scope
}

const roster = Effect.fnUntraced(function* (members: Members, member: Option.Option<Member>, memberCount: number) {
  if (memberCount <= ROSTER_LIMIT)
    return yield* Stream.orDie(members.scan(MemberQuery.everybody)).pipe(Stream.runCollect)
  return Option.toArray(member)
})

const facts = Effect.fnUntraced(function* (
  { members }: Shell,
  user: UserId | undefined,
  describes: boolean
): Effect.fn.Return<Facts> {
  const member = user === undefined ? Option.none<Member>() : yield* members.get(user)
  const memberCount = yield* members.size
  return {
    now: yield* Clock.currentTimeMillis,
    member,
    memberCount,
    roster: describes ? yield* roster(members, member, memberCount) : []
  }
})

/**
 * All that goes to relays takes the guild's one sender, so that nothing overtakes anything. A relay ends only with its
 * guild, and then nobody is left to hear of what it did not take.
 */
const toRelays = <M>({ sender }: Shell, recipients: ReadonlyArray<Recipient<M>>, message: M): Effect.Effect<void> =>
  Transport.broadcast(recipients, message, { sender })

/** What was acknowledged goes out yet: relays end when they have done with all that was handed to them. */
const lastWord = (shell: Shell): Effect.Effect<void> =>
  toRelays(shell, shell.relays, request<RelayProtocol, "Stop">("Stop", undefined)).pipe(
    Effect.andThen(Effect.forEach(shell.started, ({ ended }) => ended, { discard: true })),
    Effect.interruptible,
    Effect.timeoutOption(GRACE),
    Effect.ignore
  )

const interpret = (shell: Shell, output: Output<Handle>): Effect.Effect<void, never, Sampler | Offload> => {
  const { community, relays, scope, started } = shell
  switch (output._tag) {
    case "StartRelay":
      return Relay.make({ index: output.relay, community }).pipe(
        Scope.provide(scope),
        Effect.map((relay) => {
          relays[output.relay] = relay
          started.push(relay)
        })
      )
    case "Attach": {
      const { handle, intents, member } = output
      const welcome = Payload.fromEvent(output.welcome)
      if ("relay" in handle) {
        // The first of a worker's life brings that life's relay.
        relays[output.relay] = handle.relay
        const subscriber = { session: handle, member, intents }
        return toRelays(
          shell,
          [handle.relay],
          request<RelayProtocol<SessionRef>, "Attach">("Attach", { subscriber, welcome })
        )
      }
      return toRelays(
        shell,
        relays.slice(output.relay, output.relay + 1),
        request("Attach", { subscriber: { session: handle, member, intents }, welcome })
      )
    }
    case "Detach":
      return toRelays(
        shell,
        relays.slice(output.relay, output.relay + 1),
        request<RelayProtocol, "Detach">("Detach", { session: output.session })
      )
    case "Dispatch":
      return toRelays(
        shell,
        relays,
        request<RelayProtocol, "Dispatch">("Dispatch", {
          payload: Payload.fromEvent(output.event),
          channel: output.event.message.channelId,
          intent: Intents.GUILD_MESSAGES,
          sessions: output.sessions
        })
      )
  }
}

/**
 * Starts a guild. It lives until the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Guild, never, Sampler | MemberStore | Offload | Scope.Scope> {
  const { community } = options
  const address = yield* Actor.make<Protocol>()({
    kind: "guild",
    capacity: MAILBOX_CAPACITY,
    span: (tag) => `guild.${tag}`,
    attributes: { "guild.id": community.id },
    // Its state is what the sessions have been told: a defect in one command must not cost the community its guild.
    supervision: Supervision.resume,
    policy: Propagation.notStarting(yield* Propagation.policy),
    init: () =>
      Effect.gen(function* () {
        const members = yield* (yield* MemberStore).open(community.id)
        yield* Effect.forEach(options.members, members.put, { discard: true })
        const shell: Shell = {
          community,
          members,
          sender: yield* (yield* Offload).sender,
          relays: [],
          started: [],
          scope: yield* Scope.fork(yield* Effect.scope)
        }
        yield* Effect.addFinalizer(() => lastWord(shell))
        let state = State.initial(community, options)

        const handle = <Tag extends keyof Protocol>(
          tag: Tag,
          user: (payload: Protocol[Tag]["payload"]) => UserId | undefined,
          describes: boolean
        ) =>
          Effect.fnUntraced(function* (payload: Protocol[Tag]["payload"]) {
            const known = yield* facts(shell, user(payload), describes)
            const [next, outputs, reply] = step<Handle, Tag>(state, tag, payload, known)
            // Only what was done is so: when an output dies, the state is what it was before.
            for (const output of outputs) yield* interpret(shell, output)
            state = next
            return yield* Effect.fromResult(reply)
          })

        const nobody = () => undefined
        return {
          requests: {
            SendMessage: handle("SendMessage", ({ author }) => author, false),
            Connect: handle("Connect", ({ user }) => user, true),
            Disconnect: handle("Disconnect", nobody, false),
            Describe: handle("Describe", ({ user }) => user, true),
            Status: handle("Status", nobody, false)
          }
        }
      })
  }).pipe(Effect.orDie)
  return { ...address, community }
})

/**
 * Connects a session to a guild until the scope closes. The session is first sent the guild as its user may see it, and
 * from then on what happens there. A session id stands for one connection at a time. `timeout` is how long the guild may
 * take, 5 seconds by default.
 *
 * @since 0.1.0
 * @category sessions
 */
export const connect = Effect.fnUntraced(function* (
  guild: Guild,
  session: SessionHandle,
  { intents, timeout, user }: { readonly user: UserId; readonly intents: number; readonly timeout?: Duration.Input }
) {
  // Before the call: also when its answer does not come, the guild may have connected the session.
  yield* Effect.addFinalizer(() => Effect.ignore(Transport.cast(guild, "Disconnect", { session: session.id })))
  const payload = { session: session.id, user, intents, handle: session }
  return yield* Transport.call(guild, "Connect", payload, timeout === undefined ? {} : { timeout })
})
