/** No bench rots: each suite runs, for seconds, and says what it says in the form that is asked for. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { globSync } from "node:fs"
import { basename, resolve } from "node:path"
import * as processes from "./support/process.ts"

const Report = Schema.fromJsonString(
  Schema.Struct({ suite: Schema.String, metrics: Schema.Record(Schema.String, Schema.Finite) })
)

/** Hostile clients have a test of their own, of what they find. */
const suites = globSync("*.ts", { cwd: resolve(import.meta.dirname, "../bench") })
  .map((file) => basename(file, ".ts"))
  .filter((suite) => suite !== "hostile")

describe("bench", () => {
  it.live.each(suites)(
    "%s",
    (suite) =>
      Effect.gen(function* () {
        const { exited } = yield* processes.start("tools/named.mjs", ["bench", suite, "--quick"])
        const { code, output } = yield* exited
        assert.strictEqual(code, 0)
        const last = Schema.decodeUnknownSync(Report)(output.trimEnd().split("\n").at(-1))
        assert.strictEqual(last.suite, suite)
        assert.isAbove(Object.keys(last.metrics).length, 0)
      }).pipe(Effect.scoped),
    // Some start threads of their own, several times over.
    120_000
  )
})
