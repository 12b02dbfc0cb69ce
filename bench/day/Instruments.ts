/** What is measured in every thread, in memory that all threads share. */

/** Timed messages of a guild that are remembered: more than it says while all are compared. */
const SLOTS = 16_384
const MOST_THREADS = 16
const PER_THREAD = ["longestPiece", "longestTurn", "longestPause", "utilization", "heap"] as const
type PerThread = (typeof PER_THREAD)[number]

const SPANS = ["opened", "ended"] as const
type Span = (typeof SPANS)[number]

/** Milliseconds on a clock that all threads share. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6

export interface InstrumentsShared {
  readonly guilds: number
  readonly buffer: SharedArrayBuffer
}

const bytesOf = (guilds: number) =>
  (MOST_THREADS * PER_THREAD.length + guilds * SLOTS) * 8 + (guilds * (SLOTS + 1) + MOST_THREADS * SPANS.length) * 4

export const shareInstruments = (guilds: number): InstrumentsShared => ({
  guilds,
  buffer: new SharedArrayBuffer(bytesOf(guilds))
})

export class Instruments {
  private readonly perThread: Float64Array
  private readonly doneAt: Float64Array
  private readonly arrivals: Int32Array
  private readonly expected: Int32Array
  private readonly spans: Int32Array

  constructor({ buffer, guilds }: InstrumentsShared) {
    let at = 0
    const floats = (length: number) => {
      const array = new Float64Array(buffer, at, length)
      at += length * 8
      return array
    }
    const integers = (length: number) => {
      const array = new Int32Array(buffer, at, length)
      at += length * 4
      return array
    }
    this.perThread = floats(MOST_THREADS * PER_THREAD.length)
    this.doneAt = floats(guilds * SLOTS)
    this.arrivals = integers(guilds * SLOTS)
    this.expected = integers(guilds)
    this.spans = integers(MOST_THREADS * SPANS.length)
  }

  set(figure: PerThread, thread: number, value: number): void {
    this.perThread[thread * PER_THREAD.length + PER_THREAD.indexOf(figure)] = value
  }

  raise(figure: PerThread, thread: number, value: number): void {
    const at = thread * PER_THREAD.length + PER_THREAD.indexOf(figure)
    this.perThread[at] = Math.max(this.perThread[at] ?? 0, value)
  }

  /** The largest of all threads. */
  largest(figure: PerThread): number {
    let largest = 0
    for (let thread = 0; thread < MOST_THREADS; thread++) {
      largest = Math.max(largest, this.perThread[thread * PER_THREAD.length + PER_THREAD.indexOf(figure)] ?? 0)
    }
    return largest
  }

  /** Of all threads together. */
  sum(figure: PerThread): number {
    let sum = 0
    for (let thread = 0; thread < MOST_THREADS; thread++) {
      sum += this.perThread[thread * PER_THREAD.length + PER_THREAD.indexOf(figure)] ?? 0
    }
    return sum
  }

  /** From now on, a timed message of this guild is done when so many have it. */
  expect(guild: number, deliveries: number): void {
    Atomics.store(this.expected, guild, deliveries)
    this.arrivals.fill(0, guild * SLOTS, (guild + 1) * SLOTS)
    this.doneAt.fill(0, guild * SLOTS, (guild + 1) * SLOTS)
  }

  arrived(guild: number, number: number): void {
    const slot = guild * SLOTS + (number % SLOTS)
    if (Atomics.add(this.arrivals, slot, 1) + 1 === this.expected[guild]) this.doneAt[slot] = sharedNow()
  }

  /** When the last had it; 0 as long as somebody has not. */
  whenDone(guild: number, number: number): number {
    return this.doneAt[guild * SLOTS + (number % SLOTS)] ?? 0
  }

  span(what: Span, thread: number): void {
    Atomics.add(this.spans, thread * SPANS.length + SPANS.indexOf(what), 1)
  }

  /** A thread takes the place of one that died: what that had open ended with it. */
  succeeds(thread: number): void {
    const at = thread * SPANS.length
    Atomics.store(this.spans, at + SPANS.indexOf("ended"), Atomics.load(this.spans, at + SPANS.indexOf("opened")))
  }

  get spansOpened(): number {
    return this.all("opened")
  }

  get spansOpen(): number {
    return this.all("opened") - this.all("ended")
  }

  private all(what: Span): number {
    return this.spans.reduce((sum, count, at) => (at % SPANS.length === SPANS.indexOf(what) ? sum + count : sum), 0)
  }
}
