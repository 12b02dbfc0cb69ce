/** What is measured of the thread that it runs in: how long it is held in one piece, how busy it is, what its heap takes. */
import { Effect } from "effect"
import { type EventLoopUtilization, performance, PerformanceObserver } from "node:perf_hooks"
import { collectGarbage } from "../support/collect.ts"
import type { Instruments } from "./Instruments.ts"

/** Pieces from which it is worth asking what the collector did meanwhile, in milliseconds, and how many are kept. */
const LONG = 2
const MOST = 512

interface Piece {
  readonly start: number
  readonly end: number
  /** Processor time: what others on the machine took is not ours. */
  readonly used: number
}

interface Pause {
  readonly start: number
  readonly end: number
}

const used = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (user + system) / 1000
}

/**
 * Notes how long the event loop takes from one turn to the next, as long as it is on; it keeps the loop turning. A turn may
 * consist of several pieces: what is told is at least the longest of them.
 */
class PieceMeter {
  private pieces: Array<Piece> = []
  private readonly pauses: Array<Pause> = []
  private readonly observer = new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) {
      if (this.pauses.length < 100_000) this.pauses.push({ start: startTime, end: startTime + duration })
    }
  })
  private isOn = true

  constructor() {
    this.observer.observe({ entryTypes: ["gc"] })
    let start = performance.now()
    let before = used()
    const turn = () => {
      if (!this.isOn) return
      const end = performance.now()
      if (end - start > LONG) {
        const now = used()
        this.note({ start, end, used: now - before })
        before = now
      } else {
        before = used()
      }
      start = performance.now()
      setImmediate(turn)
    }
    setImmediate(turn)
  }

  private note(piece: Piece): void {
    this.pieces.push(piece)
    if (this.pieces.length < 2 * MOST) return
    this.pieces = this.pieces.sort((one, other) => other.used - one.used).slice(0, MOST)
  }

  /** The longest piece but for what the collector had of it, and the collector's longest pause. */
  stop(): { readonly longest: number; readonly pause: number } {
    this.isOn = false
    this.observer.disconnect()
    const { pauses } = this
    const collected = ({ end, start }: Piece) =>
      pauses.reduce((sum, pause) => sum + Math.max(0, Math.min(end, pause.end) - Math.max(start, pause.start)), 0)
    const own = (piece: Piece) => Math.min(piece.end - piece.start, piece.used) - collected(piece)
    return {
      longest: this.pieces.reduce((longest, piece) => Math.max(longest, own(piece)), 0),
      pause: pauses.reduce((longest, { end, start }) => Math.max(longest, end - start), 0)
    }
  }
}

/** Bytes of this thread's heap that are in use. */
export const heapUsed: Effect.Effect<number> = Effect.gen(function* () {
  // What the first collection leaves for finalizers, the second takes.
  for (let round = 0; round < 2; round++) {
    collectGarbage()
    yield* Effect.sleep("5 millis")
  }
  collectGarbage()
  return process.memoryUsage().heapUsed
})

export class Meters {
  private readonly instruments: Instruments
  private readonly thread: number
  private pieces: PieceMeter | undefined
  private since: EventLoopUtilization | undefined

  constructor(instruments: Instruments, thread: number) {
    this.instruments = instruments
    this.thread = thread
  }

  startPieces(): void {
    this.pieces?.stop()
    this.pieces = new PieceMeter()
  }

  stopPieces(): void {
    const { longest = 0, pause = 0 } = this.pieces?.stop() ?? {}
    this.pieces = undefined
    this.instruments.raise("longestPiece", this.thread, longest)
    this.instruments.raise("longestPause", this.thread, pause)
  }

  startUtilization(): void {
    this.since = performance.eventLoopUtilization()
  }

  stopUtilization(): void {
    const { utilization } = performance.eventLoopUtilization(this.since)
    this.instruments.set("utilization", this.thread, utilization)
  }
}
