/**
 * A member store for large guilds: all members in shared memory, but for what has changed of late, and threads that scan
 * them while the guild goes on.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Semaphore } from "effect"
import { extname } from "node:path"
import type { GuildId } from "../../domain/Ids.ts"
import { type Members, MemberStore, Transient } from "../../domain/MemberStore.ts"
import { defaultCount } from "../Offload/workers.ts"
import { Arena } from "./hybrid/Arena.ts"
import * as Background from "./hybrid/background.ts"
import { Builder } from "./hybrid/Builder.ts"
import { MOST_ROWS } from "./hybrid/Columns.ts"
import * as members from "./hybrid/members.ts"
import * as Pool from "./hybrid/Pool.ts"
import { Table, type Workshop } from "./hybrid/Table.ts"

/**
 * `workers` is how many threads scan, for all guilds together; by default as many as there are processors but one. They
 * start with the first scan that needs them. `url` is the module that they run: this library's own, unless a bundler has put
 * that elsewhere.
 *
 * `leafRows` is how many members are written together at most (8,192; no more than 65,536), and `recentChanges` how many
 * changes upon them are kept beside them before they are written anew in the background (128; at four times as many, the
 * change itself does it). More of the former make scans cheaper, and of the latter changes; fewer of both make what is done
 * at a time shorter.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly workers?: number
  readonly url?: URL
  readonly leafRows?: number
  readonly recentChanges?: number
}

/** As it is run: from the sources, or compiled. */
const worker = (): URL => new URL(`./hybrid/worker${extname(import.meta.url)}`, import.meta.url)

/**
 * Members on the heap until there are a hundred or so, and in shared memory from then on; gone with this process. A guild's
 * members stay for as long as the Layer lives, whether or not somebody has it open. What it promises, and costs:
 * `docs/strategies.md`.
 *
 * @example
 * ```ts
 * import { hybrid } from "fanfare/layers/MemberStore/hybrid"
 *
 * // Two threads scan the members of all guilds.
 * const members = hybrid({ workers: 2 })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const hybrid = ({
  leafRows = 8192,
  recentChanges = 128,
  url = worker(),
  workers = defaultCount()
}: Options = {}): Layer.Layer<MemberStore> =>
  Layer.effect(
    MemberStore,
    Effect.gen(function* () {
      const pool = yield* Pool.make({ url, workers: Math.max(1, workers) })
      const rows = Math.min(MOST_ROWS, Math.max(2, leafRows))
      const workshop: Workshop = {
        leafRows: rows,
        recentChanges: Math.max(0, recentChanges),
        builder: new Builder(rows),
        arena: new Arena(),
        later: yield* Background.make
      }
      const turns = yield* Semaphore.make(1)
      const guilds = new Map<GuildId, Members>()
      const over = (guild: GuildId, table: Table) => members.make({ guild, table, pool, turns })
      return {
        open: Effect.fnUntraced(function* (guild) {
          if (yield* Transient) {
            const own = Effect.acquireRelease(
              Effect.sync(() => new Table(workshop)),
              (table) => Effect.sync(() => table.end())
            )
            return over(guild, yield* own)
          }
          const open = guilds.get(guild) ?? over(guild, new Table(workshop))
          guilds.set(guild, open)
          return open
        })
      }
    })
  )
