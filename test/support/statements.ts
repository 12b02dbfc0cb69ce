/** What a program asks its database, one statement after the other, each of which may be made to wait, or to fail. */
import { Effect } from "effect"
import { CurrentTransformer, type Transformer } from "effect/sql/Statement"

/** Answers "fail" where the statement is not to be run. */
export type Before = (text: string) => Effect.Effect<"run" | "fail">

const transformer =
  (before: Before): Transformer =>
  (statement, sql) =>
    Effect.map(before(statement.compile()[0]), (what) => (what === "run" ? statement : sql`SELECT * FROM nowhere`))

/** Runs a program, and builds its Layers, with something before each statement but those that begin and end transactions. */
export const before = (before: Before) => Effect.provideService(CurrentTransformer, transformer(before))
