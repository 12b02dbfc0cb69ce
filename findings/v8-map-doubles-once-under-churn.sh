#!/usr/bin/env bash
# Node.js 24 (V8): a Map whose size stays the same takes twice the memory once as many entries have come and gone, for good.
#
# Behaviour: a Map of 100,000 entries, of which the oldest is deleted and a new one set, again and again. V8's hash tables
# count deleted entries as taken until the table is made anew. When it is full, it is made anew at the same size only if at
# least half of it was deleted. A table that has grown by being filled is more than half full of living entries, so it is
# doubled instead. From there on enough was deleted each time, and it stays as it is, however long one goes on. A Set does the
# same.
# So a program with many tables of different sizes (who is connected, by room, say) seems to leak for as long as it takes each
# table to turn over once: the heap grows with every entry that comes and goes, and then no more. One would expect a Map to
# take what its size needs.
#
# Output seen (Node.js 24.18.0; megabytes of a Map, then of a Set):
#   filled 3.6, as many have come and gone 7.3, twenty times as many 7.3
#   filled 2.6, as many have come and gone 5.2, twenty times as many 5.2
#
# Fails if that changes. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.18.0
cat >run.mjs <<'JS'
const used = () => {
  globalThis.gc()
  return process.memoryUsage().heapUsed
}
const measured = (make, add, remove, size) => {
  const start = used()
  const table = make()
  let next = 0
  for (; next < size; next++) add(table, next)
  const weigh = () => (used() - start) / 1e6
  const churn = (until) => {
    for (; next < until; next++) {
      remove(table, next - size)
      add(table, next)
    }
  }
  const filled = weigh()
  churn(2 * size)
  const once = weigh()
  churn(21 * size)
  const often = weigh()
  if (table.size !== size) throw new Error("the size is another")
  return [filled, once, often]
}
const map = (size) =>
  measured(
    () => new Map(),
    (table, key) => table.set(key, key),
    (table, key) => table.delete(key),
    size
  )
const set = (size) =>
  measured(
    () => new Set(),
    (table, key) => table.add(key),
    (table, key) => table.delete(key),
    size
  )
const told = ([filled, once, often]) =>
  `filled ${filled.toFixed(1)}, as many have come and gone ${once.toFixed(1)}, twenty times as many ${often.toFixed(1)}`
// The first is not counted: it pays for what is compiled.
map(1_000)
set(1_000)
const [large, list] = [map(100_000), set(100_000)]
console.log(told(large))
console.log(told(list))
const near = (one, other) => Math.abs(one / other - 1) < 0.1
const doubles = ([filled, once, often]) => near(once, 2 * filled) && near(often, once)
if (!doubles(large) || !doubles(list)) {
  console.log("this has changed")
  process.exit(1)
}
JS
node=$(node -p 'require("fs").realpathSync("node_modules/node/bin/node")')
"$node" --expose-gc run.mjs
