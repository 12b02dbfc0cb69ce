/** The page of limits says what the code does. */
import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { LIMITS } from "../src/programs/server/limits.ts"

it("docs/operating.md has every limit, with its number", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../docs/operating.md"), "utf8")
  const [, section = ""] = page.split("\n## Limits\n")
  const rows = section
    .split("\n## ")[0]
    ?.split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim())
    )
  assert.deepStrictEqual(
    rows,
    LIMITS.map(({ beyond, isSettable, most, name, per, what }) => [
      `\`${name}\``,
      what,
      per,
      most,
      isSettable ? "yes" : "",
      beyond
    ])
  )
})
