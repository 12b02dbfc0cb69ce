/**
 * Baggage: what an app lets travel with its requests, beside the trace. It is not passed on unless an operator says
 * how much of it may be, since callers can fill it as they like.
 *
 * @see https://www.w3.org/TR/baggage/
 * @since 0.1.0
 */
import { Context } from "effect"
import type { Rejection } from "./Rejection.ts"

/**
 * A value, and the properties that came with it, as they were written ("" for none).
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly value: string
  readonly properties: string
}

/**
 * @since 0.1.0
 * @category models
 */
export type Baggage = ReadonlyMap<string, Entry>

/**
 * @since 0.1.0
 * @category constructors
 */
export const empty: Baggage = new Map()

/**
 * How much baggage is taken and passed on: bytes of the header, and entries in it.
 *
 * @since 0.1.0
 * @category limits
 */
export interface Limits {
  readonly bytes: number
  readonly entries: number
}

/**
 * What the specification asks every platform to carry at least.
 *
 * @since 0.1.0
 * @category limits
 */
export const DEFAULT_LIMITS: Limits = { bytes: 8192, entries: 64 }

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const OCTETS = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/
const PROPERTIES = /^[\t\x20-\x2b\x2d-\x7e]*$/

const ESCAPED = /%[0-9a-f]{2}/gi
const STRAY = /%(?![0-9a-f]{2})/i

/** Bytes that are no UTF-8 become U+FFFD, as the specification asks. */
const decodeValue = (text: string): string | undefined => {
  if (!OCTETS.test(text) || STRAY.test(text)) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    const bytes = text.replace(ESCAPED, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)))
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
  }
}

/** What may stand in a value as it is; the percent sign may, but not for itself. */
const NOT_PLAIN = /[^\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+/g

const member = (key: string, { properties, value }: Entry): string =>
  `${key}=${value.replace(NOT_PLAIN, encodeURIComponent)}${properties === "" ? "" : `;${properties}`}`

/**
 * The baggage in a header, or in several, which count as one. What is malformed or beyond the limits is left out, and
 * the reasons are given, each once. Of two entries of one key the later stays.
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (
  headers: string | ReadonlyArray<string>,
  limits: Limits
): { readonly baggage: Baggage; readonly rejections: ReadonlyArray<Rejection> } => {
  const text = typeof headers === "string" ? headers : headers.join(",")
  const rejections = new Set<Rejection>()
  const baggage = new Map<string, Entry>()
  // Nothing beyond the limit is so much as looked at: only whole members before it are.
  const end = text.length <= limits.bytes ? text.length : Math.max(0, text.lastIndexOf(",", limits.bytes))
  if (end < text.length) rejections.add("baggage.length")
  for (const part of text.slice(0, end).split(",")) {
    if (part.trim() === "") continue
    const [pair = "", ...properties] = part.split(";")
    const equals = pair.indexOf("=")
    const key = pair.slice(0, equals).trim()
    const value = decodeValue(pair.slice(equals + 1).trim())
    const rest = properties.join(";").trim()
    if (equals < 0 || value === undefined || !TOKEN.test(key) || !PROPERTIES.test(rest)) {
      rejections.add("baggage.malformed")
      continue
    }
    if (!baggage.has(key) && baggage.size >= limits.entries) {
      rejections.add("baggage.members")
      continue
    }
    baggage.set(key, { value, properties: rest })
  }
  return { baggage: baggage.size === 0 ? empty : baggage, rejections: Array.from(rejections) }
}

/**
 * The header's value: entries in their order, as many as the limits allow; "" when there is none. What would be no
 * valid key or property is left out.
 *
 * @since 0.1.0
 * @category encoding
 */
export const format = (baggage: Baggage, limits: Limits): string => {
  const members: Array<string> = []
  let bytes = -1
  for (const [key, entry] of baggage) {
    if (members.length >= limits.entries) break
    if (!TOKEN.test(key) || !PROPERTIES.test(entry.properties) || !entry.value.isWellFormed()) continue
    const text = member(key, entry)
    if (bytes + 1 + text.length > limits.bytes) continue
    bytes += 1 + text.length
    members.push(text)
  }
  return members.join(",")
}

/**
 * The baggage of the running fiber. A handler sees what came with its message; whoever provides another value to an
 * effect sends that with all that the effect sends.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Baggage } from "fanfare"
 *
 * const tagged = Effect.updateService(Baggage.Current, (baggage) =>
 *   new Map(baggage).set("plan", { value: "free", properties: "" }))
 * ```
 *
 * @since 0.1.0
 * @category references
 */
export const Current: Context.Reference<Baggage> = Context.Reference<Baggage>("fanfare/Baggage", {
  defaultValue: () => empty
})
