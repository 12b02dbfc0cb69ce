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
  /** How many places there are, over all fields. */
  private readonly count: { places: number }

  constructor(field: Field, count: { places: number }) {
    this.field = field
    this.count = count
  }

  make(nesting = 0): Place {
    return new Place(this, this.count.places++, nesting)
  }

  at(name: PropertyKey): Place {
    const known = this.places.get(name)
    if (known !== undefined) return known
    const isOne = this.places.size < NAMES
    const place = this.places.get(isOne ? name : ENTRY) ?? this.make()
    this.places.set(isOne ? name : ENTRY, place)
    return place
  }
}

/**
 * `rank` says which places were come by before which. What was found in two belongs to the one that comes first.
 *
 * @since 0.1.0
 * @category models
 */
export class Place {
  readonly rank: number
  private readonly names: Names
  private readonly nesting: number
  private readonly levels: Array<Sharing> = []
  private entries: Place | undefined
  private keys: Place | undefined

  constructor(names: Names, rank: number, nesting: number) {
    this.names = names
    this.rank = rank
    this.nesting = nesting
    if (nesting === NESTED) this.entries = this.keys = this
  }

  get field(): Field {
    return this.names.field
  }

  /** The place of what an object here refers to. */
  at(where: PropertyKey): Place {
    if (where === ENTRY) return (this.entries ??= this.names.make(this.nesting + 1))
    if (where === KEY) return (this.keys ??= this.names.make(this.nesting + 1))
    return this.names.at(where)
  }

  /** What is known about sharing between the entries of containers that are so many picks deep. */
  sharing(depth: number): Sharing {
    return (this.levels[depth] ??= new Sharing())
  }
}

/**
 * Makes the first place of each field.
 *
 * @since 0.1.0
 * @category models
 */
export class Places {
  private readonly count = { places: 0 }

  of(field: Field): Place {
    return new Names(field, this.count).make()
  }
}
