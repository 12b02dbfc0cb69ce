/**
 * Where in a structure objects are found: in which field, under which name. Objects of one place are alike, and so are the
 * odds that one which was found once is found nowhere else.
 *
 * @since 0.1.0
 */
import { ENTRY, KEY } from "./entries.ts"
import { Sharing } from "./Sharing.ts"

/**
 * A field of the record that is estimated, and what was found in it. `low` and `high` are what `bytes` would be if more, or
 * less, of it were shared than seems; `variance` is that of the sample.
 *
 * @since 0.1.0
 * @category models
 */
export class Field {
  readonly name: string
  bytes = 0
  low = 0
  high = 0
  variance = 0
  shared = 0

  constructor(name: string) {
    this.name = name
  }

  add(bytes: number, low = bytes, high = bytes): void {
    this.bytes += bytes
    this.low += low
    this.high += high
  }

  addAll({ bytes, high, low, shared, variance }: Field): void {
    this.add(bytes, low, high)
    this.shared += shared
    this.variance += variance
  }
}

/** Names that are told apart within a field. Those beyond are one place: they are ids, and not names. */
const NAMES = 64

/** Containers in containers that are told apart. */
const NESTED = 4

/** The places of one field, by name. */
class Names {
  private readonly places = new Map<PropertyKey, Place>()
  readonly field: Field

  constructor(field: Field) {
    this.field = field
  }

  at(name: PropertyKey): Place {
    const known = this.places.get(name)
    if (known !== undefined) return known
    const key = this.places.size < NAMES ? name : ENTRY
    const place = this.places.get(key) ?? new Place(this, 0)
    this.places.set(key, place)
    return place
  }
}

/**
 * What is found at one place.
 *
 * @since 0.1.0
 * @category models
 */
export class Place {
  private readonly names: Names
  private readonly nesting: number
  private readonly levels: Array<Sharing> = []
  private entries: Place | undefined
  private keys: Place | undefined

  constructor(names: Names, nesting: number) {
    this.names = names
    this.nesting = nesting
    if (nesting === NESTED) this.entries = this.keys = this
  }

  get field(): Field {
    return this.names.field
  }

  /** The place of what an object here refers to. */
  at(where: PropertyKey): Place {
    if (where === ENTRY) return (this.entries ??= new Place(this.names, this.nesting + 1))
    if (where === KEY) return (this.keys ??= new Place(this.names, this.nesting + 1))
    return this.names.at(where)
  }

  /** What is known about sharing between the entries of containers that are so many picks deep. */
  sharing(depth: number): Sharing {
    return (this.levels[depth] ??= new Sharing())
  }
}

/**
 * The place of a field itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const placeOf = (field: Field): Place => new Place(new Names(field), 0)
