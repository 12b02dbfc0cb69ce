/**
 * A comparison that remembers its last answer: for two lists of a thousand that hundreds of neighbours have in common.
 *
 * @since 0.1.0
 */

/**
 * Compares two by their contents unless they are the two that were compared last.
 *
 * @since 0.1.0
 * @category guards
 */
export const lastAnswer = <A>(compare: (one: A, other: A) => boolean): ((one: A, other: A) => boolean) => {
  let last: { readonly one: A; readonly other: A; readonly answer: boolean } | undefined
  return (one, other) => {
    if (last?.one !== one || last.other !== other) last = { one, other, answer: compare(one, other) }
    return last.answer
  }
}
