/**
 * What things take on V8's heap, in bytes: V8 without pointer compression, as Node.js 22 and 24 have it.
 *
 * A word is 8 bytes. Whole numbers below 2³¹, booleans, `null` and `undefined` are in the slot that refers to them and
 * cost nothing beyond it; other numbers are boxed, but for arrays that hold nothing else. Sources, all in V8's
 * `src/objects`: `js-objects.h` and `property-array.h` (objects), `js-array.h` and `fixed-array.h`, `ordered-hash-table.h`
 * (`Map`, `Set`), `dictionary.h` and `hash-table.h`, `string.h` (and `name.h`, which it extends), `bigint.h`,
 * `js-array-buffer.h`, `js-function.h`; what host objects take was measured (V8 13.6).
 *
 * @since 0.1.0
 */

const WORD = 8

/** Map, properties, elements: of every object. Named properties of all but very large ones follow, one slot each. */
export const OBJECT = 3 * WORD

/** One property of an object. */
export const SLOT = WORD

/** `{}`, for which V8 foresees four properties. */
export const EMPTY_LITERAL = OBJECT + 4 * SLOT

/** From so many properties on, an object is taken for a dictionary: `JSON.parse` makes it one from here on. */
export const DICTIONARY = 128

/** The longest array that V8 has room for in one piece; above it are only dictionaries. */
export const LONGEST_ARRAY = 32 * 1024 * 1024

/** What is in front of a `FixedArray`, on which arrays and tables are built. */
const FIXED = 2 * WORD

/** A number that is not in its slot. */
export const BOXED_NUMBER = 2 * WORD

/** A symbol; what describes it is a string of its own. */
export const SYMBOL = 3 * WORD

/** A function itself, not what it closes over, which nobody can see. */
export const FUNCTION = 8 * WORD

/** A buffer itself, without its memory. */
export const BUFFER = 12 * WORD

/** A typed array upon a buffer. */
export const TYPED_ARRAY = 13 * WORD

/** What is in front of the bytes of a typed array that are on the heap. */
const ON_HEAP = 2 * WORD

/** Typed arrays up to so many bytes have them on the heap. */
export const MOST_ON_HEAP = 64

/** A `DataView`. */
export const DATA_VIEW = 11 * WORD

/** An object of the host's kinds. What it holds beyond that is out of sight. */
export const HOSTS: ReadonlyArray<readonly [new (...args: never) => object, bytes: number]> = [
  [Date, 12 * WORD],
  [RegExp, 7 * WORD],
  [Promise, 6 * WORD],
  [WeakMap, 17 * WORD],
  [WeakSet, 17 * WORD],
  [WeakRef, 4 * WORD]
]

const padded = (bytes: number): number => Math.ceil(bytes / WORD) * WORD

/** The smallest power of two that is not less. */
const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, count)))

const WIDE = /[^\0-\xff]/

/**
 * Header, length and characters: one byte for each, or two when one of them needs it. Texts of one character are V8's own.
 */
export const string = (text: string): number =>
  text.length < 2 ? 0 : padded(2 * WORD + text.length * (WIDE.test(text) ? 2 : 1))

/** A header, and 64 bits at a time. */
export const bigint = (value: bigint): number => {
  if (value === 0n) return 2 * WORD
  const digits = (value < 0n ? -value : value).toString(16).length
  return (2 + Math.ceil(digits / 16)) * WORD
}

/** Nothing for whole numbers that fit into a slot, nor for those that V8 has one of: NaN and −0. */
export const number = (value: number): number => ((value | 0) === value || Number.isNaN(value) ? 0 : BOXED_NUMBER)

/** An array that has no more room than it needs. */
export const array = (length: number): number => 4 * WORD + (length === 0 ? 0 : FIXED + length * SLOT)

/** Capacity of V8's hash tables: half as much again as there is, as a power of two. */
const capacity = (count: number): number => Math.max(4, powerOfTwo(count + Math.floor(count / 2)))

/** Properties by name: key, value and details of each. */
export const dictionary = (count: number): number => FIXED + (6 + 3 * capacity(count)) * WORD

/** An array of which most is empty. */
export const sparseArray = (count: number): number => 4 * WORD + FIXED + (4 + 3 * capacity(count)) * WORD

/** A table that keeps the order: its size in powers of two, half as many buckets, a chain. */
const ordered = (size: number, width: number): number => {
  const room = Math.max(4, powerOfTwo(size))
  return FIXED + (3 + room / 2 + room * (width + 1)) * WORD
}

/** A `Map` with so many entries that has not lost any. */
export const map = (size: number): number => 4 * WORD + ordered(size, 2)

/** A `Set` with so many values that has not lost any. */
export const set = (size: number): number => 4 * WORD + ordered(size, 1)

/** A typed array with its bytes on the heap, and the buffer that it has for them. */
export const typedArrayOnHeap = (bytes: number): number =>
  TYPED_ARRAY + BUFFER + (bytes === 0 ? 0 : ON_HEAP + padded(bytes))

/** A string, a symbol or a function: what refers to nothing else. */
export const leaf = (value: unknown): number => {
  if (typeof value === "string") return string(value)
  return typeof value === "symbol" ? SYMBOL + string(value.description ?? "") : FUNCTION
}
