/**
 * JSON in which no integer is rounded. Clients of several languages write ids as numbers, and those are larger than a number
 * here holds exactly.
 *
 * @since 0.1.0
 */

/** So many digits in a row, that are not the beginning of a text, may be more than a number holds. */
const MAY_BE_LARGE = /(?<!["\d])\d{16}/

const INTEGER = /^-?\d+$/

const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ""
  return INTEGER.test(source) ? source : value
}

/**
 * Reads JSON. An integer beyond 2^53 is read as the text of its digits. Throws a `SyntaxError` where it is no JSON.
 *
 * @example
 * ```ts
 * import * as ExactJson from "fanfare/domain/gateway/ExactJson"
 *
 * ExactJson.parse(`{"id": 1275832345678901234}`) // { id: "1275832345678901234" }
 * ```
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): unknown =>
  // Looking at every value takes ten times as long.
  MAY_BE_LARGE.test(text) ? JSON.parse(text, exact) : JSON.parse(text)
