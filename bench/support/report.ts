/** What all suites share: rounds in turn, medians, and the one line that says it all. */

/** The middle of some measurements; of an even number, the lower of the two in the middle. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}

/** For measurements that fall into two heaps, where the median is in the one or in the other by chance. */
export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Every order of some subjects. Rounds go through them, so that a machine that slows down slows all, and nobody always
 * comes after the same one, whose garbage it would pay for.
 */
export const permutations = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))

/** Whether a run of seconds is asked for, which shows that the suite works and measures nothing worth quoting. */
export const quick: boolean = process.argv.includes("--quick")

/** Three significant digits: more would be noise. */
const rounded = (value: number): number => Number(value.toPrecision(3))

export const report = (suite: string, metrics: Readonly<Record<string, number>>): void => {
  const entries = Object.entries(metrics).map(([name, value]) => [name, rounded(value)])
  console.log(JSON.stringify({ suite, metrics: Object.fromEntries(entries) }))
}
