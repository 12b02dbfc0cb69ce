/**
 * What a sample tells about things that were found in few of the entries drawn: for how many like them they stand.
 *
 * What belongs to one entry stands for as many as its entry does, for w. What all entries share stands for itself, and is
 * known by being found again and again. Between them lies what a few entries share. It is found once for the most part, as
 * the first kind is, but now and then twice, and so it can be told how much of it there is. Let f₁ be how many were found
 * once, f₂ twice and f₃ three times.
 *
 * - One that was found once is, on average, in e = 2·f₂·(w − 1) / f₁ entries besides. Were that so for each of them, they
 *   would stand for w / (1 + e): Chao's lower bound for sampling without replacement.
 * - But some may be shared by more, and others by nobody. One that was found twice is in g = 1 + 3·f₃·(w − 1) / f₂ entries
 *   besides one of its two. So it may be that a part e / g is shared by 1 + g, and the rest is everybody's own: of all mixtures
 *   that agree with what was found, none has more.
 *
 * In practice there are these two kinds, but what is shared is not shared by equally many. If each entry refers to any, as
 * it happens, g is too large by one, unless it is small; so the part is taken to be e / (g − 1 + 1 / g). The first of the above
 * is the bound from below, apart from pairs that are due to what very many share; the second the one from above.
 *
 * What was found at two places, in two maps of the same objects say, belongs to the one where it was found first. Each pair
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
  /** Entries in which one of a pair was found. */
  private readonly paired = new Set<object>()
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

  /** One of a pair was found here, and so was the other: told of each. */
  pair(weight: number, entry: object): void {
    this.pairs++
    this.pairWeights += weight
    this.paired.add(entry)
  }

  /** One of a pair was found here, which belongs to another place, where the other was. */
  taken(weight: number, entry: object): void {
    this.pairs++
    this.takenWeights += weight
    this.paired.add(entry)
  }

  /** To be asked when all has been told. */
  get shares(): Shares {
    return (this.known ??= this.reckoned())
  }

  private reckoned(): Shares {
    const [, once = 0, twice = 0, thrice = 0, often = 0] = this.finds
    const { paired, pairs, pairWeights, takenWeights, weights } = this
    if (once === 0) return { low: ALONE, likely: ALONE, high: ALONE }
    const mean = weights / once
    if (pairs === 0) {
      // There could be some, of which chance has kept back as many as it may.
      return { low: shareOf(1, weights, slack(0) * 2 * mean * (mean - 1), 0), likely: ALONE, high: ALONE }
    }
    /** A part makes so many times the pairs that there are, the rest so many. */
    const mixed = (part: number, times: number, restTimes: number): Share => {
      const some = shareOf(part, weights, pairWeights * times, takenWeights * times)
      const rest = shareOf(1 - part, weights, pairWeights * restTimes, takenWeights * restTimes)
      return { itself: some.itself + rest.itself, each: some.each + rest.each }
    }
    /** How many others have what was found twice, if so much was found three times. */
    const others = (thrice: number): number => 1 + (2 * (mean - 1) * thrice) / twice
    /** The part that is shared, if so many others have it. */
    const part = (times: number, others: number): number =>
      Math.min(1, ((pairWeights + takenWeights) * times) / weights / others)
    // Those that come together, since one entry refers to many of them, count as one where chance is concerned.
    const together = pairs / paired.size
    const independent = pairWeights > 0 ? paired.size / 2 : paired.size
    const more = slack(independent) / independent
    const less = 1 - 3 / Math.sqrt(independent)
    const seen = others(Math.max(0, thrice - Math.sqrt(3 * together * thrice)))
    const likely = part(1, seen - 1 + 1 / seen)
    const most = others(thrice + 3 * together * slack(thrice / 3 / together))
    // Pairs of what very many share are as many as triples and more of it let expect. They say nothing of the rest.
    const unexplained = Math.max(0, 1 - (2 * thrice ** 2) / (3 * (often + 1)) / twice)
    return {
      low: mixed(likely, 1 + more, unexplained + more),
      likely: mixed(likely, 1, 0),
      high: less > 0 ? mixed(part(less, most), less, 0) : ALONE
    }
  }
}

/** What a part of all stands for that makes pairs of such weights: here, and with what belongs to other places. */
const shareOf = (part: number, weights: number, here: number, elsewhere: number): Share => {
  if (part <= 0) return { itself: 0, each: 0 }
  const own = part * Math.max(0, 1 - elsewhere / (part * weights))
  const each = 1 / (1 + here / (part * weights))
  return { itself: own * (1 - each), each: own * each }
}
