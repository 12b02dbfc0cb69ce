/**
 * A guild: the fiber that routes everything for one community, and the only writer of its state.
 *
 * It interprets `step`: looks up what a command needs, takes the step, does what it says, answers.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, Scope } from "effect"
import { type ActorError, type Address, request } from "../domain/Actor.ts"
import type { Community } from "../domain/Community.ts"
import * as Footprint from "../domain/Footprint.ts"
import { Welcomes } from "../domain/gateway/Welcomes.ts"
import type { Counts } from "../domain/guild/commands/reads.ts"
import type { Protocol as GuildProtocol, ReadProtocol, Seen } from "../domain/guild/Protocol.ts"
import type { Output } from "../domain/guild/Output.ts"
import * as State from "../domain/guild/State.ts"
import type { GuildId, RoleId, UserId } from "../domain/Ids.ts"
import type { Member } from "../domain/Member.ts"
import { MemberStore, type ScanError, type StoreUnavailable } from "../domain/MemberStore.ts"
import { NewestId } from "../domain/NewestId.ts"
import { Offload } from "../domain/Offload.ts"
import * as Propagation from "../domain/Propagation.ts"
import type { OutletProtocol } from "../domain/relay/Protocol.ts"
import type { Sampler } from "../domain/Sampler.ts"
import { Searches } from "../domain/Searches.ts"
import type { SessionHandle } from "../domain/session/Session.ts"
import * as Supervision from "../domain/Supervision.ts"
import type { UserIds } from "../domain/UserIds.ts"
import * as Actor from "./Actor.ts"
import * as Background from "./guild/background.ts"
import { roster } from "./guild/facts.ts"
import * as Handling from "./guild/handle.ts"
import * as InFlight from "./guild/InFlight.ts"
import { followed, type Handle, interpret } from "./guild/interpret.ts"
import { Joins } from "./guild/Joins.ts"
import * as MemberLists from "./guild/MemberLists.ts"
import { lastWord, Relays, type Shell, tell } from "./guild/Shell.ts"
import type * as Relay from "./Relay.ts"
import * as Transport from "./Transport.ts"

export * from "../domain/guild/Refusal.ts"

/** What may wait for a guild; those who send wait when it is full. */
const MAILBOX_CAPACITY = 4096

/** How long changes that the store is just being given may take when the guild ends: their callers are told what became of them. */
const GRACE = "1 second"

/**
 * @since 0.1.0
 * @category models
 */
export type Protocol = GuildProtocol<Handle>

/** What workers say to a guild, besides. */
interface OwnProtocol extends Protocol {
  readonly Serve: {
    readonly payload: { readonly worker: string; readonly outlet: Address<OutletProtocol> }
    readonly success: void
    readonly error: never
  }
}

/**
 * At most `limit` members. `by` is who asks: each user has one search at a time (`Searches`), and where requests share
 * a way to the guild, a bounded part of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface FindOptions {
  readonly limit?: number | undefined
  readonly by?: UserId | undefined
}

/**
 * A guild's members, read while it works. Who gives up a request has nothing looked up for them any more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Roster {
  /** Those whose name begins so. */
  readonly find: (prefix: string, options?: FindOptions) => Effect.Effect<UserIds, ScanError | ActorError>
  /** The first `limit` members whose ids come after this one, ascending; `by` as in {@link FindOptions}. */
  readonly page: (
    after: UserId,
    limit: number,
    by?: UserId
  ) => Effect.Effect<ReadonlyArray<Seen>, StoreUnavailable | ActorError>
  /** Those of these users who are members; `by` as in {@link FindOptions}. */
  readonly get: (
    users: ReadonlyArray<UserId>,
    by?: UserId
  ) => Effect.Effect<ReadonlyArray<Seen>, StoreUnavailable | ActorError>
  /** How many there are, and how many of them are connected; `by` as in {@link FindOptions}. */
  readonly counts: (by?: UserId) => Effect.Effect<Counts, StoreUnavailable | ActorError>
  /** A session looks at some rows of a channel's member list, and wants to hear of changes. */
  readonly watch: (look: ReadProtocol["WatchMembers"]["payload"]) => Effect.Effect<void, ActorError>
}

