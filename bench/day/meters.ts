/** What is measured of the thread that it runs in: how long it is held in one piece, how busy it is, what its heap takes. */
import { type EventLoopUtilization, performance } from "node:perf_hooks"
import { HeapMeter } from "./heap.ts"
import type { Instruments } from "./Instruments.ts"
import { PieceMeter } from "./pieces.ts"

export class Meters {
  private readonly instruments: Instruments
  private readonly thread: number
  private pieces: PieceMeter | undefined
  private heap: HeapMeter | undefined
  private since: EventLoopUtilization | undefined

  constructor(instruments: Instruments, thread: number) {
    this.instruments = instruments
    this.thread = thread
  }

  startPieces(): void {
    this.pieces?.stop()
    this.pieces = new PieceMeter()
    this.heap = new HeapMeter()
  }

  stopPieces(): void {
    const { longest = 0, longestTurn = 0, pause = 0, told = [] } = this.pieces?.stop() ?? {}
    const heap = this.heap?.stop()
    this.pieces = undefined
    this.heap = undefined
    if (heap !== undefined) this.instruments.set("heap", this.thread, heap)
    for (const one of told) console.error(one)
    this.instruments.raise("longestPiece", this.thread, longest)
    this.instruments.raise("longestTurn", this.thread, longestTurn)
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
