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

/** `holes` are ascending, and no two of them touch. */
interface Segment {
  readonly buffer: SharedArrayBuffer
  readonly holes: Array<Hole>
}

/** Small ones are given back sooner, but where they have room for few pieces, much of it is wasted. */
const SMALLEST = 2 ** 22
const LARGEST = 2 ** 25
const PIECES = 8

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

/**
 * Pieces lie as far to the front as they can, so that segments at the back become empty where much is given back. Where
 * pieces are replaced by others about as large, between 75 % and 85 % of it all is in use: the more, the more there are.
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
    const end = Math.max(size, SMALLEST, Math.min(PIECES * size, LARGEST))
    const hole = { start: 0, end }
    const segment = { buffer: new SharedArrayBuffer(end), holes: [hole] }
    this.segments.push(segment)
    this.bytes += end
    return this.cut(segment, hole, size)
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

  /** One empty segment is kept, since it may be needed at once; more are left to the collector. */
  private shrink(): void {
    const last = this.segments.findLastIndex(isEmpty)
    if (this.segments.findIndex(isEmpty) === last) return
    for (const { buffer } of this.segments.splice(last, 1)) this.bytes -= buffer.byteLength
  }
}
