/**
 * The ids of what guilds make.
 *
 * @since 0.1.0
 */
import { snowflakeAfter } from "../../Ids.ts"
import type { Facts } from "../Facts.ts"
import type { State } from "../State.ts"

/**
 * The id of what a step makes: greater than every other of its guild, and than those that other guilds have made.
 *
 * @since 0.1.0
 * @category getters
 */
export const nextId = ({ lastId }: State, { newestId, now }: Facts): bigint =>
  snowflakeAfter(newestId > lastId ? newestId : lastId, now)
