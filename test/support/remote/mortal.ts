/** Loaded into every thread of a server before anything else: a worker thread dies as soon as a file is there. */
import { existsSync, rmSync } from "node:fs"
import { isMainThread } from "node:worker_threads"

const file = process.env.DIES_OF

if (!isMainThread && file !== undefined) {
  setInterval(() => {
    if (!existsSync(file)) return
    rmSync(file)
    throw new Error("as the test wants it")
  }, 20).unref()
}
