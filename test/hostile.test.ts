/** Every kind of hostile client, for a moment each, beside honest ones: nothing of theirs is lost, refused or closed. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as processes from "./support/process.ts"

const Report = Schema.fromJsonString(
  Schema.Struct({
    metrics: Schema.Struct({ lost: Schema.Int, twice: Schema.Int, refused: Schema.Int, closed: Schema.Int })
  })
)

describe("hostile clients", () => {
  it.live.each(["inline", "workers"])(
    "--offload %s: honest ones notice nothing",
    (offload) =>
      Effect.gen(function* () {
        const { exited } = yield* processes.start("tools/named.mjs", [
          "bench",
          "hostile",
          "--quick",
          "--offload",
          offload
        ])
        const { code, output } = yield* exited
        assert.strictEqual(code, 0, output)
        const { metrics } = Schema.decodeUnknownSync(Report)(output.trimEnd().split("\n").at(-1))
        assert.deepStrictEqual(metrics, { lost: 0, twice: 0, refused: 0, closed: 0 }, output)
      }).pipe(Effect.scoped),
    120_000
  )
})
