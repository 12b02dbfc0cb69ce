/**
 * A process that puts members and removes some of them until it is killed. It says what was acknowledged; that it is going
 * to remove somebody, it says before.
 */
import { Effect, Layer } from "effect"
import * as MemberStore from "../../../src/layers/MemberStore.ts"
import * as Sqlite from "../../../src/layers/Sqlite.ts"
import { guildId, member } from "../community.ts"

const [path = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const members = yield* (yield* MemberStore.MemberStore).open(guildId(0))
  const say = (what: string, index: number) =>
    Effect.sync(() => process.stdout.write(`${what} ${member(index).user.id}.\n`))
  const write = Effect.fnUntraced(function* (index: number) {
    yield* members.put(member(index))
    yield* say("put", index)
    if (index % 3 > 0) return
    yield* say("removing", index)
    yield* members.remove(member(index).user.id)
    yield* say("removed", index)
  })
  for (let index = 0; ; index += 10) {
    yield* Effect.forEach(
      Array.from({ length: 10 }, (_, offset) => index + offset),
      write,
      { concurrency: "unbounded" }
    )
  }
})

const store = MemberStore.durable({ working: MemberStore.heap }).pipe(Layer.provide(Sqlite.file(path)))
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(store)))
