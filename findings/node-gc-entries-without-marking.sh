#!/usr/bin/env bash
# Node.js 24: what perf_hooks tells of the collector ("gc" entries) leaves out the steps of incremental marking.
#
# Behaviour: two million small objects live, and some are replaced all the time, until the old space has been collected
# three times. V8 marks the heap in steps on the main thread, between which the program runs. Its own log
# (--trace-gc-nvp) has them as `incremental=`, up to a second for each collection of the old space. The entries of kind
# NODE_PERFORMANCE_GC_INCREMENTAL last some milliseconds in all, and those of kind major as long as the log's pauses: the
# steps are in none.
# So whoever takes the entries' durations from a stall of the event loop, to see what of it was the program's own, blames the
# program for most of what the collector did. One would expect the entries to add up to the collector's time.
#
# Output seen (Node.js 24.18.0; milliseconds, of one run):
#   the log: 652 of incremental marking, 96 of pauses of mark-compact
#   the entries: 50 of kind incremental, 97 of kind major, 13262 of kind minor
#
# Fails if that changes. Needs npm, and 1 GB of memory.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.18.0
cat >run.mjs <<'JS'
import { constants, performance, PerformanceObserver } from "node:perf_hooks"

const entries = []
new PerformanceObserver((list) => {
  for (const { detail, duration, startTime } of list.getEntries()) entries.push({ startTime, duration, kind: detail.kind })
}).observe({ entryTypes: ["gc"] })

const made = (index) => ({ index, next: { index }, name: `name ${index}` })
const live = Array.from({ length: 2_000_000 }, (_, index) => made(index))
await new Promise((resolve) => setTimeout(resolve, 500))

const start = performance.now()
const collections = () =>
  entries.filter(({ kind, startTime }) => kind === constants.NODE_PERFORMANCE_GC_MAJOR && startTime >= start).length
for (let at = 0; collections() < 3 && performance.now() < start + 60_000; ) {
  for (let count = 0; count < 2_000; count++) {
    at = (at + 7919) % live.length
    live[at] = made(at)
  }
  await new Promise((resolve) => setImmediate(resolve))
}
const end = performance.now()
await new Promise((resolve) => setTimeout(resolve, 100))
const during = entries.filter(({ startTime }) => startTime >= start && startTime < end)
const of = (kind) => during.filter((one) => one.kind === kind).reduce((sum, { duration }) => sum + duration, 0)
const told = {
  incremental: of(constants.NODE_PERFORMANCE_GC_INCREMENTAL),
  major: of(constants.NODE_PERFORMANCE_GC_MAJOR),
  minor: of(constants.NODE_PERFORMANCE_GC_MINOR)
}
console.log(`found ${JSON.stringify({ start, end, told })}`)
JS
node=$(node -p 'require("fs").realpathSync("node_modules/node/bin/node")')
"$node" --trace-gc-nvp run.mjs >log
cat >judge.mjs <<'JS'
import { readFileSync } from "node:fs"

const lines = readFileSync("log", "utf8").split("\n")
const { end, start, told } = JSON.parse(lines.find((line) => line.startsWith("found "))?.slice(6) ?? "{}")
const collections = lines.flatMap((line) => {
  const found = /(\d+) ms: pause=([\d.]+) .* gc=mc .* incremental=([\d.]+) /.exec(line)
  if (found === null) return []
  const [at, pause, incremental] = found.slice(1).map(Number)
  return at >= start && at < end + 100 ? [{ pause, incremental }] : []
})
const logged = collections.reduce((sum, { incremental }) => sum + incremental, 0)
const pauses = collections.reduce((sum, { pause }) => sum + pause, 0)
const ms = (value) => Math.round(value)
console.log(`the log: ${ms(logged)} of incremental marking, ${ms(pauses)} of pauses of mark-compact`)
console.log(`the entries: ${ms(told.incremental)} of kind incremental, ${ms(told.major)} of kind major, ${ms(told.minor)} of kind minor`)
// What is of kind major is the pauses alone, so the steps are in no entry.
const isSo = logged > 100 && told.incremental < 0.25 * logged && told.major < 1.2 * pauses
if (!isSo) {
  console.log("this has changed")
  process.exit(1)
}
JS
node judge.mjs
