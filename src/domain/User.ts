/**
 * A person or a bot, apart from any guild.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { UserId } from "./Ids.ts"

/**
 * @since 0.1.0
 * @category schemas
 */
export const User = Schema.Struct({ id: UserId, username: Schema.NonEmptyString, bot: Schema.Boolean })
/**
 * @since 0.1.0
 * @category models
 */
export type User = typeof User.Type
