/**
 * A budget of spans a second, shared out fairly between those who ask for some.
 *
 * Seconds are apart: what each source asked for in one second decides on its share of the next. Shares are max–min
 * fair: whoever asks for less than an equal part gets it whole, and what that leaves is for the others.
 *
 * @since 0.1.0
 */
import type { Decision } from "./Sampler.ts"

/**
 * A fan-out that would like a share of its recipients kept. `second` is the clock's, `draw` is uniform in [0, 1).
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly second: number
  readonly source: string
  readonly recipients: number
  readonly probability: number
  readonly draw: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SpanBudget {
  readonly decide: (request: Request) => Decision
}

const NOTHING: Decision = { probability: 0 }

/**
 * Max–min fair shares of `total` for the given demands.
 *
 * @since 0.1.0
 * @category sharing
 */
export const shares = (demands: ReadonlyMap<string, number>, total: number): Map<string, number> => {
  const result = new Map<string, number>()
  let left = total
  let waiting = demands.size
  // The most modest first: what one does not need of its equal part, those after it have.
  for (const [source, demand] of Array.from(demands).sort(([, a], [, b]) => a - b)) {
    const share = Math.min(demand, left / waiting--)
    result.set(source, share)
    left -= share
  }
  return result
}

/** Shares are of somewhat less than the budget, so that what chance adds to them is rarely cut off. */
const SHARED = 0.9

/**
 * A budget of `total` spans a second, at least 1, that starts unspent. Its memory follows the number of sources that
 * asked within the last two seconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (total: number): SpanBudget => {
  let second = Number.NaN
  let asked = new Map<string, number>()
  /** What each source that asked in the last second asked for, and its share of this one. */
  let demands = new Map<string, number>()
  let fair = new Map<string, number>()
  let spent = new Map<string, number>()
  let left = 0
  /** What is nobody's share: for those who did not ask in the last second, or now ask for more. */
  let spare = 0

  const turn = (now: number): void => {
    demands = now === second + 1 ? asked : new Map()
    asked = new Map()
    fair = shares(demands, total * SHARED)
    spent = new Map()
    left = Math.floor(total)
    spare = Math.floor(total - Array.from(fair.values()).reduce((sum, share) => sum + share, 0))
    second = now
  }

  return {
    decide: ({ draw, probability, recipients, second: now, source }) => {
      // A clock that was set back begins a second too, or nothing would be kept until it has caught up.
      if (now !== second) turn(now)
      const wanted = Math.min(1, probability) * recipients
      if (!(wanted > 0)) return NOTHING
      asked.set(source, (asked.get(source) ?? 0) + wanted)
      const share = fair.get(source) ?? 0
      const demand = demands.get(source)
      const expected = demand === undefined ? wanted : (wanted * share) / demand
      const own = Math.max(0, Math.ceil(share) - (spent.get(source) ?? 0))
      // Of the spare nobody takes more than half, so that there is some for whoever comes next.
      const most = Math.min(left, own + Math.ceil(spare / 2))
      const count = Math.min(Math.floor(expected + draw), most)
      const ofOwn = Math.min(count, own)
      spent.set(source, (spent.get(source) ?? 0) + ofOwn)
      spare -= count - ofOwn
      left -= count
      return { probability: Math.min(expected, most) / recipients, count }
    }
  }
}
