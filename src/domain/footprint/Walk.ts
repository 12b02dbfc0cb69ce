/**
 * The way through a value on which what is large is not walked, but sampled.
 *
 * @since 0.1.0
 */
import * as Choice from "../Choice.ts"
import { Elements, ENTRY, type Entries, slot, valueAt, type Visitor } from "./entries.ts"
import { Finds } from "./Finds.ts"
import { Pick, type Sample, variance } from "./Pick.ts"
import { type Field, type Place, placeOf } from "./Place.ts"
import { childrenOf, type Outline, Reader, Tree } from "./Reader.ts"
import * as sizes from "./sizes.ts"

/**
 * How many entries are drawn of each stretch, and which ones of all that could be.
 *
 * @since 0.1.0
 * @category models
 */
export interface Drawing {
  readonly effort: number
  readonly seed: number
}

/** What is found until others have their turn: a quarter of a millisecond's worth. */
const SLICE = 512

/** So many entries are passed over in the time that it takes to look at what one refers to. */
const PASSED = 64

/** Entries that are told of at once. */
const AT_ONCE = 256

/** No entries at all. */
const NONE = -1

/** A container that has too many entries to be walked. */
interface Waiting {
  readonly entries: Entries | Tree
  readonly sample: Sample
}

/**
 * A value is walked field by field; of each field first what stands outside of large containers, and is certain, then those
 * that were found on the way. What takes long is a generator, which yields when it has been busy for a slice.
 *
 * @since 0.1.0
 * @category models
 */
export class Walk implements Visitor {
  private readonly drawing: Drawing
  /** Containers with more entries than that are sampled; of none more than a quarter is drawn. */
  private readonly most: number
  private readonly reader = new Reader()
  private readonly objects = new Finds()
  private readonly leaves = new Finds()
  private readonly samples: Array<Sample> = []
  private readonly waiting: Array<Waiting> = []
  /** Objects that were found and not looked at yet; at which place, and in which pick. */
  private readonly ahead: Array<object> = []
  private readonly aheadAt: Array<Place> = []
  private readonly aheadIn: Array<Pick | undefined> = []
  /** What is looked at now. */
  private place: Place
  private pick: Pick | undefined
  private bytes = 0
  private isShared = false
  /** Since others had their turn. */
  private busy = 0

