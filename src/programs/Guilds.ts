/**
 * The guilds that run here, and who routes for which channel.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Option } from "effect"
import type { ChannelId, GuildId } from "../domain/Ids.ts"
import type { MemberStore } from "../domain/MemberStore.ts"
import type { Offload } from "../domain/Offload.ts"
import type { Sampler } from "../domain/Sampler.ts"
import * as Guild from "./Guild.ts"

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
      const all = yield* Effect.forEach(guilds, Guild.make)
      const byId = new Map(all.map((guild) => [guild.community.id, guild]))
      const byChannel = new Map(
        all.flatMap((guild) => Array.from(guild.community.channels.keys(), (id) => [id, guild]))
      )
      return {
        all,
        byId: (id) => Option.fromUndefinedOr(byId.get(id)),
        byChannel: (id) => Option.fromUndefinedOr(byChannel.get(id))
      }
    })
  )
