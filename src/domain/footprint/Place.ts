/**
 * Where things are found: in which field, under which name. Things of one place are alike, and so are the odds that one
 * which was found once is found nowhere else.
 *
 * @since 0.1.0
 */
import { ENTRY, KEY } from "./slots.ts"
import { Sharing } from "./Sharing.ts"

/**
 * A field of the record that is estimated, and what was found in it. `slack` is how far `bytes` may be off since more or less
 * of it is shared than seems; `variance` is that of the samples.
 *
 * @since 0.1.0
 * @category models
 */
export class Field {
  readonly name: string
  bytes = 0
  shared = 0
  slack = 0
  variance = 0

  constructor(name: string) {
    this.name = name
  }

  add(bytes: number, isShared = false, slack = 0): void {
    this.bytes += bytes
    if (isShared) this.shared += bytes
    this.slack += slack
  }
}

/** Names that are told apart within a field. Those beyond are one place: they are ids, and not names. */
const NAMES = 64

/**
 * A name within a field, the entries of containers that have this name, or their keys.
 *
 * @since 0.1.0
 * @category models
 */
export class Place {
  readonly field: Field
  readonly sharing = new Sharing()
  /** Of the whole field. */
  private readonly names: Map<PropertyKey, Place>
  private entries: Place | undefined
  private keys: Place | undefined

  constructor(field: Field, names = new Map<PropertyKey, Place>()) {
    this.field = field
    this.names = names
  }

  /** The place of what an object here refers to. */
  at(where: PropertyKey): Place {
    if (where === ENTRY) return (this.entries ??= new Place(this.field, this.names))
    if (where === KEY) return (this.keys ??= new Place(this.field, this.names))
    const name = this.names.size < NAMES || this.names.has(where) ? where : ENTRY
    const known = this.names.get(name)
    if (known !== undefined) return known
    const place = new Place(this.field, this.names)
    this.names.set(name, place)
    return place
  }
}
