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
 * A fan-out that would like a share of its recipients kept. `second` never goes back, `draw` is uniform in [0, 1); of each
 * second the first draw counts.
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

/** Of the budget, what is nobody's share: for those who did not ask in the last second, or now ask for more. */
const SPARE = 0.1

/**
 * What is given of a spare for so much demand in all: nearly what is asked for at first, ever less of what is added, and
 * never the whole. By a power law rather than exponentially, so that no span stands for absurdly many; and from the
 * start, since the sooner it bends the less it has to later.
 */
const givenOf = (spare: number, demand: number): number => spare * (1 - 1 / Math.sqrt(1 + (2 * demand) / spare))

/**
 * A budget of `total` spans a second, at least 1. Its memory follows the number of sources that asked within the last two
 * seconds.
 *
 * What is spent is expectations, of which there is always a rest; they are rounded to whole spans by one draw for the
 * whole second, so that their sum is never rounded up beyond the budget, and each fan-out keeps on average what it was
 * given. Nothing has to be cut off, and so counts stay true however unevenly fan-outs come.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (total: number): SpanBudget => {
  const whole = Math.floor(total)
  let second = Number.NaN
  let asked = new Map<string, number>()
  /** What each source that asked in the last second asked for, its share of this one, and what it has left of that. */
  let demands = new Map<string, number>()
  let fair = new Map<string, number>()
  let own = new Map<string, number>()
  let spare = 0
  let spareDemand = 0
  /** What has been given in this second, and the draw by which that is rounded. */
  let given = 0
  let offset = 0

  const turn = (now: number, draw: number): void => {
    demands = now === second + 1 ? asked : new Map()
    asked = new Map()
    fair = shares(demands, whole * (1 - SPARE))
    own = new Map(fair)
    spare = whole - Array.from(fair.values()).reduce((sum, share) => sum + share, 0)
    spareDemand = 0
    given = 0
    offset = draw
    second = now
  }

  return {
    decide: ({ draw, probability, recipients, second: now, source }) => {
      if (now !== second) turn(now, draw)
      const wanted = Math.min(1, probability) * recipients
      if (!(wanted > 0)) return NOTHING
      asked.set(source, (asked.get(source) ?? 0) + wanted)
      const demand = demands.get(source)
      const fairly = demand === undefined ? wanted : (wanted * (fair.get(source) ?? 0)) / demand
      const left = own.get(source) ?? 0
      const ofOwn = Math.min(fairly, left)
      own.set(source, left - ofOwn)
      const ofSpare = givenOf(spare, spareDemand + fairly - ofOwn) - givenOf(spare, spareDemand)
      spareDemand += fairly - ofOwn
      const before = Math.floor(given + offset)
      given += ofOwn + ofSpare
      const count = Math.min(Math.floor(given + offset), whole) - before
      return { probability: (ofOwn + ofSpare) / recipients, count }
    }
  }
}
