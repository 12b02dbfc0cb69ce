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

/**
 * There is a sixteenth more with each segment, within these bounds; one for a piece that is larger is as large as that. Where
 * pieces are replaced by others about as large, between 75 % and 88 % of it all is in use.
 */
const GROWTH = 16
const SMALLEST = 2 ** 22
const LARGEST = 2 ** 25

const sizeOf = ({ end, start }: Hole): number => end - start

const isEmpty = ({ buffer, holes: [hole] }: Segment): boolean =>
  hole !== undefined && sizeOf(hole) === buffer.byteLength

/**
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
    let tightest: readonly [Segment, Hole] | undefined
    for (const segment of this.segments) {
      for (const hole of segment.holes) {
        if (sizeOf(hole) < size || (tightest !== undefined && sizeOf(hole) >= sizeOf(tightest[1]))) continue
        tightest = [segment, hole]
      }
    }
    const [{ buffer, holes }, hole] = tightest ?? this.grow(size)
    const { start } = hole
    hole.start += size
    if (sizeOf(hole) === 0) holes.splice(holes.indexOf(hole), 1)
    this.used += size
    return { buffer, start, bytes: size }
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

  private grow(size: number): readonly [Segment, Hole] {
    const bytes = Math.max(size, Math.min(LARGEST, Math.max(SMALLEST, Math.ceil(this.bytes / GROWTH / 8) * 8)))
    const hole = { start: 0, end: bytes }
    const segment = { buffer: new SharedArrayBuffer(bytes), holes: [hole] }
    this.segments.push(segment)
    this.bytes += bytes
    return [segment, hole]
  }

  /** One empty segment is kept, since it may be needed at once; more are left to the collector. */
  private shrink(): void {
    const last = this.segments.findLastIndex(isEmpty)
    if (this.segments.findIndex(isEmpty) === last) return
    for (const { buffer } of this.segments.splice(last, 1)) this.bytes -= buffer.byteLength
  }
}
