#!/usr/bin/env bash
# effect 4.1.0: Equal.equals on plain objects takes some 350 bytes of memory for each, for as long as the object lives.
#
# Behaviour: 100,000 records with a nested record and a list, held by an array, are each compared once with an equal record
# that is then dropped. `Equal.equals` hashes each object, with all that is nested, and caches the hashes and the outcome in
# WeakMaps: for every object that was ever on the left, a WeakMap of its own. The docs tell of the caches, and that objects must
# not be changed afterwards; not what they take. Programs that keep records (members, orders) and compare each with its next
# state grow by this. An equivalence made by `Schema.toEquivalence` answers the same, keeps nothing, and takes a tenth of the
# time.
#
# Output seen (Node.js 24.18.0; times wander):
#   Equal.equals: 348 bytes kept for each record, 6.9 us a comparison
#   Schema.toEquivalence: 0 bytes kept for each record, 0.7 us a comparison
#
# Fails if that changes. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 node@24.18.0
cat >run.mjs <<'JS'
import { Equal, Schema } from "effect"

const COUNT = 100_000
const Shape = Schema.Struct({
  user: Schema.Struct({ id: Schema.String, name: Schema.String }),
  nick: Schema.String,
  roles: Schema.Array(Schema.String),
  since: Schema.Number
})
const record = (index) => ({ user: { id: String(index), name: `user ${index}` }, nick: "nick", roles: ["1", "2"], since: 5 })
const inUse = () => {
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

const measured = (name, isSame) => {
  const all = Array.from({ length: COUNT }, (_, index) => record(index))
  const before = inUse()
  const start = performance.now()
  let same = 0
  for (const [index, one] of all.entries()) if (isSame(one, record(index))) same++
  const micros = ((performance.now() - start) * 1000) / COUNT
  const bytes = (inUse() - before) / COUNT
  console.log(`${name}: ${bytes.toFixed(0)} bytes kept for each record, ${micros.toFixed(1)} us a comparison`)
  if (same !== COUNT || all.length !== COUNT) throw new Error("they are the same")
  return bytes
}

const byEqual = measured("Equal.equals", Equal.equals)
const bySchema = measured("Schema.toEquivalence", Schema.toEquivalence(Shape))
if (byEqual < 200 || bySchema > 50) {
  console.log("this has changed")
  process.exit(1)
}
JS
node_modules/.bin/node --expose-gc run.mjs
