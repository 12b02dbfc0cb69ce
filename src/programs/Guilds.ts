/**
 * The guilds that run here, and who routes for which channel.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Option, Scope } from "effect"
import type { ChannelId, GuildId } from "../domain/Ids.ts"
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
  }
>()("fanfare/programs/Guilds") {}

/**
 * Guilds, to be found by what is known of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const found = (all: ReadonlyArray<Guild.Guild>): Guilds["Service"] => {
  const byId = new Map(all.map((guild) => [guild.id, guild]))
  return {
    all,
    byId: (id) => Option.fromUndefinedOr(byId.get(id)),
    // Channels come and go.
    byChannel: (id) => Option.fromUndefinedOr(all.find(({ community }) => community.channels.has(id)))
  }
}

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
      yield* Effect.forkIn(lives, served)
      return found(all)
    })
  )
