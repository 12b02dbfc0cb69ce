/** What a thread's heap takes. */
import { Effect } from "effect"
import { getHeapSpaceStatistics, GCProfiler } from "node:v8"
import { collectGarbage } from "../support/collect.ts"

/** Where V8 keeps code: it compiles some and forgets some all day long, a megabyte up and down. */
const CODE = /code|trusted|read_only/

interface Space {
  readonly name: string
  readonly used: number
}

const dataIn = (spaces: ReadonlyArray<Space>): number =>
  spaces.reduce((sum, { name, used }) => (CODE.test(name) ? sum : sum + used), 0)

const dataUsed = (): number =>
  dataIn(getHeapSpaceStatistics().map(({ space_name: name, space_used_size: used }) => ({ name, used })))

/** Bytes of this thread's heap that are in use, but for code, when all has been collected. */
export const heapUsed: Effect.Effect<number> = Effect.gen(function* () {
  // What the first collection leaves for finalizers, the second takes.
  for (let round = 0; round < 2; round++) {
    collectGarbage()
    yield* Effect.sleep("5 millis")
  }
  collectGarbage()
  return dataUsed()
})

/**
 * What was in use after the whole heap had been collected, at the least, while nobody asked for that: collecting on demand has
 * V8 keep the heap small, and mark it six times as often from then on.
 */
export class HeapMeter {
  private readonly profiler = new GCProfiler()

  constructor() {
    this.profiler.start()
  }

  /** Bytes; nothing when all of the heap was not collected meanwhile. */
  stop(): number | undefined {
    const after = this.profiler
      .stop()
      .statistics.filter(({ gcType }) => gcType === "MarkSweepCompact")
      .map(({ afterGC }) =>
        dataIn(afterGC.heapSpaceStatistics.map(({ spaceName: name, spaceUsedSize: used }) => ({ name, used })))
      )
    return after.length === 0 ? undefined : Math.min(...after)
  }
}
