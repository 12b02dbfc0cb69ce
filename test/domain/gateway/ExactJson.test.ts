import { assert, it } from "@effect/vitest"
import { Schema } from "effect"
import * as ExactJson from "../../../src/domain/gateway/ExactJson.ts"

it.each([
  ["9007199254740991", 9007199254740991],
  ["9007199254740993", "9007199254740993"],
  ["-9007199254740993", "-9007199254740993"],
  [`{"a":[1275832345678901234, "1275832345678901234"]}`, { a: ["1275832345678901234", "1275832345678901234"] }],
  [`"1275832345678901234"`, "1275832345678901234"],
  ["1e300", 1e300],
  ["0.12345678901234567890", 0.12345678901234568]
])("%s", (text, expected) => {
  assert.deepStrictEqual(ExactJson.parse(text), expected)
})

it.prop("reads what has no large numbers as JSON.parse does", [Schema.Json], ([value]) => {
  const text = JSON.stringify(value)
  const isLarge = /\d{16}/.test(text)
  if (!isLarge) assert.deepStrictEqual(ExactJson.parse(text), JSON.parse(text))
})

it.prop(
  "no integer is rounded",
  [Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: 2n ** 64n - 1n }))],
  ([id]) => {
    assert.strictEqual(String(ExactJson.parse(String(id))), String(id))
  }
)
