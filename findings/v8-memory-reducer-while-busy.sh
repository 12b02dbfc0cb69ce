#!/usr/bin/env bash
# Node.js 24 (V8 13.6): a hundred seconds after the heap was last marked, V8's memory reducer marks it again, however busy the
# process is, and shrinks the young generation to 1 MiB.
#
# Behaviour: a process that works for half the time and makes 20 MB of garbage a second, all of which dies young, with 45 MB
# that live. Its heap was marked once, after the start. The reducer looks every eight seconds whether the process is idle, and
# sees that it is not ("high alloc"). When a hundred seconds have passed since the mark it begins another one all the same,
# though the heap is not nearly full. It is one that is to reduce memory: afterwards the young generation is 1 MiB, where it was
# 32 or 64, so that it is collected many times a second until it has grown anew, and the old generation may grow by a few
# megabytes until the next mark.
# So a server that makes little old garbage has its slowest second each time that nothing was wrong for a hundred. One would
# expect that what is meant for idle processes leaves busy ones alone. `node --no-memory-reducer` has none of it; the option is
# not allowed in NODE_OPTIONS.
#
# Output seen (Node.js 24.18.0):
#   busy for 0.5 of the time; marks that reduce memory: 1, 101 s after the one before; the young generation after it: 1 MiB
#   with --no-memory-reducer: 0
#
# Fails if that changes. Needs npm, and four minutes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.18.0
cat >run.mjs <<'JS'
const SECONDS = 115

const live = Array.from({ length: 1_000_000 }, (_, index) => ({ index }))
// What a start leaves behind, so that there is a first mark.
Array.from({ length: 2_000_000 }, (_, index) => ({ index, next: {} }))
let sum = 0
const began = performance.eventLoopUtilization()
const timer = setInterval(() => {
  const start = performance.now()
  const made = []
  for (let index = 0; index < 5_000; index++) made.push({ index, sum })
  while (performance.now() < start + 5) sum += live[(sum * 7919) % live.length].index % 97
}, 10)
setTimeout(() => {
  clearInterval(timer)
  console.log(`busy ${performance.eventLoopUtilization(began).utilization}`)
}, SECONDS * 1000)
JS
node=$(node -p 'require("fs").realpathSync("node_modules/node/bin/node")')
"$node" --max-semi-space-size=64 --trace-gc-nvp run.mjs >with
"$node" --max-semi-space-size=64 --trace-gc-nvp --no-memory-reducer run.mjs >without
cat >judge.mjs <<'JS'
import { readFileSync } from "node:fs"

const read = (name) => {
  const text = readFileSync(name, "utf8")
  const marks = text.split("\n").flatMap((line) => {
    const found = /(\d+) ms: pause=.* gc=mc reduce_memory=([01]) .*new_space_capacity=(\d+)/.exec(line)
    if (found === null) return []
    const [at, reduces, capacity] = found.slice(1).map(Number)
    return [{ at, reduces: reduces === 1, capacity }]
  })
  return { marks, busy: Number(/^busy ([\d.]+)/m.exec(text)?.[1]) }
}
const reducing = ({ marks }) => marks.filter(({ reduces }) => reduces)
const [been, spared] = [read("with"), read("without")]
const [mark] = reducing(been)
const before = been.marks.filter(({ at, reduces }) => !reduces && at < (mark?.at ?? 0)).at(-1)
const seconds = Math.round(((mark?.at ?? Number.NaN) - (before?.at ?? Number.NaN)) / 1000)
const mebibytes = (mark?.capacity ?? Number.NaN) / 2 ** 20
console.log(
  `busy for ${been.busy.toFixed(1)} of the time; marks that reduce memory: ${reducing(been).length}, ${seconds} s after the ` +
    `one before; the young generation after it: ${mebibytes} MiB`
)
console.log(`with --no-memory-reducer: ${reducing(spared).length}`)
const isSo = been.busy > 0.4 && seconds >= 100 && mebibytes === 1 && reducing(spared).length === 0
if (!isSo) {
  console.log("this has changed")
  process.exit(1)
}
JS
node judge.mjs
