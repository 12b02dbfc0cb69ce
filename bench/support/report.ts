/** What all suites share: rounds in turn, medians, and the one line that says it all. */

/** The middle of some measurements; of an even number, the lower of the two in the middle. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}

/** Whether a run of seconds is asked for, which shows that the suite works and measures nothing worth quoting. */
export const quick: boolean = process.argv.includes("--quick")

/** Three significant digits: more would be noise. */
const rounded = (value: number): number => Number(value.toPrecision(3))

export const report = (suite: string, metrics: Readonly<Record<string, number>>): void => {
  const entries = Object.entries(metrics).map(([name, value]) => [name, rounded(value)])
  console.log(JSON.stringify({ suite, metrics: Object.fromEntries(entries) }))
}
