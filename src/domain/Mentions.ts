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

const FENCE = /`+/g

/**
 * A text without what is code in it: whatever stands between two rows of as many backticks. A row that has no counterpart is
 * a part of the text.
 */
const withoutCode = (content: string): string => {
  const fences = Array.from(content.matchAll(FENCE), ({ 0: { length }, index }) => ({ length, index }))
  let text = ""
  let from = 0
  for (let nth = 0; nth < fences.length; nth++) {
    const fence = fences[nth]
    let end = nth + 1
    while (end < fences.length && fences[end]?.length !== fence?.length) end++
    const last = fences[end]
    if (fence === undefined || last === undefined) continue
    text += `${content.slice(from, fence.index)} `
    from = last.index + last.length
    nth = end
  }
  return text + content.slice(from)
}

/**
 * Whom a text names. What it says in code calls nobody.
 *
 * @since 0.1.0
 * @category getters
 */
export const inText = (content: string): Mentions => {
  if (!content.includes("@")) return none
  const text = content.includes("`") ? withoutCode(content) : content
  return {
    users: named(text, USER, UserId),
    roles: named(text, ROLE, RoleId),
    everyone: text.includes("@everyone") ? "all" : text.includes("@here") ? "online" : "nobody"
  }
}

/**
 * What an author lets a message call, of what is written in it: everything of these kinds (`parse`), and besides these
 * `users` and `roles`.
 *
 * @see https://discord.com/developers/docs/resources/message#allowed-mentions-object
 * @since 0.1.0
 * @category models
 */
export interface Allowed {
  readonly parse: ReadonlyArray<"users" | "roles" | "everyone">
  readonly users: ReadonlyArray<UserId>
  readonly roles: ReadonlyArray<RoleId>
}

/**
 * Whom a text calls that names these, when no more than this is allowed.
 *
 * @since 0.1.0
 * @category getters
 */
export const restricted = ({ everyone, roles, users }: Mentions, allowed: Allowed): Mentions => ({
  users: allowed.parse.includes("users") ? users : users.filter((user) => allowed.users.includes(user)),
  roles: allowed.parse.includes("roles") ? roles : roles.filter((role) => allowed.roles.includes(role)),
  everyone: allowed.parse.includes("everyone") ? everyone : "nobody"
})
