/**
 * Who still sees what is no longer in a table.
 *
 * Time is counted in epochs: taking a snapshot ends one. A snapshot sees the bases that were born in its epoch or before,
 * and died in a later one; a base that no snapshot sees gives its memory back.
 *
 * @since 0.1.0
 */
import type { Arena } from "./Arena.ts"
import { type Base, EMPTY } from "./Base.ts"

interface Retired {
  readonly base: Base
  readonly died: number
}

/**
 * @since 0.1.0
 * @category models
 */
export class Epochs {
  /** The epoch in which what is written now is written. */
  now = 0
  private readonly snapshots = new Set<number>()
  private retired: Array<Retired> = []
  private readonly arena: Arena

  constructor(arena: Arena) {
    this.arena = arena
  }

  /** Ends the epoch, of which the caller takes a snapshot: what it sees stays until the function is called. */
  freeze(): () => void {
    const epoch = this.now++
    this.snapshots.add(epoch)
    return () => {
      if (!this.snapshots.delete(epoch)) return
      const { retired } = this
      this.retired = []
      for (const { base, died } of retired) this.retire(base, died)
    }
  }

  /** A base that is in the table no more. */
  retire(base: Base, died = this.now): void {
    if (base === EMPTY) return
    for (const epoch of this.snapshots) {
      if (base.born <= epoch && epoch < died) {
        this.retired.push({ base, died })
        return
      }
    }
    this.arena.give(base.piece)
  }
}
