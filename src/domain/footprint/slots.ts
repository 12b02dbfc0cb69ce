/**
 * What is in the slots of an object.
 *
 * Nothing of the objects is executed: properties are read by their descriptors, sizes and entries by the language's own
 * functions.
 *
 * @since 0.1.0
 */
import * as sizes from "./sizes.ts"

/**
 * In place of a property's name: an entry of a container.
 *
 * @since 0.1.0
 * @category places
 */
export const ENTRY: unique symbol = Symbol("entry")

/**
 * In place of a property's name: the key of an entry.
 *
 * @since 0.1.0
 * @category places
 */
export const KEY: unique symbol = Symbol("key")

/**
 * Who is told of an object. `own` are bytes of the object itself; `isShared`, if other threads have them too. `found` is a
 * string, symbol, function or object that it refers to, and the property by which it does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Visitor {
  readonly own: (bytes: number, isShared?: boolean) => void
  readonly found: (value: unknown, where: PropertyKey) => void
}

/**
 * The value of an own property. That of a getter is none.
 *
 * @since 0.1.0
 * @category reading
 */
export const valueAt = (object: object, name: PropertyKey): unknown => {
  try {
    return Object.getOwnPropertyDescriptor(object, name)?.value
  } catch {
    // A proxy may refuse.
    return undefined
  }
}

/**
 * Tells of what is in one slot.
 *
 * @since 0.1.0
 * @category reading
 */
export const slot = (value: unknown, where: PropertyKey, visitor: Visitor): void => {
  switch (typeof value) {
    case "number": {
      const bytes = sizes.number(value)
      if (bytes > 0) visitor.own(bytes)
      return
    }
    case "bigint":
      visitor.own(sizes.bigint(value))
      return
    case "undefined":
    case "boolean":
      return
    default:
      if (value !== null) visitor.found(value, where)
  }
}
