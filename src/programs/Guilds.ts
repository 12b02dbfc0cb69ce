/**
 * The guilds that run here, and who routes for which channel.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Option, Scope } from "effect"
import type { Community } from "../domain/Community.ts"
import * as Detached from "../domain/Detached.ts"
import type { ChannelId, GuildId, UserId } from "../domain/Ids.ts"
import type { MemberStore } from "../domain/MemberStore.ts"
import { Offload } from "../domain/Offload.ts"
import type { Sampler } from "../domain/Sampler.ts"
import * as Guild from "./Guild.ts"
import * as Bridge from "./remote/Bridge.ts"
import * as Outlet from "./remote/Outlet.ts"

/** What workers have to hear the last of guilds that end. */
const GRACE = "1 second"

/**
 * @since 0.1.0
 * @category services
 */
export class Guilds extends Context.Service<
  Guilds,
  {
    readonly all: ReadonlyArray<Guild.Guild>
    readonly byId: (id: GuildId) => Option.Option<Guild.Guild>
    readonly byChannel: (id: ChannelId) => Option.Option<Guild.Guild>
    /** Hears of it whenever the user joins one of them, until the scope closes. */
    readonly onJoin: (user: UserId, heard: (guild: Guild.Guild) => void) => Effect.Effect<void, never, Scope.Scope>
  }
>()("fanfare/programs/Guilds") {}

/**
 * Channels come and go: where one is not known, or no more, guilds that are different than they were are asked anew. A channel
 * stays its guild's: another guild that has one of the same id is refused.
 */
const channelIndex = (
  guilds: ReadonlyArray<Guild.Guild>,
  refused: (channel: ChannelId, guild: Guild.Guild, owner: Guild.Guild) => void
) => {
  const known = new Map<Guild.Guild, Community>()
  const byChannel = new Map<ChannelId, Guild.Guild>()
  const refresh = (guild: Guild.Guild) => {
    const before = known.get(guild)
    const { community } = guild
    if (community === before) return
    known.set(guild, community)
    for (const id of before?.channels.keys() ?? []) if (byChannel.get(id) === guild) byChannel.delete(id)
    for (const id of community.channels.keys()) {
      const owner = byChannel.get(id)
      if (owner === undefined || owner === guild || !owner.community.channels.has(id)) byChannel.set(id, guild)
      else if (before?.channels.has(id) !== true) refused(id, guild, owner)
    }
  }
  return (id: ChannelId): Option.Option<Guild.Guild> => {
    if (byChannel.get(id)?.community.channels.has(id) !== true) guilds.forEach(refresh)
    return Option.fromUndefinedOr(byChannel.get(id))
  }
}

/** For each user who has sessions here, those who want to hear that they joined a guild. */
const joinsOf = (guilds: ReadonlyArray<Guild.Guild>): Guilds["Service"]["onJoin"] => {
  const byUser = new Map<UserId, Set<(guild: Guild.Guild) => void>>()
  for (const guild of guilds) {
    guild.onJoin((user) => byUser.get(user)?.forEach((heard) => heard(guild)))
  }
  return (user, heard) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const all = byUser.get(user) ?? new Set()
        byUser.set(user, all.add(heard))
      }),
      () =>
        Effect.sync(() => {
          const all = byUser.get(user)
          all?.delete(heard)
          if (all?.size === 0) byUser.delete(user)
        })
    )
}

/**
 * Guilds, to be found by what is known of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const found = Effect.fnUntraced(function* (
  all: ReadonlyArray<Guild.Guild>
): Effect.fn.Return<Guilds["Service"]> {
  const run = Detached.runner(yield* Effect.context<never>())
  const byId = new Map(all.map((guild) => [guild.id, guild]))
  const byChannel = channelIndex(all, (channel, { id }, owner) => {
    const said = `channel ${channel} is guild ${owner.id}'s, and guild ${id} has one of the same id`
    run(Effect.logError(`${said}, to which no request is taken: give it another`))
  })
  return { all, byId: (id) => Option.fromUndefinedOr(byId.get(id)), byChannel, onJoin: joinsOf(all) }
})

/**
 * Starts a guild for each of the given communities; they live as long as the Layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  guilds: ReadonlyArray<Guild.Options>
): Layer.Layer<Guilds, never, Sampler | MemberStore | Offload> =>
  Layer.effect(
    Guilds,
    Effect.gen(function* () {
      const { workers } = yield* Offload
      // Closed after the guilds: what they have said by then is heard at the workers yet.
      const served = yield* Scope.fork(yield* Effect.scope)
      const all = yield* Effect.forEach(guilds, Guild.make)
      const write = Outlet.writer()
      const lives = Effect.forEach(
        Array.from(workers.entries()),
        ([index, { name, run }]) =>
          run((link) => Effect.scoped(Bridge.serve({ link, name, index, guilds: all, write, grace: GRACE }))),
        { concurrency: "unbounded", discard: true }
      )
      // In one fiber, so that all workers end at the same time.
      yield* Detached.forkIn(served)(lives)
      return yield* found(all)
    })
  )
