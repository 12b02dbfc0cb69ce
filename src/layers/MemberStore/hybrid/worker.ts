/**
 * What a worker thread of a scan pool runs: it answers questions about leaves, and keeps nothing but the queries.
 *
 * What takes time to load is not imported here: with `effect`, a worker would take 180 ms to start, and not 25.
 *
 * @since 0.1.0
 */
import { type MessagePort, parentPort } from "node:worker_threads"
import * as Columns from "./Columns.ts"
import { type Matcher, matcher } from "./matching.ts"
import type { Answer, Message, Question } from "./protocol.ts"

const NO_ROWS = new Uint16Array(0)
const NO_IDS = new BigUint64Array(0)

const answered = ({ hidden, leaf, wanted }: Question, matches: Matcher, verdicts: Uint8Array) => {
  const columns = Columns.read(leaf)
  matches(columns, verdicts)
  for (const row of hidden) verdicts[row] = 0
  let size = 0
  for (let row = 0; row < columns.rows; row++) size += verdicts[row] ?? 0
  let next = 0
  if (wanted._tag === "Rows") {
    const rows = new Uint16Array(size)
    for (let row = 0; next < size; row++) if (verdicts[row] === 1) rows[next++] = row
    return { rows, ids: NO_IDS }
  }
  const { besides } = wanted
  const ids = new BigUint64Array(size + besides.length)
  // In halves: as a whole, each would be allocated.
  const halves = new Uint32Array(ids.buffer)
  for (let row = 0; next < 2 * size; row++) {
    if (verdicts[row] !== 1) continue
    halves[next++] = columns.halves[2 * row] ?? 0
    halves[next++] = columns.halves[2 * row + 1] ?? 0
  }
  ids.set(besides, size)
  return { rows: NO_ROWS, ids: besides.length === 0 ? ids : ids.sort() }
}

const serve = (port: MessagePort): void => {
  const matchers = new Map<number, Matcher>()
  const verdicts = new Uint8Array(Columns.MOST_ROWS)
  port.on("message", (message: Message) => {
    const { scan } = message
    if (message._tag === "Forget") {
      matchers.delete(scan)
      return
    }
    if (message.query !== undefined) matchers.set(scan, matcher(message.query))
    const matches = matchers.get(scan)
    if (matches === undefined) throw new Error(`scan ${scan} came without its query`)
    const found = answered(message, matches, verdicts)
    const answer: Answer = { job: message.job, found }
    port.postMessage(
      answer,
      [found.rows, found.ids].filter(({ length }) => length > 0).map(({ buffer }) => buffer)
    )
  })
}

if (parentPort !== null) serve(parentPort)
