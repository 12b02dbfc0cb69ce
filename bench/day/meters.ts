/** What is measured of the thread that it runs in: how long it is held in one piece, how busy it is, what its heap takes. */
import { Effect } from "effect"
import { type EventLoopUtilization, performance } from "node:perf_hooks"
import { getHeapSpaceStatistics } from "node:v8"
import { collectGarbage } from "../support/collect.ts"
import type { Instruments } from "./Instruments.ts"
import { PieceMeter } from "./pieces.ts"

/** Where V8 keeps code: it compiles some and forgets some all day long, a megabyte up and down. */
const CODE = /code|trusted|read_only/

const dataUsed = (): number =>
  getHeapSpaceStatistics().reduce(
    (sum, { space_name: name, space_used_size: used }) => (CODE.test(name) ? sum : sum + used),
    0
  )

/** Bytes of this thread's heap that are in use, but for code. */
export const heapUsed: Effect.Effect<number> = Effect.gen(function* () {
  // What the first collection leaves for finalizers, the second takes.
  for (let round = 0; round < 2; round++) {
    collectGarbage()
    yield* Effect.sleep("5 millis")
  }
  collectGarbage()
  return dataUsed()
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
    const { longest = 0, longestTurn = 0, pause = 0, told = [] } = this.pieces?.stop() ?? {}
    this.pieces = undefined
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
