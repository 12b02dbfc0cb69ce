/** The examples do what they say, run as a newcomer runs them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import * as processes from "./support/process.ts"

const run = (name: string) =>
  Effect.scoped(Effect.flatMap(processes.start("tools/named.mjs", ["examples", name]), ({ exited }) => exited))

describe("examples", () => {
  it.live("one-guild: everybody gets the message, and the trace is printed", () =>
    Effect.gen(function* () {
      const { code, output } = yield* run("one-guild")
      assert.strictEqual(code, 0)
      for (const name of ["Ada", "Grace", "Joe"]) assert.match(output, new RegExp(`^${name} got Hello$`, "m"))
      const names = Array.from(output.matchAll(/'([a-z]+(?:\.[a-zA-Z]+)?)'/g), ([, name]) => name)
      assert.deepStrictEqual(names, [
        "example",
        "guild.SendMessage",
        "relay.fanout",
        "session.deliver",
        "session.deliver",
        "session.deliver"
      ])
    })
  )

  it("one-guild fits on a page", () => {
    const lines = readFileSync(resolve(import.meta.dirname, "../examples/one-guild.ts"), "utf8")
      .trimEnd()
      .split("\n")
    assert.isAtMost(lines.length, 40)
  })

  it.live("swap-strategies: all keep the trace under one sampler, a few under the other", () =>
    Effect.gen(function* () {
      const { code, output } = yield* run("swap-strategies")
      assert.strictEqual(code, 0)
      assert.match(output, /^always: 400 of 400 /m)
      const kept = Number(/^by fan-out size: (\d+) of 400 /m.exec(output)?.[1])
      // 2.5 % of 400 are 10; more than 40 happens once in 10¹² runs.
      assert.isBelow(kept, 40)
    })
  )

  it.live("sixteen-minutes: shows where they went", () =>
    Effect.gen(function* () {
      const { code, output } = yield* run("sixteen-minutes")
      assert.strictEqual(code, 0)
      assert.match(output, /guild\.Connect.*13:5\d\.\d{3}.*837\d{3}/)
      assert.match(output, /relay\.Attach.*16:00\.000.*122\d{3}/)
      assert.match(output, /session\.deliver.*16:00\.120/)
    })
  )

  it.live("a name that there is not is answered with those that there are", () =>
    Effect.gen(function* () {
      const { code, output } = yield* run("nothing")
      assert.strictEqual(code, 2)
      assert.include(output, "one-guild, sixteen-minutes, swap-strategies")
    })
  )
})
