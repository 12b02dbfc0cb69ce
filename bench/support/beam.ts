/** A peer on the BEAM: an Elixir script of ours that does what it is told, a line at a time. */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

export interface Beam {
  /** The first line that the script printed. */
  readonly greeting: number
  /** Tells it something, and waits for the figure that it answers with. */
  readonly ask: (what: string) => Promise<number>
  readonly stop: () => void
}

/** One scheduler, as one thread of ours. Without Elixir there is no peer, which is said. */
export const start = async (script: string, ...args: ReadonlyArray<string>): Promise<Beam | undefined> => {
  const child = spawn("elixir", ["--erl", "+S 1:1 +P 2000000", script, ...args], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const missing = new Promise<true>((resolve) => child.once("error", () => resolve(true)))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const figure = async () => {
    const { done, value } = await lines.next()
    if (done === true) throw new Error(`the peer ${script} ended: see what it printed`)
    return Number(value)
  }
  const greeting = await Promise.race([missing, figure()])
  if (greeting === true) {
    console.error("no BEAM to compare with: install Elixir (Debian: apt-get install elixir)")
    return undefined
  }
  return {
    greeting,
    ask: (what) => {
      child.stdin.write(`${what}\n`)
      return figure()
    },
    stop: () => void child.stdin.end()
  }
}
