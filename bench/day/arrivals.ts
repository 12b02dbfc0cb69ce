/** What guilds' thread and workers agree upon. */
import type { Instruments } from "./Instruments.ts"
import type { Read } from "./reading.ts"

/** Orders that a thread carries out at a time. */
export const AT_ONCE = 512

/** Where guilds live, among the threads that measure themselves; the others come after it. */
export const GUILDS_THREAD = 0

const WORKER = "worker-"

/** What the nth worker is called, and who takes its place. */
export const nameOf = (worker: number): string => `${WORKER}${worker}`

/** Which of the threads that measure themselves a worker is. */
export const threadOf = (name: string): number => GUILDS_THREAD + 1 + Number(name.slice(WORKER.length))

/** Timed messages say so. */
export const TIMED = " timed"

/** Notes the arrival of timed messages. */
export const arrivedAt =
  (instruments: Instruments) =>
  (guild: number, read: Read): void => {
    if (read.kind === "message" && read.content.endsWith(TIMED)) instruments.arrived(guild, read.number)
  }
