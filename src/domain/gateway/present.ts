/**
 * Only those fields of a body that are given: neither left out nor `null`.
 *
 * @since 0.1.0
 * @category getters
 */
export const present = <A extends object>(fields: { readonly [K in keyof A]: A[K] | null | undefined }): Partial<A> => {
  const found: Partial<A> = {}
  for (const key in fields) {
    const value = fields[key]
    if (value !== null && value !== undefined) found[key] = value
  }
  return found
}
