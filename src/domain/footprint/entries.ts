/**
 * What is in the slots of an object, and the entries of a container, one after the other.
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
 * The entries of a container. It may change meanwhile: of what is gone nobody is told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entries {
  readonly size: number
  readonly skip: (count: number) => void
  readonly take: (visitor: Visitor) => void
}

/**
 * The value of an own property. That of a getter is none.
 *
 * @since 0.1.0
 * @category reading
 */
export const valueAt = (object: object, name: PropertyKey): unknown =>
  Object.getOwnPropertyDescriptor(object, name)?.value

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

/** How many elements are looked at to see whether there are only numbers. */
const PROBES = 64

/**
 * Whether an array seems to hold nothing but numbers, which V8 then keeps in it, whatever their size.
 *
 * @since 0.1.0
 * @category guards
 */
export const seemsNumeric = (array: ReadonlyArray<unknown>): boolean => {
  const step = Math.max(1, Math.floor(array.length / PROBES))
  for (let index = 0; index < array.length; index += step) {
    const value = valueAt(array, index)
    if (typeof value !== "number" && value !== undefined) return false
  }
  return true
}

/**
 * Elements of an array.
 *
 * @since 0.1.0
 * @category models
 */
export class Elements implements Entries {
  readonly size: number
  private readonly array: ReadonlyArray<unknown>
  private index = 0

  constructor(array: ReadonlyArray<unknown>) {
    this.array = array
    this.size = array.length
  }

  skip(count: number): void {
    this.index += count
  }

  take(visitor: Visitor): void {
    slot(valueAt(this.array, this.index++), ENTRY, visitor)
  }
}

/**
 * Properties of an object that is used as a dictionary.
 *
 * @since 0.1.0
 * @category models
 */
export class Properties implements Entries {
  readonly size: number
  private readonly object: object
  private readonly names: ReadonlyArray<PropertyKey>
  private index = 0

  constructor(object: object, names: ReadonlyArray<PropertyKey>) {
    this.object = object
    this.names = names
    this.size = names.length
  }

  skip(count: number): void {
    this.index += count
  }

  take(visitor: Visitor): void {
    const name = this.names[this.index++]
    if (name === undefined) return
    // V8 keeps whole numbers as such.
    if (!Array.isArray(this.object)) visitor.found(name, KEY)
    slot(valueAt(this.object, name), ENTRY, visitor)
  }
}

/**
 * Values of a `Set`.
 *
 * @since 0.1.0
 * @category models
 */
export class Values implements Entries {
  readonly size: number
  private readonly values: Iterator<unknown, undefined>

  constructor(set: Set<unknown>) {
    this.size = Reflect.get(Set.prototype, "size", set)
    this.values = Set.prototype.values.call(set)
  }

  skip(count: number): void {
    for (let skipped = 0; skipped < count; skipped++) this.values.next()
  }

  take(visitor: Visitor): void {
    slot(this.values.next().value, ENTRY, visitor)
  }
}

/**
 * Keys and values of a `Map`.
 *
 * @since 0.1.0
 * @category models
 */
export class Pairs implements Entries {
  readonly size: number
  private readonly map: Map<unknown, unknown>
  private readonly keys: Iterator<unknown, undefined>

  constructor(map: Map<unknown, unknown>) {
    this.map = map
    this.size = Reflect.get(Map.prototype, "size", map)
    this.keys = Map.prototype.keys.call(map)
  }

  skip(count: number): void {
    for (let skipped = 0; skipped < count; skipped++) this.keys.next()
  }

  take(visitor: Visitor): void {
    const key = this.keys.next().value
    slot(key, KEY, visitor)
    slot(Map.prototype.get.call(this.map, key), ENTRY, visitor)
  }
}
