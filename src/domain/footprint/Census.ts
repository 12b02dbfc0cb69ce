/**
 * Everything that a value refers to, each thing once: the plain version of an estimate.
 *
 * @since 0.1.0
 */
import { slot, type Visitor } from "./entries.ts"
import type { Field } from "./Place.ts"
import { type Outline, Reader } from "./Reader.ts"
import * as sizes from "./sizes.ts"

/** A `Set` can hold 2²⁴ values. */
const MOST = 2 ** 23

/**
 * What was found in one field is not counted again in another.
 *
 * @since 0.1.0
 * @category models
 */
export class Census implements Visitor {
  private readonly reader = new Reader()
  private last = new Set<unknown>()
  private readonly all = [this.last]
  private readonly ahead: Array<object> = []
  private bytes = 0
  private shared = 0

  own(bytes: number, isShared = false): void {
    this.bytes += bytes
    if (isShared) this.shared += bytes
  }

  found(value: unknown): void {
    if (!this.isNew(value)) return
    if (typeof value === "object" && value !== null) this.ahead.push(value)
    else this.bytes += sizes.leaf(value)
  }

  /** The fields of a value, if it is a record, and what it takes itself. */
  outline(value: unknown): Outline | undefined {
    const outline = this.reader.outline(value)
    if (outline !== undefined) this.isNew(value)
    return outline
  }

  /** Adds to a field what its value takes. */
  take(value: unknown, field: Field): Field {
    this.bytes = 0
    this.shared = 0
    slot(value, field.name, this)
    for (let object = this.ahead.pop(); object !== undefined; object = this.ahead.pop()) {
      this.reader.read(object, this, Number.POSITIVE_INFINITY)
    }
    field.add(this.bytes)
    field.shared += this.shared
    return field
  }

  private isNew(value: unknown): boolean {
    if (this.all.some((known) => known.has(value))) return false
    if (this.last.size >= MOST) {
      this.last = new Set()
      this.all.push(this.last)
    }
    this.last.add(value)
    return true
  }
}