  constructor(drawing: Drawing, whole: Field) {
    this.drawing = drawing
    this.most = (4 * drawing.effort) ** 2
    this.place = placeOf(whole)
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
      this.aheadIn.push(this.pick)
      return
    }
    const { pick } = this
    if (this.leaves.again(value, pick, place) !== undefined) return
    this.leaves.add(value, { pick, place }, { bytes: sizes.leaf(value) })
  }

  /** The fields of a value, if it is a record. What it takes itself is found by this. */
  outline(value: unknown): Outline["fields"] | undefined {
    const outline = this.reader.outline(value)
    if (outline === undefined) return undefined
    this.objects.add(value, { pick: undefined, place: this.place }, outline)
    return outline.fields
  }

  /** Finds what is in a field. */
  *field(field: Field, value: unknown): Generator<void, void> {
    this.enter(placeOf(field), undefined)
    slot(value, field.name, this)
    field.add(this.bytes)
    yield* this.goOn()
    // On the way there may be more of them.
    for (const { entries, sample } of this.waiting) yield* this.draw(entries, sample)
    this.waiting.length = 0
  }

  /** Adds to the fields what was found in them, and what it stands for. */
  *settle(): Generator<void, void> {
    for (const finds of [this.objects, this.leaves]) {
      for (let number = 0; number < finds.size; number++) {
        finds.tell(number)
        if (this.isOver(1)) yield
      }
    }
    for (const finds of [this.objects, this.leaves]) {
      for (let number = 0; number < finds.size; number++) {
        finds.settle(number)
        if (this.isOver(1)) yield
      }
    }
    for (const { strata } of this.samples) {
      for (const stratum of strata) {
        for (const pick of stratum) pick.settle()
        if (this.isOver(stratum.length)) yield
      }
    }
    for (const sample of this.samples) {
      // One that is in another's entry has had its part in how far those differ.
      if (sample.within === undefined) sample.place.field.variance += variance(sample)
      if (this.isOver(sample.strata.length)) yield
    }
  }

  /** Whether others are to have their turn, after so much more. */
  private isOver(done: number): boolean {
    this.busy += done
    if (this.busy < SLICE) return false
    this.busy = 0
    return true
  }

  private enter(place: Place, pick: Pick | undefined): void {
    this.place = place
    this.pick = pick
    this.bytes = 0
    this.isShared = false
  }

  /** Looks at all that is ahead. */
  private *goOn(): Generator<void, void> {
    for (;;) {
      const object = this.ahead.pop()
      const place = this.aheadAt.pop()
      const pick = this.aheadIn.pop()
      if (object === undefined || place === undefined) return
      if (this.isOver(1)) yield
      const isNews = this.objects.again(object, pick, place)
      if (isNews === false) continue
      this.enter(place, pick)
      const entries = this.reader.read(object, this, AT_ONCE)
      const isLarge = entries !== undefined && entries.size > this.most
      if (entries !== undefined && !isLarge) yield* this.walk(entries)
      if (isNews === undefined) {
        const { bytes, isShared } = this
        const sample = isLarge ? { within: pick, place, strata: [] } : undefined
        this.objects.add(object, { pick, place }, { bytes, isShared, sample })
        if (isLarge && sample !== undefined) this.waiting.push({ entries, sample })
      }
    }
  }

  private *walk(entries: Entries | Tree): Generator<void, void> {
    if (entries instanceof Tree) return slot(entries.root, ENTRY, this)
    for (let count = 0; count < entries.size; count++) {
      entries.take(this)
      if (this.isOver(1 / PASSED)) yield
    }
  }

  private *draw(large: Entries | Tree, sample: Sample): Generator<void, void> {
    const entries = large instanceof Tree ? yield* this.nodes(large, sample) : large
    const number = this.samples.push(sample)
    const { effort, seed } = this.drawing
    const { size } = entries
    const stretch = Math.ceil(Math.sqrt(size))
    for (let nth = 0; nth * stretch < size; nth++) {
      const length = Math.min(stretch, size - nth * stretch)
      const drawn = Choice.exactly(length, effort, { high: seed, low: number, salt: nth })
      const stratum: Array<Pick> = []
      let passed = 0
      for (const index of drawn) {
        const pick = new Pick(sample, length / drawn.length)
        this.enter(sample.place, pick)
        entries.skip(index - passed)
        entries.take(this)
        passed = index + 1
        pick.bytes = this.bytes
        stratum.push(pick)
      }
      entries.skip(length - passed)
      this.busy += length / PASSED
      sample.strata.push(stratum)
      yield* this.goOn()
    }
  }

  /**
   * Nodes of a `HashMap` so far down that there are very many of them, and nearly everything is below. They are drawn from as
   * entries are; the nodes above them are walked.
   */
  private *nodes({ root, size }: Tree, sample: Sample): Generator<void, Entries> {
    let nodes = [root]
    let isLast = false
    while (!isLast && nodes.length < 8 * size ** (2 / 3)) {
      const below: Array<unknown> = []
      isLast = true
      for (const node of nodes) {
        const children = typeof node === "object" && node !== null ? childrenOf(node) : undefined
        if (typeof node !== "object" || node === null || children === undefined) {
          below.push(node)
          continue
        }
        isLast = false
        // The children first, or they would be ahead when their node has been looked at, and all of the tree with them.
        const isNew = this.alone(children, sample)
        this.alone(node, sample)
        for (let index = 0; isNew && index < children.length; index++) {
          const child = valueAt(children, index)
          if (child !== undefined) below.push(child)
        }
        if (this.isOver(children.length)) yield
      }
      yield* this.goOn()
      nodes = below
    }
    return new Elements(nodes)
  }

  /** Looks at an object without its entries. Whether that was news: other maps may have it too. */
  private alone(object: object, { place, within }: Sample): boolean {
    const isNews = this.objects.again(object, within, place)
    if (isNews === false) return false
    this.enter(place, within)
    this.reader.read(object, this, NONE)
    const { bytes, isShared } = this
    if (isNews === undefined) this.objects.add(object, { pick: within, place }, { bytes, isShared })
    return true
  }
}
