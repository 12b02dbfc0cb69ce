/**
 * Whom a message calls: what is written in it, and what becomes of that.
 *
 * @see https://discord.com/developers/docs/reference#message-formatting
 * @since 0.1.0
 */
import { Schema } from "effect"
import { RoleId, UserId } from "./Ids.ts"

/**
 * `everyone`: all who may see the channel, or of these who are online, or nobody beyond those named.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Mentions = Schema.Struct({
  users: Schema.Array(UserId),
  roles: Schema.Array(RoleId),
  everyone: Schema.Literals(["all", "online", "nobody"])
})
/**
 * @since 0.1.0
 * @category models
 */
export type Mentions = typeof Mentions.Type

/**
 * @since 0.1.0
 * @category constructors
 */
export const none: Mentions = { users: [], roles: [], everyone: "nobody" }

/**
 * The most users, and the most roles, that one message calls by name.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_NAMED = 100

const USER = /<@!?(\d{1,20})>/g
const ROLE = /<@&(\d{1,20})>/g

const named = <A>(content: string, pattern: RegExp, schema: Schema.Codec<A, string>): ReadonlyArray<A> => {
  const found = new Set(Array.from(content.matchAll(pattern), ([, id = ""]) => id))
  return Array.from(found).slice(0, MAX_NAMED).filter(Schema.is(schema))
}

/**
 * Whom a text names.
 *
 * @since 0.1.0
 * @category getters
 */
export const inText = (content: string): Mentions => {
  if (!content.includes("@")) return none
  return {
    users: named(content, USER, UserId),
    roles: named(content, ROLE, RoleId),
    everyone: content.includes("@everyone") ? "all" : content.includes("@here") ? "online" : "nobody"
  }
}
