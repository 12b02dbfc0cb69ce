/**
 * What a sample tells of things that were found in one of the entries drawn: for how many like them they stand.
 *
 * One that belongs to a single entry stands for as many as its entry does, for w. One that very many share stands for itself;
 * but it is hardly ever found once only. Between them is what a few share: it is found once for the most part, as the first
 * kind is, but now and then twice. Let f₁ be how many were found once, f₂ twice and f₃ three times.
 *
 * - If all were alike, those found once would be in e = 2·f₂·(w − 1) / f₁ entries besides, on average, and stand for
 *   1 + (w − 1) / (1 + e): Chao's estimate for sampling without replacement. It is never too high, whatever they are, but for
 *   chance.
 * - But what very many share is found twice as well, and then three times too, whereas of what a few share that is rare. What
 *   was found twice is in g = 1 + 3·f₃·(w − 1) / f₂ entries besides one of the two. So it is likely that a part e / g of what
 *   was found once is shared by 1 + g, and the rest by nobody.
 * - Nor can it be excluded that all that was found once is shared by nobody: w is the bound from above.
 *
 * That leaves a wide margin where many were found twice: where each thing is in two entries, one stands for w / 2, and may
 * stand for w.
 *
 * What was found in another field before belongs to that. One found here and there, where an entry stands for v, tells of
 * v − 1 that the other field has too, and that were not found there.
 *
 * @see Chao and Lin, Nonparametric Lower Bounds for Species Richness and Shared Species Richness under Sampling without
 *   Replacement, Biometrics 68 (2012) 912–921
 * @since 0.1.0
 */
import type { Pick } from "./Sample.ts"

/**
 * How far the mean may be above a count, at three standard errors.
 *
 * @see Gehrels, Confidence Limits for Small Numbers of Events in Astrophysical Data, ApJ 303 (1986) 336–346
 */
const slack = (count: number): number => 3 * Math.sqrt(count + 0.75) + 3

/** For how many a thing stands, by what its entry does: a part is this field's `own`, and of what is beyond itself, `each`. */
type Share = (weight: number) => number

const share =
  (own: number, each: number): Share =>
  (weight) =>
    own * (1 + (weight - 1) * each)

/**
 * What was found at one place.
 *
 * @since 0.1.0
 * @category models
 */
export class Sharing {
  private once = 0
  private twice = 0
  private thrice = 0
  private weights = 0
  /** How many entries had things that were found once, and the last of them. */
  private entries = 0
  private last: Pick | undefined
  private takes = 0
  private taken = 0
  private shares: Readonly<Record<"low" | "likely" | "high", Share>> | undefined

  /** Something was found here, in so many entries, `pick` being the first. Entries are told of one after the other. */
  found(times: number, pick: Pick): void {
    if (times === 2) this.twice++
    if (times === 3) this.thrice++
    if (times > 1) return
    this.once++
    this.weights += pick.weight
    if (this.last !== pick) this.entries++
    this.last = pick
  }

  /** Something was found here that had been found once in another field, in an entry of such a weight. */
  take(weight: number): void {
    this.takes++
    this.taken += weight - 1
  }

  /** For how many a thing stands that was found once, and how far that may be off. To be asked when all has been told. */
  stands(weight: number): { readonly likely: number; readonly slack: number } {
    const shares = (this.shares ??= this.reckoned())
    const likely = shares.likely(weight)
    return { likely, slack: Math.max(shares.high(weight) - likely, likely - shares.low(weight)) }
  }

  private reckoned() {
    const { entries, once, taken, takes, thrice, twice, weights } = this
    const rest = weights / once - 1
    // What is found together, since one entry refers to so much, counts as one where chance is concerned.
    const together = once / entries
    const more = (count: number): number => together * slack(count / together)
    const besides = (pairs: number): number => (2 * pairs * rest) / once
    const own = (count: number): number => (takes === 0 ? 1 : Math.max(0, 1 - (count * taken) / takes / once))
    const mean = besides(twice)
    const others = twice === 0 ? 1 : 1 + (3 * thrice * rest) / twice
    return {
      low: share(own(takes + more(takes)), 1 / (1 + besides(twice + more(twice)))),
      likely: share(own(takes), 1 - mean / (1 + Math.max(mean, others))),
      high: share(own(Math.max(0, takes - 3 * Math.sqrt(together * takes))), 1)
    }
  }
}
