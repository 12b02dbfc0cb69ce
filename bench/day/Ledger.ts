/** What became of each message that somebody sent, as long as that is not settled. */
import type { Answer } from "./talk.ts"

type State = "calling" | "acknowledged" | "refused" | "maybe"

interface Entry {
  state: State
  isHeard: boolean
}

export class Ledger {
  private next = 0
  private readonly entries = new Map<number, Entry>()
  private readonly wrong: (what: string, detail: string) => void
  calling = 0

  constructor(wrong: (what: string, detail: string) => void) {
    this.wrong = wrong
  }

  /** The number of the next message. */
  begin(): number {
    const number = this.next++
    this.entries.set(number, { state: "calling", isHeard: false })
    this.calling++
    return number
  }

  answered(number: number, { error, handled }: Answer): void {
    this.calling--
    const entry = this.entries.get(number)
    if (entry === undefined) return
    if (error === undefined || handled === "maybe") {
      entry.state = error === undefined ? "acknowledged" : "maybe"
      if (entry.isHeard) this.entries.delete(number)
      return
    }
    entry.state = "refused"
    if (entry.isHeard) this.wrong("a message that was refused was delivered", `message ${number}: ${error}`)
  }

  /** The administrator hears it. */
  heard(number: number): void {
    const entry = this.entries.get(number)
    if (entry === undefined || entry.isHeard) {
      return this.wrong("a message came twice, or from nobody", `message ${number}`)
    }
    entry.isHeard = true
    if (entry.state === "refused") this.wrong("a message that was refused was delivered", `message ${number}`)
    if (entry.state !== "calling") this.entries.delete(number)
  }

  isHeard(number: number): boolean {
    return this.entries.get(number)?.isHeard !== false
  }

  /** Everything has been answered, and what was said before has been heard. */
  settle(): void {
    for (const [number, { isHeard, state }] of this.entries) {
      if (state === "calling") continue
      if (state === "acknowledged" && !isHeard) {
        this.wrong("a message was acknowledged and never delivered", `message ${number}`)
      }
      this.entries.delete(number)
    }
  }

  get unsettled(): number {
    return this.entries.size
  }
}
