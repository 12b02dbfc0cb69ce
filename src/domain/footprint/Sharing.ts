/**
 * What a sample tells about things that were found in few of the entries drawn: for how many like them they stand.
 *
 * What belongs to one entry stands for as many as its entry does, for w. What all entries share stands for itself, and is
 * known by being found again and again. Between them lies what a few entries share. It is found once for the most part, as
 * the first kind is, but now and then twice, and so it can be told how much of it there is. Let f₁ be how many were found
 * once, f₂ twice and f₃ three times.
 *
 * - One that was found once is, on average, in e = 2·f₂·(w − 1) / f₁ entries besides. If that holds for each of them, they
 *   stand for w / (1 + e): Chao's lower bound for sampling without replacement.
 * - But some may be shared by more, and others by nobody. One that was found twice is in g = 1 + 3·f₃·(w − 1) / f₂ entries
 *   besides one of these. So a part e / g is of a kind that 1 + g entries share, and the rest belongs to one: of all mixtures
 *   that agree with what was found this has most. It is right for the two kinds that there are in practice, what is
 *   everybody's own and what is shared, and taken for what is likely.
 *
 * What was found at two places, in two maps of the same objects say, belongs to the one that was come by first. Each pair
 * found stands for w·(w′ − 1) that the other place does not have.
 *
 * @see Chao and Lin, Nonparametric Lower Bounds for Species Richness and Shared Species Richness under Sampling without
 *   Replacement, Biometrics 68 (2012) 912–921
 * @since 0.1.0
 */

/**
 * The most entries in which a thing is counted. What is found in one more is common.
 *
 * @since 0.1.0
 * @category limits
 */
export const FEW = 4

/**
 * What one thing stands for: so much of it for `itself`, and so much for `each` entry that its own stands for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Share {
  readonly itself: number
  readonly each: number
}

/**
 * What is likely, and how little or much it may be, at three standard errors.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shares {
  readonly low: Share
  readonly likely: Share
  readonly high: Share
}

/** Nobody shares it. */
const ALONE: Share = { itself: 0, each: 1 }

/**
 * How far the mean may be above a count, at three standard errors.
 *
 * @see Gehrels, Confidence Limits for Small Numbers of Events in Astrophysical Data, ApJ 303 (1986) 336–346
 */
const slack = (count: number): number => 3 * Math.sqrt(count + 0.75) + 3

/**
 * What was found at one place, between the entries of containers that are equally deep in others. Weights are those of the
 * entries.
 *
 * @since 0.1.0
 * @category models
 */
export class Sharing {
  /** How often something was found here that was found so many times in all. */
  private readonly finds = new Array<number>(FEW + 1).fill(0)
  private weights = 0
  private pairs = 0
  private pairWeights = 0
  private takenWeights = 0
  private known: Shares | undefined

  /** Found in one entry. */
  once(weight: number): void {
    this.again(1)
    this.weights += weight
  }

  /** Found here, as one of so many times. */
  again(times: number): void {
    this.finds[times] = (this.finds[times] ?? 0) + 1
  }

  /** One half of a pair was found here, and so was the other: told of each. */
  pair(weight: number): void {
    this.pairs += 1 / 2
    this.pairWeights += weight
  }

  /** The later half of a pair was found here, which belongs to another place. */
  taken(weight: number): void {
    this.pairs++
    this.takenWeights += weight
  }

  /** To be asked when all has been told. */
  get shares(): Shares {
    return (this.known ??= this.reckoned())
  }

  private reckoned(): Shares {
    const [, once = 0, twice = 0, thrice = 0, often = 0] = this.finds
    const { pairs } = this
    if (once === 0) return { low: ALONE, likely: ALONE, high: ALONE }
    const mean = this.weights / once
    if (pairs === 0) return { low: this.share(1, slack(0) * 2 * mean * (mean - 1), 0), likely: ALONE, high: ALONE }
    /** As if there were so many times as many pairs, and triples found so often. */
    const mixed = (times: number, triples: number): Share => {
      const within = this.pairWeights * times
      const between = this.takenWeights * times
      const others = 1 + (2 * (mean - 1) * triples) / twice
      return this.share(Math.min(1, (within + between) / this.weights / others), within, between)
    }
    // Pairs of what is shared by very many, of which there are triples and more, say nothing of the rest.
    const explained = Math.min(1, (2 * thrice ** 2) / (3 * (often + 1)) / twice)
    const more = 1 - explained + slack(pairs) / pairs
    const less = 1 - 3 / Math.sqrt(pairs)
    // A few triples more or less say nothing yet.
    const likely = mixed(1, Math.max(0, thrice - Math.sqrt(3 * thrice)))
    const low = this.share(1, this.pairWeights * more, this.takenWeights * more)
    return {
      low: low.each < likely.each ? low : likely,
      likely,
      high: less > 0 ? mixed(less, thrice + 3 * slack(thrice / 3)) : ALONE
    }
  }

  /** Where a part of what was found once makes all the pairs, and the rest is alone. */
  private share(part: number, within: number, between: number): Share {
    const weights = part * this.weights
    if (weights === 0) return ALONE
    const own = part * Math.max(0, 1 - between / weights)
    const each = 1 / (1 + within / weights)
    return { itself: own * (1 - each), each: 1 - part + own * each }
  }
}
