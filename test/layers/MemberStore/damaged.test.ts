/** A file in which there is something that SQLite cannot read. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { closeSync, openSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import * as Sqlite from "../../../src/layers/Sqlite.ts"
import { member } from "../../support/community.ts"
import { everybody, life, open } from "../../support/durable/store.ts"
import { temporaryFolder } from "../../support/folder.ts"

/** The schema, and where the first table begins. */
const WHOLE = 2 * 4_096

const overwrite = (path: string, from: number): void => {
  const file = openSync(path, "r+")
  const rest = Buffer.alloc(statSync(path).size - from, "damaged ")
  writeSync(file, rest, 0, rest.length, from)
  closeSync(file)
}

const file = Effect.map(temporaryFolder, (folder) => join(folder, "members.db"))
const reopened = (path: string) => Layer.fresh(Sqlite.file(path))

describe("a damaged file", () => {
  it.live("is said once, by its name; it is not tried again for ever, and whoever waits for its members is told", () =>
    Effect.gen(function* () {
      const path = yield* file
      const all = Array.from({ length: 2_000 }, (_, index) => member(index + 1))
      yield* life(Effect.flatMap(open(), (members) => members.putAll(all))).pipe(Effect.provide(reopened(path)))
      overwrite(path, WHOLE)
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const error = yield* life(
        Effect.gen(function* () {
          const members = yield* open()
          const error = yield* Effect.flip(everybody(members))
          // Long enough for it to be tried again.
          yield* Effect.sleep("500 millis")
          return error
        })
      ).pipe(Effect.provide(reopened(path)), Effect.provide(Logger.layer([logger])))
      assert.match(error.message, /cannot be scanned: .*members\.db: .*malformed/)
      assert.strictEqual(lines.length, 1, lines.join("\n"))
      assert.match(lines[0] ?? "", /is damaged, restore it \(.*members\.db: .*malformed\)/)
    }).pipe(Effect.scoped)
  )

  it.live("that is no database at all is an error at the start, and names the file", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* Effect.scoped(Layer.build(reopened(path)))
      overwrite(path, 0)
      const error = yield* Effect.flip(Effect.scoped(Layer.build(reopened(path))))
      assert.match(error.message, /members\.db: .*not a database/)
    }).pipe(Effect.scoped)
  )
})
