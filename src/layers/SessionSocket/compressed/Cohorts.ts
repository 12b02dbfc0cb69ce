/**
 * One compressed copy of an event for all clients that had the same before it.
 *
 * What a compressor may refer back to is what the decompressor has had. Clients of one guild have had nearly the same: the same
 * events, and between them a number of their own. So a copy may refer to the events, and never to the numbers. A client that
 * has had something else meanwhile gets a copy that refers to less, or to nothing, until it has had enough in common again.
 *
 * @since 0.1.0
 */
import type { Payload } from "../../../domain/gateway/Payload.ts"
import * as Frame from "../Frame.ts"

/**
 * How copies are made. `compress` gives the octets of a head, which may refer back to a dictionary. Decompressed, each copy
 * begins with the same text (`lead`), and each client's own tail follows it: of `tail` bytes, and with all that goes with it
 * of `overhead` before it is decompressed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Codec {
  readonly lead: string
  readonly tail: number
  readonly overhead: number
  readonly compress: (head: string, dictionary: string) => string
}

/** How far copies refer back: a copy for each is made when somebody needs it. */
const FAR = 8_192
const NEAR = 2_048
const NOT_AT_ALL = 0

type Reach = typeof FAR | typeof NEAR | typeof NOT_AT_ALL

const reachOf = (common: number): Reach => (common >= FAR ? FAR : common >= NEAR ? NEAR : NOT_AT_ALL)

/** Of one event, for so many groups of clients that have had something else before it. */
const MOST_WAYS = 4

/** JSON never contains it, so nothing refers to it. */
const PLACEHOLDER = "\x01"

/** Its end, as a string of its own: a part of a string would keep all of it. */
const end = (text: string): string => Buffer.from(text.slice(-FAR), "latin1").toString("latin1")

/** What some clients had before an event and after it: the heads of events, with placeholders for each client's tails. */
interface Way {
  readonly before: string
  readonly after: string
  readonly frames: Map<Reach, string>
}

/** How many characters two texts have in common at their ends, of the last so many. */
const commonEnd = (one: string, other: string, most: number): number => {
  const length = Math.min(one.length, other.length, most)
  let common = 0
  while (common < length && one.charCodeAt(one.length - 1 - common) === other.charCodeAt(other.length - 1 - common)) {
    common++
  }
  return common
}

/**
 * The copies of events, for all clients that one codec is for. They are there for as long as the event's payload is.
 *
 * @since 0.1.0
 * @category models
 */
export class Copies {
  readonly codec: Codec
  /** How far copies refer back at most. */
  readonly farthest: number
  private readonly known = new WeakMap<Payload, Array<Way>>()
  private last: { readonly payload: Payload; readonly ways: Array<Way> } | undefined

  constructor(codec: Codec, farthest: number = FAR) {
    this.codec = codec
    this.farthest = farthest
  }

  ways(payload: Payload): ReadonlyArray<Way> {
    return this.all(payload)
  }

  /** For clients that had this before. */
  add(payload: Payload, before: string): Way {
    const { lead, tail } = this.codec
    const after = end(before + lead + payload.octets + PLACEHOLDER.repeat(tail))
    const way: Way = { before, after, frames: new Map() }
    this.all(payload).push(way)
    return way
  }

  /** The beginning of a frame, up to the client's tail. */
  frame(payload: Payload, way: Way, reach: Reach): string {
    // What refers to nothing is the same for all.
    const { frames } = reach === NOT_AT_ALL ? (this.all(payload)[0] ?? way) : way
    const known = frames.get(reach)
    if (known !== undefined) return known
    const { compress, lead, overhead } = this.codec
    const compressed = compress(payload.octets, reach === NOT_AT_ALL ? "" : (way.before + lead).slice(-reach))
    const made = Frame.header(Frame.BINARY, compressed.length + overhead) + compressed
    frames.set(reach, made)
    return made
  }

  private all(payload: Payload): Array<Way> {
    if (this.last?.payload === payload) return this.last.ways
    const ways = this.known.get(payload) ?? []
    this.known.set(payload, ways)
    this.last = { payload, ways }
    return ways
  }
}

/**
 * One client: what it had, and how much of that it has in common with others.
 *
 * @since 0.1.0
 * @category models
 */
export class Follower {
  private readonly copies: Copies
  private past = ""
  private common = 0

  constructor(copies: Copies) {
    this.copies = copies
  }

  /** The beginning of the frame that brings an event, up to the client's own tail. */
  frame(payload: Payload): string {
    const way = this.way(payload)
    const frame = this.copies.frame(payload, way, reachOf(this.common))
    this.past = way.after
    const { codec, farthest } = this.copies
    const { lead, tail } = codec
    this.common = Math.min(farthest, this.common + lead.length + payload.octets.length + tail)
    return frame
  }

  /** It got something that is its own. */
  leave(): void {
    this.past = ""
    this.common = 0
  }

  private way(payload: Payload): Way {
    const ways = this.copies.ways(payload)
    for (const way of ways) if (way.before === this.past) return way
    const [first] = ways
    if (first === undefined) return this.copies.add(payload, this.past)
    const common = commonEnd(first.before, this.past, this.common)
    if (reachOf(common) < reachOf(this.common) && ways.length < MOST_WAYS) return this.copies.add(payload, this.past)
    this.common = common
    return first
  }
}
