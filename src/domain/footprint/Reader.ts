/**
 * What an object consists of: the bytes of itself, what it refers to, and its entries, if it has any.
 *
 * Nothing of it is executed, but for a proxy's traps: nobody can tell a proxy from what it stands for. What fails on the
 * way, as a revoked proxy does, counts as an object with nothing in it. Out of sight are prototypes, private fields (`#x`),
 * what functions close over, what weak references refer to, named properties of arrays and of views of buffers, the inside of
 * host objects, and the stack of an error, to look at which would execute code.
 *
 * @since 0.1.0
 */
import { HashMap } from "effect"
import {
  Elements,
  type Entries,
  Pairs,
  Properties,
  seemsNumeric,
  slot,
  valueAt,
  Values,
  type Visitor
} from "./entries.ts"
import * as sizes from "./sizes.ts"

/**
 * An Effect `HashMap` of so many entries: nodes down to the leaves.
 *
 * @since 0.1.0
 * @category models
 */
export class Tree {
  readonly size: number
  readonly root: unknown

  constructor(size: number, root: unknown) {
    this.size = size
    this.root = root
  }
}

/**
 * A record: what it takes itself, and what is in its fields.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outline {
  readonly bytes: number
  readonly fields: ReadonlyArray<readonly [name: PropertyKey, value: unknown]>
}

const NOBODY: Visitor = { own: () => {}, found: () => {} }

/** All entries, if there are no more than `most`; otherwise it gives them, for somebody else to choose from. */
const few = (entries: Entries, visitor: Visitor, most: number): Entries | undefined => {
  if (entries.size > most) return entries
  for (let count = 0; count < entries.size; count++) entries.take(visitor)
  return undefined
}

const namesOf = (object: object): ReadonlyArray<PropertyKey> => {
  // Both together take half of what `Reflect.ownKeys` does.
  const names = Object.getOwnPropertyNames(object)
  const symbols = Object.getOwnPropertySymbols(object)
  return symbols.length === 0 ? names : [...names, ...symbols]
}

/** Of an object that has nothing but properties. */
const ordinaryBytes = (prototype: unknown, count: number): number => {
  if (prototype === null) return sizes.OBJECT + sizes.dictionary(count)
  return count === 0 && prototype === Object.prototype ? sizes.EMPTY_LITERAL : sizes.OBJECT + count * sizes.SLOT
}

const properties = (object: object, names: ReadonlyArray<PropertyKey>, bytes: number, visitor: Visitor): undefined => {
  visitor.own(bytes)
  for (const name of names) slot(valueAt(object, name), name, visitor)
}

/** An object of a kind that has an inside, and properties besides, as instances of subclasses may. */
const withInside = (object: object, bytes: number, visitor: Visitor): undefined => {
  const names = namesOf(object)
  return properties(object, names, bytes + names.length * sizes.SLOT, visitor)
}

const array = (array: ReadonlyArray<unknown>, visitor: Visitor, most: number): Entries | undefined => {
  if (array.length <= sizes.LONGEST_ARRAY) {
    visitor.own(sizes.array(array.length))
    return seemsNumeric(array) ? undefined : few(new Elements(array), visitor, most)
  }
  const names = Object.keys(array)
  visitor.own(sizes.sparseArray(names.length))
  return few(new Properties(array, names), visitor, most)
}

const hashMap = (map: HashMap.HashMap<unknown, unknown>, visitor: Visitor, most: number): Tree | undefined => {
  const names = namesOf(map)
  const root = valueAt(map, "_root")
  const size = valueAt(map, "_size")
  const isLarge = typeof size === "number" && size > most
  properties(
    map,
    isLarge ? names.filter((name) => name !== "_root") : names,
    sizes.OBJECT + names.length * sizes.SLOT,
    visitor
  )
  return isLarge ? new Tree(size, root) : undefined
}

