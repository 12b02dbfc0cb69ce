/**
 * The `tracestate` list: what each tracing system on a trace's way wants to find again.
 *
 * A list is kept as the text that goes into the header, in canonical form: members in order, separated by commas, no
 * spaces around them and no empty ones. Others' members are never touched; only their place changes, when a member is
 * set before them.
 *
 * @see https://www.w3.org/TR/trace-context-2/#tracestate-header
 * @since 0.1.0
 */
import { Result } from "effect"
import type { Rejection } from "./Rejection.ts"

/**
 * The most members that a list may have.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_MEMBERS = 32

/**
 * How many characters of a list are passed on: what the specification asks for at least, and no more than that.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_LENGTH = 512

/** Members above this are the first to go when a list is too long. */
const LARGE = 128

/** 32 members of the largest size would be longer, but nobody sends that in good faith. */
const MAX_RECEIVED = 8192

const KEY = "[a-z0-9][a-z0-9_\\-*/@]{0,255}"
const VALUE = "[\\x20-\\x2b\\x2d-\\x3c\\x3e-\\x7e]{0,255}[\\x21-\\x2b\\x2d-\\x3c\\x3e-\\x7e]"
const MEMBER = new RegExp(`^${KEY}=${VALUE}$`)

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Without the spaces and tabs around it; by hand, since a pattern would take quadratic time over a run of them. */
const trimmed = (part: string): string => {
  let start = 0
  let end = part.length
  while (start < end && isBlank(part.charCodeAt(start))) start++
  while (end > start && isBlank(part.charCodeAt(end - 1))) end--
  return part.slice(start, end)
}

const split = (list: string): ReadonlyArray<string> => (list === "" ? [] : list.split(","))
const keyOf = (member: string): string => member.slice(0, member.indexOf("="))

/** Whole members go: the large ones first, then from the end. */
const truncate = (members: ReadonlyArray<string>): string => {
  const kept = members.slice(0, MAX_MEMBERS)
  let length = kept.reduce((sum, member) => sum + member.length + 1, -1)
  for (const least of [LARGE, 0]) {
    for (let index = kept.length - 1; index >= 0 && length > MAX_LENGTH; index--) {
      const size = kept[index]?.length ?? 0
      if (size <= least) continue
      kept.splice(index, 1)
      length -= size + 1
    }
  }
  return kept.join(",")
}

/**
 * The list in a header, or in several of one name, which count as one in their order. A list with anything wrong in it
 * is rejected as a whole, as the specification asks; one that is only too long loses members.
 *
 * @example
 * ```ts
 * import { TraceState } from "fanfare"
 *
 * TraceState.parse(["rojo=1 , ,congo=2", "baz=3"]) // Result.succeed("rojo=1,congo=2,baz=3")
 * TraceState.parse("Rojo=1") // Result.fail("tracestate.malformed")
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (headers: string | ReadonlyArray<string>): Result.Result<string, Rejection> => {
  const text = typeof headers === "string" ? headers : headers.join(",")
  if (text === "") return Result.succeed("")
  if (text.length > MAX_RECEIVED) return Result.fail("tracestate.length")
  const members: Array<string> = []
  const keys = new Set<string>()
  for (const part of text.split(",")) {
    const member = trimmed(part)
    if (member === "") continue
    if (!MEMBER.test(member)) return Result.fail("tracestate.malformed")
    members.push(member)
    keys.add(keyOf(member))
  }
  if (keys.size < members.length) return Result.fail("tracestate.repeated")
  if (members.length > MAX_MEMBERS) return Result.fail("tracestate.members")
  return Result.succeed(truncate(members))
}

/**
 * A member's value.
 *
 * @since 0.1.0
 * @category getters
 */
export const get = (list: string, key: string): string | undefined => {
  const prefix = `${key}=`
  return split(list)
    .find((member) => member.startsWith(prefix))
    ?.slice(prefix.length)
}

/**
 * The list with a member set: it comes first, whether it is new or was there. A key or value that the grammar does not
 * allow changes nothing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const set = (list: string, key: string, value: string): string => {
  const member = `${key}=${value}`
  return MEMBER.test(member) ? truncate([member, ...split(remove(list, key))]) : list
}

/**
 * The list without a member.
 *
 * @since 0.1.0
 * @category combinators
 */
export const remove = (list: string, key: string): string =>
  split(list)
    .filter((member) => keyOf(member) !== key)
    .join(",")
