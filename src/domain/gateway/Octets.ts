/**
 * Text as it travels: UTF-8, in a string with one character for each byte. It is what connections write fastest, and V8
 * keeps it in one byte per character, whatever script it is in.
 *
 * @since 0.1.0
 */
import { Brand, Schema } from "effect"

/**
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.String.pipe(Schema.brand("Octets"))
/**
 * @since 0.1.0
 * @category models
 */
export type Octets = typeof schema.Type

// Nothing is to be checked: any string whose characters are bytes is one.
const octets = Brand.nominal<Octets>()

const ASCII = /^[\0-\x7f]*$/

/**
 * The octets of a text. Lone surrogates, which UTF-8 has none of, become U+FFFD.
 *
 * They are made at once: a string that grew by one character at a time would keep 32 bytes for each of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (text: string): Octets => octets(ASCII.test(text) ? text : Buffer.from(text).toString("latin1"))

/**
 * Octets one after the other, as V8 joins strings: without copying them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const concat = (parts: ReadonlyArray<Octets>): Octets => {
  let all = ""
  for (const part of parts) all += part
  return octets(all)
}

/**
 * Items of a JSON array, without its brackets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listed = (items: ReadonlyArray<Octets>): Octets => octets(items.join())

/**
 * @since 0.1.0
 * @category getters
 */
export const text = (octets: Octets): string => (ASCII.test(octets) ? octets : Buffer.from(octets, "latin1").toString())
