/**
 * What was noted lately, by key. It has no timers, and its memory is bounded: all that was noted before the last but one
 * `turn` is forgotten.
 *
 * @since 0.1.0
 */

/**
 * Once so many keys are noted, a turn comes by itself.
 *
 * @since 0.1.0
 * @category models
 */
export class Recent<Key, Value> {
  private readonly most: number
  private young = new Map<Key, Value>()
  private old = new Map<Key, Value>()

  constructor(most: number) {
    this.most = most
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  get(key: Key): Value | undefined {
    return this.young.get(key) ?? this.old.get(key)
  }

  set(key: Key, value: Value): void {
    if (this.young.size >= this.most && !this.young.has(key)) this.turn()
    this.young.set(key, value)
  }

  /** What was noted before the last turn is forgotten, unless it was noted again since. */
  turn(): void {
    this.old = this.young
    this.young = new Map()
  }
}
