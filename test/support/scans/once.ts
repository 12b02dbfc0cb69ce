/** A program that scans once, and has nothing else to do. */
import { Console, Effect } from "effect"
import { GuildId } from "../../../src/domain/Ids.ts"
import * as MemberQuery from "../../../src/domain/MemberQuery.ts"
import { MemberStore } from "../../../src/domain/MemberStore.ts"
import { hybrid } from "../../../src/layers/MemberStore/hybrid.ts"
import { member } from "../community.ts"

const program = Effect.gen(function* () {
  const members = yield* (yield* MemberStore).open(GuildId.make("1"))
  yield* Effect.forEach(
    Array.from({ length: 1_000 }, (_, index) => member(index)),
    members.put,
    { discard: true }
  )
  yield* Console.log((yield* members.ids(MemberQuery.everybody)).size)
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(hybrid({ workers: 3 }))))
