/**
 * The way through a value on which what is large is not walked, but sampled.
 *
 * @since 0.1.0
 */
import * as Choice from "../Choice.ts"
import type { Entries } from "./entries.ts"
import { Finds } from "./Finds.ts"
import { Known } from "./Known.ts"
import { type Field, Place } from "./Place.ts"
import { type Outline, Reader } from "./Reader.ts"
import { rough } from "./rough.ts"
import { Pick, variance } from "./Sample.ts"
import * as sizes from "./sizes.ts"
import { slot, type Visitor } from "./slots.ts"

/** What is found until others have their turn: a quarter of a millisecond's worth. */
const SLICE = 512

/** So many entries are passed over in the time that it takes to look at what one refers to. */
const PASSED = 4

/**
 * A value is walked field by field; of each field first what stands outside of large containers, and is certain, then entries
 * of these, one after the other. What takes long is a generator, which yields when it has been busy for a slice.
 *
 * @since 0.1.0
 * @category models
 */
export class Walk implements Visitor {
  private readonly effort: number
  private readonly seed: number
  /** Containers with more entries than that are sampled; of none more than a quarter is drawn. */
  private readonly most: number
  private readonly reader = new Reader()
  private readonly finds: Finds
  private readonly samples: Array<readonly [Field, ReadonlyArray<ReadonlyArray<Pick>>]> = []
  private readonly waiting: Array<readonly [Entries, Place]> = []
  /** Objects that were found and not looked at yet, and at which place. */
  private readonly ahead: Array<object> = []
  private readonly aheadAt: Array<Place> = []
  /** What is looked at now. */
  private place: Place
  private pick: Pick | undefined
  private bytes = 0
  private isShared = false
  /** Since others had their turn. */
  private busy = 0

  /** So many entries are drawn of each stretch, and others with another seed. With an infinite effort all is walked. */
  constructor(effort: number, seed: number, whole: Field) {
    this.effort = effort
    this.seed = seed
    this.most = (4 * effort) ** 2
    this.finds = new Finds(new Known(Number.isFinite(effort) ? 16 : 0))
    this.place = new Place(whole)
  }

  own(bytes: number, isShared = false): void {
    this.bytes += bytes
    if (isShared) this.isShared = true
  }

  found(value: unknown, where: PropertyKey): void {
    this.busy++
    const place = this.place.at(where)
    if (typeof value === "object" && value !== null) {
      this.ahead.push(value)
      this.aheadAt.push(place)
    } else if (this.finds.again(value, this.pick, place) === undefined) {
      this.finds.add(value, this.pick, place, sizes.leaf(value))
    }
  }

  /** The fields of a value, if it is a record. What it takes itself is found by this. */
  outline(value: unknown): Outline["fields"] | undefined {
    const outline = this.reader.outline(value)
    if (outline === undefined) return undefined
    this.finds.add(value, undefined, this.place, outline.bytes)
    return outline.fields
  }

  /** Finds what is in a field. */
  *field(field: Field, value: unknown): Generator<void, void> {
    this.enter(new Place(field))
    slot(value, field.name, this)
    field.add(this.bytes)
    yield* this.goOn()
    for (const [entries, place] of this.waiting) yield* this.draw(entries, place)
    this.waiting.length = 0
  }

  /** Adds to the fields what was found in them, and what it stands for. */
  *settle(): Generator<void, void> {
    for (let number = 0; number < this.finds.size; number++) {
      this.finds.tell(number)
      if (this.isOver(1)) yield
    }
    for (let number = 0; number < this.finds.size; number++) {
      this.finds.settle(number)
      if (this.isOver(1)) yield
    }
    for (const [field, stretches] of this.samples) {
      field.variance += variance(stretches)
      if (this.isOver(stretches.length)) yield
    }
  }

  /** Whether others are to have their turn, after so much more. */
  private isOver(done: number): boolean {
    this.busy += done
    if (this.busy < SLICE) return false
    this.busy = 0
    return true
  }

  private enter(place: Place): void {
    this.place = place
    this.bytes = 0
    this.isShared = false
  }

  /** Looks at all that is ahead. */
  private *goOn(): Generator<void, void> {
    for (;;) {
      const object = this.ahead.pop()
      const place = this.aheadAt.pop()
      if (object === undefined || place === undefined) return
      if (this.isOver(1)) yield
      const isNews = this.finds.again(object, this.pick, place)
      if (isNews === false) continue
      this.enter(place)
      // What is in an entry is walked whole; and so is what is found again, as it was when it was found first.
      const most = isNews === undefined && this.pick === undefined ? this.most : Number.POSITIVE_INFINITY
      const entries = this.reader.read(object, this, most)
      const size = entries?.size ?? 0
      if (entries !== undefined && size > most) this.waiting.push([entries, place])
      for (let left = size > most ? 0 : size; left > 0; left--) {
        entries?.next()
        entries?.take(this)
        if (this.isOver(1 / PASSED)) yield
      }
      if (isNews === undefined) this.finds.add(object, this.pick, place, this.bytes, this.isShared)
    }
  }

  /**
   * Looks at some entries of a container, and at those that are outstandingly large: by so much more than the mean that there
   * cannot be more of them than are drawn.
   */
  private *draw(entries: Entries, place: Place): Generator<void, void> {
    const stretches: Array<ReadonlyArray<Pick>> = []
    const number = this.samples.push([place.field, stretches])
    const stretch = Math.ceil(Math.sqrt(entries.size))
    let passed = 0
    let sum = 0
    for (let start = 0; start < entries.size; start += stretch) {
      const length = Math.min(stretch, entries.size - start)
      const indices = Choice.exactly(length, this.effort, { high: this.seed, low: number, salt: stretches.length })
      const weight = length / indices.length
      const drawn: Array<Pick> = []
      for (let index = 0; index < length; index++) {
        entries.next()
        const bytes = rough(entries.value())
        const isOutstanding = bytes * ++passed > weight * sum
        sum += bytes
        const isDrawn = index === indices[drawn.length]
        // Of those that may be drawn an outstanding one is none: it stands for nothing.
        if (isDrawn) drawn.push(new Pick(weight))
        if (isOutstanding) yield* this.entry(entries, place, undefined)
        else if (isDrawn) yield* this.entry(entries, place, drawn.at(-1))
        if (this.isOver(1 / PASSED)) yield
      }
      stretches.push(drawn)
    }
    place.field.add(entries.frame?.() ?? 0)
  }

  /** Looks at an entry, and at all that it refers to. */
  private *entry(entries: Entries, place: Place, pick: Pick | undefined): Generator<void, void> {
    this.pick = pick
    this.enter(place)
    entries.take(this)
    // Boxed numbers, which nobody shares.
    place.field.add(this.bytes * (pick?.weight ?? 1))
    if (pick !== undefined) pick.total += this.bytes * pick.weight
    yield* this.goOn()
    this.pick = undefined
  }
}
