/** What was not as it should be: counted all, told the first of each kind. */

const TOLD = 5

export interface Finding {
  readonly what: string
  readonly where: string
  readonly detail: string
}

export class Findings {
  /** Deliveries that were due and did not come, or came and were not due, or came in another order. */
  missing = 0
  extra = 0
  disordered = 0
  /** Of clients that were not to get all: who stopped reading, or whose thread died. */
  excused = 0
  closedThoughReading = 0
  private readonly counts = new Map<string, number>()
  private readonly told: Array<Finding> = []
  private readonly tell: (finding: Finding) => void

  constructor(tell: (finding: Finding) => void) {
    this.tell = tell
  }

  add(finding: Finding): void {
    const count = (this.counts.get(finding.what) ?? 0) + 1
    this.counts.set(finding.what, count)
    if (count > TOLD) return
    this.told.push(finding)
    this.tell(finding)
  }

  /** What was found, and how often. */
  get kinds(): ReadonlyMap<string, number> {
    return this.counts
  }

  get all(): ReadonlyArray<Finding> {
    return this.told
  }
}
