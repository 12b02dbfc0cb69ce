/** What is measured of the thread that it runs in: how long it is held in one piece, how busy it is, what its heap takes. */
import { type EventLoopUtilization, performance } from "node:perf_hooks"
import { HeapMeter } from "./heap.ts"
import type { Instruments } from "./Instruments.ts"
import { Effect, Scheduler } from "effect"
import { PieceMeter } from "./pieces.ts"
import { PieceScheduler } from "./PieceScheduler.ts"

export class Meters {
  private readonly instruments: Instruments
  private readonly thread: number
  private readonly scheduler: Scheduler.Scheduler
  private pieces: PieceMeter | undefined
  private heap: HeapMeter | undefined
  private since: EventLoopUtilization | undefined

  private constructor(instruments: Instruments, thread: number, scheduler: Scheduler.Scheduler) {
    this.instruments = instruments
    this.thread = thread
    this.scheduler = scheduler
  }

  /** Of this thread. */
  static make(instruments: Instruments, thread: number): Effect.Effect<Meters> {
    return Effect.map(Scheduler.Scheduler, (scheduler) => new Meters(instruments, thread, scheduler))
  }

  startPieces(): void {
    this.pieces?.stop()
    this.pieces = new PieceMeter(this.scheduler instanceof PieceScheduler ? this.scheduler : undefined)
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
