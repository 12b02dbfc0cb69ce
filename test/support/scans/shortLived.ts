/** A scan worker that has had enough after one scan, and says so. */
import { parentPort } from "node:worker_threads"
import "../../../src/layers/MemberStore/hybrid/worker.ts"
import type { Message } from "../../../src/layers/MemberStore/hybrid/protocol.ts"

const channel = new BroadcastChannel("scans/shortLived")

parentPort?.on("message", ({ _tag }: Message) => {
  if (_tag !== "Forget") return
  channel.postMessage("ends")
  process.exit(0)
})
