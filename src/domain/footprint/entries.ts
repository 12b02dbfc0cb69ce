/**
 * The entries of a container, one after the other.
 *
 * @since 0.1.0
 */
import * as sizes from "./sizes.ts"
import { ENTRY, KEY, slot, valueAt, type Visitor } from "./slots.ts"

/**
 * `next` goes on to an entry, `value` is what it holds, `take` tells of it. The container may change meanwhile: of what is gone
 * nobody is told. `frame` are the bytes of what holds the entries together, as far as one comes by it on the way.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entries {
  readonly size: number
  readonly next: () => void
  readonly value: () => unknown
  readonly take: (visitor: Visitor) => void
  readonly frame?: () => number
}

const iterated = <A>(
  size: number,
  iterator: Iterator<A, undefined>,
  valueOf: (entry: A) => unknown,
  tell: (entry: A, visitor: Visitor) => void
): Entries => {
  let at: IteratorResult<A, undefined> = { done: true, value: undefined }
  return {
    size,
    next: () => {
      at = iterator.next()
    },
    value: () => (at.done === true ? undefined : valueOf(at.value)),
    take: (visitor) => {
      if (at.done !== true) tell(at.value, visitor)
    }
  }
}

/** How many elements are looked at to see whether there are only numbers. */
const PROBES = 64

/** Whether an array seems to hold nothing but numbers, which V8 then keeps in it, whatever their size. */
const seemsNumeric = (array: ReadonlyArray<unknown>): boolean => {
  // By an odd step, as every other one may be of another kind.
  const step = Math.floor(array.length / PROBES) | 1
  for (let index = 0; index < array.length; index += step) {
    if (typeof valueAt(array, index) !== "number") return false
  }
  return true
}

/**
 * Elements of an array.
 *
 * @since 0.1.0
 * @category constructors
 */
export const elements = (array: ReadonlyArray<unknown>): Entries => {
  const isNumeric = seemsNumeric(array)
  let index = -1
  const value = () => valueAt(array, index)
  return {
    size: array.length,
    next: () => {
      index++
    },
    value,
    take: (visitor) => {
      const element = value()
      if (!isNumeric || typeof element !== "number") slot(element, ENTRY, visitor)
    }
  }
}

/**
 * Properties of an object that is used as a dictionary.
 *
 * @since 0.1.0
 * @category constructors
 */
export const properties = (object: object, names: ReadonlyArray<PropertyKey>): Entries =>
  iterated(
    names.length,
    names.values(),
    (name) => valueAt(object, name),
    (name, visitor) => {
      // V8 keeps whole numbers as such.
      if (!Array.isArray(object)) visitor.found(name, KEY)
      slot(valueAt(object, name), ENTRY, visitor)
    }
  )

/**
 * Values of a `Set`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const values = (set: Set<unknown>): Entries =>
  iterated(
    Reflect.get(Set.prototype, "size", set),
    Set.prototype.values.call(set),
    (value) => value,
    (value, visitor) => slot(value, ENTRY, visitor)
  )

/**
 * Keys and values of a `Map`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pairs = (map: Map<unknown, unknown>): Entries =>
  iterated<readonly [unknown, unknown]>(
    Reflect.get(Map.prototype, "size", map),
    Map.prototype.entries.call(map),
    ([, value]) => value,
    ([key, value], visitor) => {
      slot(key, KEY, visitor)
      slot(value, ENTRY, visitor)
    }
  )

/**
 * The nodes below one of a `HashMap`'s; nothing for a leaf.
 *
 * @since 0.1.0
 * @category reading
 */
export const childrenOf = (node: object): ReadonlyArray<unknown> | undefined => {
  const children = valueAt(node, "children")
  return Array.isArray(children) ? children : undefined
}

/**
 * Leaves of an Effect `HashMap`, each with a key and its value. What is below nodes that are `known`, since another map has
 * them too, is left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leaves = (size: number, root: object, known: Set<object>): Entries => {
  const ahead = [root]
  let bytes = 0
  const next = (): object | undefined => {
    for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
      const children = childrenOf(node)
      if (children === undefined) return node
      if (known.has(node)) continue
      known.add(node)
      bytes += sizes.OBJECT + Object.getOwnPropertyNames(node).length * sizes.SLOT + sizes.array(children.length)
      for (const child of children) if (typeof child === "object" && child !== null) ahead.push(child)
    }
    return undefined
  }
  let leaf: object | undefined
  return {
    size,
    next: () => {
      leaf = next()
    },
    value: () => (leaf === undefined ? undefined : valueAt(leaf, "value")),
    take: (visitor) => slot(leaf, ENTRY, visitor),
    frame: () => bytes
  }
}
