/** What threads of this machine do alone: random reads over more memory than any cache holds, in each at once. */
import { fileURLToPath } from "node:url"
import { isMainThread, parentPort, Worker } from "node:worker_threads"
import { quick } from "./report.ts"

const PLACES = quick ? 1e5 : 16e6
const READS = quick ? 1e5 : 1e7

/** Milliseconds for so many reads, each where the one before says. */
const read = (): number => {
  const places = new Float64Array(PLACES)
  const start = performance.now()
  let place = 0
  for (let count = 0; count < READS; count++) {
    place = (place + 506_816 + (places[place] ?? 0)) % PLACES
    places[place] = 0
  }
  return performance.now() - start
}

/** How much sooner so many threads are done with the work than one: the ideal is their number. */
export const speedup = async (threads: number): Promise<number> => {
  const slowest = async (count: number) => {
    const each = Array.from(
      { length: count },
      () =>
        new Promise<number>((resolve, reject) => {
          const thread = new Worker(fileURLToPath(import.meta.url), { argv: process.argv.slice(2) })
          thread.once("message", resolve)
          thread.once("error", reject)
        })
    )
    return Math.max(...(await Promise.all(each)))
  }
  const one = await slowest(1)
  return (threads * one) / (await slowest(threads))
}

if (!isMainThread) parentPort?.postMessage(read())
