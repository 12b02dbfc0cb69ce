/**
 * A scan worker that says which thread it is, as the one user in each leaf. Of who bears a role it never answers: it is busy
 * for ever; nor of whose name begins like this: it has come to a stop.
 */
import { parentPort, threadId } from "node:worker_threads"
import type { Answer, Message } from "../../../src/layers/MemberStore/hybrid/protocol.ts"

parentPort?.on("message", (message: Message) => {
  if (message._tag === "Forget") return
  if (message.query?._tag === "Bearing") for (;;);
  if (message.query?._tag === "Named") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  const found = { rows: new Uint16Array(0), ids: BigUint64Array.of(BigInt(threadId)) }
  const answer: Answer = { job: message.job, found }
  parentPort?.postMessage(answer)
})
