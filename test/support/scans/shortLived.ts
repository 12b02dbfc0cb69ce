/** A scan worker that has had enough after one scan. */
import { parentPort } from "node:worker_threads"
import "../../../src/layers/MemberStore/hybrid/worker.ts"
import type { Message } from "../../../src/layers/MemberStore/hybrid/protocol.ts"

parentPort?.on("message", ({ _tag }: Message) => {
  if (_tag === "Forget") process.exit(0)
})