/**
 * `community` is as it stands now. `onJoin` has somebody hear of users who join, for as long as the guild lives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Guild extends Address<Protocol> {
  readonly id: GuildId
  readonly community: Community
  readonly members: Roster
  readonly onJoin: (heard: (user: UserId) => void) => void
}

/**
 * A guild that runs here. `serve` has it know a worker, whose sessions it reaches through the outlet from then on. `weigh`
 * estimates what its state takes of memory, field by field, while it goes on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Local extends Guild {
  readonly serve: (worker: string, outlet: Address<OutletProtocol>) => Effect.Effect<void>
  readonly weigh: Effect.Effect<Footprint.Footprint>
}

/**
 * `members` are put into the guild's member store when it starts. A relay serves `relayCapacity` sessions at most, 15,000
 * unless it says otherwise, and tells passive ones what they have missed every `summaryInterval`, of 30 seconds unless it
 * says otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Relay.Settings {
  readonly community: Community
  readonly members: Iterable<Member>
  readonly relayCapacity?: number
}

const without =
  (role: RoleId) =>
  (member: Member): Member => ({ ...member, roles: member.roles.filter((other) => other !== role) })

/**
 * Starts a guild. It lives until the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Local, never, Sampler | MemberStore | Offload | Scope.Scope> {
  const { id } = options.community
  const newestId = yield* NewestId
  const searches = yield* Searches
  let state = State.initial(options.community, options)
  newestId.made(state.lastId)
  /** What the state is once everybody has been told of the last step. */
  let coming = state
  const joins = new Joins()
  let lists: MemberLists.MemberLists | undefined
  const store = yield* (yield* MemberStore).open(id)
  const touched = (user: UserId) => lists?.touch(user)
  const inFlight = InFlight.make({ guild: id, members: store, scope: yield* Effect.scope, touched })
  const { members } = inFlight
  const address = yield* Actor.make<OwnProtocol>()({
    kind: "guild",
    capacity: MAILBOX_CAPACITY,
    span: (tag) => `guild.${tag}`,
    attributes: { "guild.id": id },
    // Its state is what the sessions have been told: a defect in one command must not cost the community its guild.
    supervision: Supervision.resume,
    policy: Propagation.notStarting(yield* Propagation.policy),
    grace: GRACE,
    init: () =>
      Effect.gen(function* () {
        yield* store.putAll(options.members)
        const scope = yield* Scope.fork(yield* Effect.scope)
        const shell: Shell = {
          members,
          scope,
          welcomes: new Welcomes(),
          relays: new Relays()
        }
        const background = yield* Background.make({
          members,
          scope,
          passed: inFlight.passed,
          stripped: (role, user) => inFlight.update(user, without(role))
        })
        yield* Effect.addFinalizer(() => lastWord(shell))
        const own = yield* MemberLists.make({ shell, state: () => state, isSettled: () => coming === state })
        lists = own

        const perform = Effect.fnUntraced(function* (
          before: State.State,
          after: State.State,
          outputs: ReadonlyArray<Output<Handle>>
        ) {
          coming = after
          for (const output of outputs) {
            yield* interpret(shell, output, { before, after, relay: options, background })
          }
          state = after
          for (const output of outputs) followed(own, joins, output)
        })
        const { command, plain } = Handling.make({ inFlight, newestId, perform, state: () => state })

        return {
          requests: {
            SendMessage: command("SendMessage"),
            Connect: command("Connect"),
            Disconnect: plain("Disconnect"),
            SetActive: command("SetActive"),
            SetStatus: plain("SetStatus"),
            Describe: command("Describe"),
            Status: plain("Status"),
            CreateRole: command("CreateRole"),
            UpdateRole: command("UpdateRole"),
            OrderRoles: command("OrderRoles"),
            DeleteRole: command("DeleteRole"),
            CreateChannel: command("CreateChannel"),
            UpdateChannel: command("UpdateChannel"),
            OrderChannels: command("OrderChannels"),
            DeleteChannel: command("DeleteChannel"),
            AddMember: command("AddMember"),
            UpdateMember: command("UpdateMember"),
            RemoveMember: command("RemoveMember"),
            SetVoice: command("SetVoice"),
            Serve: ({ outlet, worker }) => {
              shell.relays.serve(worker, outlet)
              const { community } = state
              return tell([outlet], request<OutletProtocol, "Begin">("Begin", { community }))
            }
          }
        }
      })
  }).pipe(Effect.orDie)
  return {
    kind: address.kind,
    mailbox: address.mailbox,
    refusal: address.refusal,
    id,
    get community() {
      return state.community
    },
    members: {
      ...roster(members, () => state, searches),
      watch: (look) => Effect.suspend(() => lists?.look(look) ?? Effect.void)
    },
    onJoin: (heard) => joins.onJoin(heard),
    weigh: Effect.suspend(() => Footprint.estimate(state)),
    serve: (worker, outlet) => Effect.ignore(Transport.cast(address, "Serve", { worker, outlet }))
  }
})

/**
 * Connects a session to a guild until the scope closes. The session is first sent the guild as its user may see it, and
 * from then on what happens there: as long as it looks at it everything, else a summary now and then. A session id stands
 * for one connection at a time. `timeout` is how long the guild may take, 5 seconds by default.
 *
 * @since 0.1.0
 * @category sessions
 */
export const connect = Effect.fnUntraced(function* (
  guild: Guild,
  session: SessionHandle,
  options: Omit<Protocol["Connect"]["payload"], "session" | "handle" | "worker"> & { readonly timeout?: Duration.Input }
) {
  const { timeout, ...rest } = options
  const { id } = session
  // Before the call: also when its answer does not come, the guild may have connected the session.
  yield* Effect.addFinalizer(() =>
    Effect.ignore(Transport.cast(guild, "Disconnect", { session: id, user: options.user }))
  )
  const payload = { ...rest, session: id, handle: session }
  return yield* Transport.call(guild, "Connect", payload, timeout === undefined ? {} : { timeout })
})
