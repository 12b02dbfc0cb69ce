/**
 * Counts a relay's work, so that what is long is done in pieces.
 *
 * @since 0.1.0
 */

/**
 * The most work of one piece: half a millisecond to a whole one. A unit is some 30 to 60 ns, such as reading one entry of a map.
 *
 * @since 0.1.0
 * @category limits
 */
export const PIECE = 16_384

/**
 * What asking a set of roles costs.
 *
 * @since 0.1.0
 * @category costs
 */
export const ASKED = 8

/**
 * What looking a user up costs.
 *
 * @since 0.1.0
 * @category costs
 */
export const FOUND = 2

/**
 * What writing one item of a text costs: a channel of a summary, or an overwrite of a channel.
 *
 * @since 0.1.0
 * @category costs
 */
export const WRITTEN = 8

/**
 * What it costs to write who is in a voice channel.
 *
 * @since 0.1.0
 * @category costs
 */
export const MOVED = 64

/**
 * What sending to one session costs.
 *
 * @since 0.1.0
 * @category costs
 */
export const SENT = 4

/**
 * @since 0.1.0
 * @category models
 */
export class Meter {
  /** The most work of one piece. */
  readonly piece: number
  spent = 0
  private next: number

  constructor(piece = PIECE) {
    this.piece = piece
    this.next = piece
  }

  /** Whether a piece has been done since this last said so: then somebody else may have a turn. */
  get isDue(): boolean {
    if (this.spent < this.next) return false
    this.next = this.spent + this.piece
    return true
  }
}
