/**
 * Shared memory, dealt out in pieces and taken back.
 *
 * Not a buffer for each piece: V8 does not count shared buffers when it decides whether to collect. 54 MB of them, replaced
 * over and over, grow to between 3 and 4 GB before it does; and what it frees then, the system's allocator keeps.
 *
 * @since 0.1.0
 */

/**
 * A piece of shared memory: so many bytes from `start`, which is divisible by eight.
 *
 * @since 0.1.0
 * @category models
 */
export interface Piece {
  readonly buffer: SharedArrayBuffer
  readonly start: number
  readonly bytes: number
}

interface Hole {
  start: number
  end: number
}

/** `holes` are ascending, and no two of them touch. The buffer grows as far as it may. */
interface Segment {
  readonly buffer: SharedArrayBuffer
  readonly holes: Array<Hole>
}

/** A piece that is larger has a segment of its own. Smaller ones are given back sooner, and have less room for pieces. */
const SEGMENT = 2 ** 23

/** By how much a segment grows at least. */
const STEP = 2 ** 16

const sizeOf = ({ end, start }: Hole): number => end - start

const isEmpty = ({ buffer, holes: [hole] }: Segment): boolean =>
  hole !== undefined && sizeOf(hole) === buffer.byteLength

const tightest = ({ holes }: Segment, size: number): Hole | undefined => {
  let found: Hole | undefined
  for (const hole of holes) {
    if (sizeOf(hole) >= size && (found === undefined || sizeOf(hole) < sizeOf(found))) found = hole
  }
  return found
}

/** The hole at the end, which may yet have to be one. */
const tail = ({ buffer: { byteLength }, holes }: Segment): Hole => {
  const last = holes.at(-1)
  return last?.end === byteLength ? last : { start: byteLength, end: byteLength }
}

const fits = (segment: Segment, size: number): boolean => tail(segment).start + size <= segment.buffer.maxByteLength

/**
 * Pieces lie as far to the front as they can, so that segments at the back become empty where much is given back. Where
 * pieces are replaced by others about as large, between 75 % and 88 % of it all is in use: the more, the more there are.
 *
 * @since 0.1.0
 * @category models
 */
export class Arena {
  /** How much memory there is, dealt out or not. */
  bytes = 0
  /** How much of it is dealt out. */
  used = 0
  private readonly segments: Array<Segment> = []

  /** A piece of so many bytes. What is in it is of no meaning. */
  take(bytes: number): Piece {
    const size = Math.ceil(bytes / 8) * 8
    for (const segment of this.segments) {
      const hole = tightest(segment, size)
      if (hole !== undefined) return this.cut(segment, hole, size)
    }
    const segment = this.segments.find((segment) => fits(segment, size)) ?? this.open(size)
    return this.cut(segment, this.grow(segment, size), size)
  }

  /** A piece that nobody reads any more. */
  give({ buffer, bytes, start }: Piece): void {
    const segment = this.segments.find((segment) => segment.buffer === buffer)
    if (segment === undefined) return
    this.used -= bytes
    const { holes } = segment
    const end = start + bytes
    const index = holes.findIndex((hole) => hole.start >= end)
    const next = index === -1 ? holes.length : index
    const before = holes[next - 1]
    const after = holes[next]
    const hole = { start, end }
    let replaced = 0
    if (after?.start === end) {
      hole.end = after.end
      replaced++
    }
    if (before?.end === start) {
      hole.start = before.start
      holes.splice(next - 1, replaced + 1, hole)
    } else holes.splice(next, replaced, hole)
    this.shrink()
  }

  private cut({ buffer, holes }: Segment, hole: Hole, size: number): Piece {
    const { start } = hole
    hole.start += size
    if (sizeOf(hole) === 0) holes.splice(holes.indexOf(hole), 1)
    this.used += size
    return { buffer, start, bytes: size }
  }

  private open(size: number): Segment {
    const buffer = new SharedArrayBuffer(0, { maxByteLength: Math.max(SEGMENT, size) })
    const segment = { buffer, holes: [] }
    this.segments.push(segment)
    return segment
  }

  /** The hole at the segment's end, made large enough. */
  private grow(segment: Segment, size: number): Hole {
    const { buffer, holes } = segment
    const { byteLength, maxByteLength } = buffer
    const hole = tail(segment)
    hole.end = Math.min(maxByteLength, Math.max(hole.start + size, byteLength + STEP))
    buffer.grow(hole.end)
    this.bytes += hole.end - byteLength
    if (holes.at(-1) !== hole) holes.push(hole)
    return hole
  }

  /** One empty segment is kept, since it may be needed at once; more are left to the collector. */
  private shrink(): void {
    const last = this.segments.findLastIndex(isEmpty)
    if (this.segments.findIndex(isEmpty) === last) return
    for (const { buffer } of this.segments.splice(last, 1)) this.bytes -= buffer.byteLength
  }
}