const view = (view: ArrayBufferView, visitor: Visitor): undefined => {
  if (view instanceof DataView) {
    withInside(view, sizes.DATA_VIEW, visitor)
    visitor.found(Reflect.get(DataView.prototype, "buffer", view), "buffer")
    return
  }
  const length: number = Reflect.get(Uint8Array.prototype, "byteLength", view)
  const offset: number = Reflect.get(Uint8Array.prototype, "byteOffset", view)
  // To ask for its buffer would move its bytes off the heap.
  if (length <= sizes.MOST_ON_HEAP && offset === 0) {
    visitor.own(sizes.typedArrayOnHeap(length))
  } else {
    visitor.own(sizes.TYPED_ARRAY)
    visitor.found(Reflect.get(Uint8Array.prototype, "buffer", view), "buffer")
  }
}

const buffer = (buffer: ArrayBuffer | SharedArrayBuffer, visitor: Visitor): undefined => {
  const isShared = buffer instanceof SharedArrayBuffer
  const { prototype } = isShared ? SharedArrayBuffer : ArrayBuffer
  const bytes: number = Reflect.get(prototype, "byteLength", buffer)
  visitor.own(sizes.BUFFER + bytes, isShared)
}

/**
 * Reads objects. It remembers the prototypes of those that have nothing but properties.
 *
 * @since 0.1.0
 * @category models
 */
export class Reader {
  private readonly ordinary = new Set<unknown>([Object.prototype, null])

  /**
   * Tells of an object's bytes and of what it refers to. Entries are told of when there are no more than `most`; otherwise
   * they are what this gives.
   */
  read(object: object, visitor: Visitor, most: number): Entries | Tree | undefined {
    try {
      return this.any(object, visitor, most)
    } catch {
      visitor.own(sizes.OBJECT)
      return undefined
    }
  }

  /** Nothing for what is no record, or has too many properties to be one. */
  outline(value: unknown): Outline | undefined {
    if (typeof value !== "object" || value === null) return undefined
    try {
      // It is known afterwards what its prototype stands for.
      this.any(value, NOBODY, 0)
      const prototype: unknown = Object.getPrototypeOf(value)
      if (Array.isArray(value) || !this.ordinary.has(prototype)) return undefined
      const names = namesOf(value)
      if (names.length >= sizes.DICTIONARY) return undefined
      const fields = names.map((name) => [name, valueAt(value, name)] as const)
      return { bytes: ordinaryBytes(prototype, names.length), fields }
    } catch {
      return undefined
    }
  }

  private any(object: object, visitor: Visitor, most: number): Entries | Tree | undefined {
    if (Array.isArray(object)) return array(object, visitor, most)
    const prototype: unknown = Object.getPrototypeOf(object)
    if (!this.ordinary.has(prototype)) {
      if (object instanceof Map) {
        const entries = new Pairs(object)
        withInside(object, sizes.map(entries.size), visitor)
        return few(entries, visitor, most)
      }
      if (object instanceof Set) {
        const entries = new Values(object)
        withInside(object, sizes.set(entries.size), visitor)
        return few(entries, visitor, most)
      }
      if (HashMap.isHashMap(object)) return hashMap(object, visitor, most)
      if (ArrayBuffer.isView(object)) return view(object, visitor)
      if (object instanceof ArrayBuffer || object instanceof SharedArrayBuffer) return buffer(object, visitor)
      if (object instanceof Error) {
        const names = namesOf(object)
        const bytes = sizes.OBJECT + names.length * sizes.SLOT
        return properties(
          object,
          names.filter((name) => name !== "stack"),
          bytes,
          visitor
        )
      }
      for (const [host, bytes] of sizes.HOSTS) {
        if (object instanceof host) return withInside(object, bytes, visitor)
      }
      this.ordinary.add(prototype)
    }
    const names = namesOf(object)
    if (names.length >= sizes.DICTIONARY) {
      visitor.own(sizes.OBJECT + sizes.dictionary(names.length))
      return few(new Properties(object, names), visitor, most)
    }
    return properties(object, names, ordinaryBytes(prototype, names.length), visitor)
  }
}

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
