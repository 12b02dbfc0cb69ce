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
import { childrenOf, elements, type Entries, leaves, pairs, properties, values } from "./entries.ts"
import * as sizes from "./sizes.ts"
import { slot, valueAt, type Visitor } from "./slots.ts"

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

const fields = (object: object, names: ReadonlyArray<PropertyKey>, visitor: Visitor): undefined => {
  for (const name of names) slot(valueAt(object, name), name, visitor)
}

/** An object of a kind that has an inside, and properties besides, as instances of subclasses may. */
const withInside = (object: object, bytes: number, visitor: Visitor, hidden?: PropertyKey): undefined => {
  const names = namesOf(object)
  visitor.own(bytes + names.length * sizes.SLOT)
  return fields(object, hidden === undefined ? names : names.filter((name) => name !== hidden), visitor)
}

const array = (array: ReadonlyArray<unknown>, visitor: Visitor): Entries => {
  if (array.length <= sizes.LONGEST_ARRAY) {
    visitor.own(sizes.array(array.length))
    return elements(array)
  }
  const names = Object.keys(array)
  visitor.own(sizes.sparseArray(names.length))
  return properties(array, names)
}

/**
 * Effect does not show the nodes of a `HashMap`. Where these are not what they are in the release that this was written for,
 * it is an object like others: all of it is walked, which takes longer and counts the same.
 */
const hashMap = (
  map: HashMap.HashMap<unknown, unknown>,
  visitor: Visitor,
  most: number,
  known: Set<object>
): Entries | undefined => {
  const root = valueAt(map, "_root")
  const size = valueAt(map, "_size")
  const isTree = typeof root === "object" && root !== null && childrenOf(root) !== undefined
  const isLarge = isTree && typeof size === "number" && size > most
  withInside(map, sizes.OBJECT, visitor, isLarge ? "_root" : undefined)
  return isLarge ? leaves(size, root, known) : undefined
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
  /** Nodes of `HashMap`s. */
  private readonly nodes = new Set<object>()

  /**
   * Tells of an object's bytes and of what it refers to, but for its entries, if it is a container: these it gives. A
   * `HashMap` is one if it has more than `most`, otherwise an object like others, which refers to nodes.
   */
  read(object: object, visitor: Visitor, most: number): Entries | undefined {
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
      this.any(value, NOBODY, Number.POSITIVE_INFINITY)
      const prototype: unknown = Object.getPrototypeOf(value)
      if (Array.isArray(value) || !this.ordinary.has(prototype)) return undefined
      const names = namesOf(value)
      if (names.length >= sizes.DICTIONARY) return undefined
      return {
        bytes: ordinaryBytes(prototype, names.length),
        fields: names.map((name) => [name, valueAt(value, name)] as const)
      }
    } catch {
      return undefined
    }
  }

  private any(object: object, visitor: Visitor, most: number): Entries | undefined {
    if (Array.isArray(object)) return array(object, visitor)
    const prototype: unknown = Object.getPrototypeOf(object)
    if (!this.ordinary.has(prototype)) {
      if (object instanceof Map) {
        const entries = pairs(object)
        withInside(object, sizes.map(entries.size), visitor)
        return entries
      }
      if (object instanceof Set) {
        const entries = values(object)
        withInside(object, sizes.set(entries.size), visitor)
        return entries
      }
      if (HashMap.isHashMap(object)) return hashMap(object, visitor, most, this.nodes)
      if (ArrayBuffer.isView(object)) return view(object, visitor)
      if (object instanceof ArrayBuffer || object instanceof SharedArrayBuffer) return buffer(object, visitor)
      if (object instanceof Error) return withInside(object, sizes.OBJECT, visitor, "stack")
      for (const [host, bytes] of sizes.HOSTS) {
        if (object instanceof host) return withInside(object, bytes, visitor)
      }
      this.ordinary.add(prototype)
    }
    const names = namesOf(object)
    if (names.length >= sizes.DICTIONARY) {
      visitor.own(sizes.OBJECT + sizes.dictionary(names.length))
      return properties(object, names)
    }
    visitor.own(ordinaryBytes(prototype, names.length))
    return fields(object, names, visitor)
  }
}
