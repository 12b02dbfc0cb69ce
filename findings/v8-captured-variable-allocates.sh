#!/usr/bin/env bash
# Node.js 24 (V8 13.6): a function that is never made costs memory at each call of the method that contains it.
#
# Behaviour: two methods do the same, and return nothing else than `undefined` in all calls that are measured. One contains,
# in a branch that is not taken, an arrow function that captures a parameter; the other calls a second method there, which
# contains it. The first allocates 48 bytes at each call, the second none: V8 makes room for what is captured when the method
# begins. Optimizing does not help: it is so in the first call and after four million.
# So a handler of rare errors, written in place (`(error) => this.failed(error, message)`), makes garbage of every message that
# goes well. One would expect to pay for a function where it is made, and the optimizing compiler to move it there.
#
# Output seen (Node.js 24.18.0):
#   bytes a call, first round and median of twenty: contains the function 48 and 48, calls a method that does 0 and 0
#
# Fails if that changes. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.18.0
cat >run.mjs <<'JS'
const CALLS = 200_000
const ROUNDS = 20

class Contains {
  sum = 0
  failed(value) {
    this.sum -= value
  }
  handle(value) {
    if (value < 0) return () => this.failed(value)
    this.sum = (this.sum + value) & 0xffff
    return undefined
  }
}

class Apart {
  sum = 0
  failed(value) {
    this.sum -= value
  }
  handle(value) {
    if (value < 0) return this.later(value)
    this.sum = (this.sum + value) & 0xffff
    return undefined
  }
  later(value) {
    return () => this.failed(value)
  }
}

const round = (handler) => {
  const before = process.memoryUsage().heapUsed
  for (let index = 0; index < CALLS; index++) if (handler.handle(index) !== undefined) throw new Error("a branch was taken")
  return (process.memoryUsage().heapUsed - before) / CALLS
}
const measured = (handler) => {
  const all = Array.from({ length: ROUNDS }, () => round(handler))
  return { first: all[0], median: all.toSorted((one, other) => one - other)[ROUNDS / 2] }
}
const contains = measured(new Contains())
const apart = measured(new Apart())
const text = ({ first, median }) => `${Math.max(0, Math.round(first))} and ${Math.max(0, Math.round(median))}`
console.log(
  `bytes a call, first round and median of twenty: contains the function ${text(contains)}, calls a method that does ${text(apart)}`
)
if (contains.median < 40 || apart.median > 4) {
  console.log("this has changed")
  process.exit(1)
}
JS
node=$(node -p 'require("fs").realpathSync("node_modules/node/bin/node")')
"$node" --min-semi-space-size=64 --max-semi-space-size=64 run.mjs
