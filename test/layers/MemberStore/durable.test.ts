import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Layer, Option, Queue, Schema } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { join } from "node:path"
import { GuildId, UserId } from "../../../src/domain/Ids.ts"
import { Member } from "../../../src/domain/Member.ts"
import * as MemberStore from "../../../src/layers/MemberStore.ts"
import * as Sqlite from "../../../src/layers/Sqlite.ts"
import { conforms } from "../../conformance/MemberStore.ts"
import { guildId, member, STAFF, userId } from "../../support/community.ts"
import { byId, durable, everybody, indices, life, open, put } from "../../support/durable/store.ts"
import { temporaryFolder } from "../../support/folder.ts"
import * as processes from "../../support/process.ts"
import * as statements from "../../support/statements.ts"
import { callerSpan, recorder } from "../../support/tracing.ts"

class Others extends Context.Service<Others, MemberStore.MemberStore["Service"]>()("Others") {}

const temporaryFile = Effect.map(temporaryFolder, (folder) => join(folder, "members.db"))
const onFile = Layer.unwrap(Effect.map(temporaryFile, (path) => Sqlite.file(path, { synchronous: "normal" })))

conforms("durable, in memory", Layer.orDie(Layer.provide(durable, Sqlite.memory)))
conforms("durable, on file", Layer.orDie(Layer.provide(durable, onFile)))

describe("durable", () => {
  it.effect.prop(
    "members are as they were when the store is opened again, whoever they are",
    [Schema.Array(Member)],
    ([all]) =>
      Effect.gen(function* () {
        const model = new Map(all.map((one) => [one.user.id, one]))
        yield* life(Effect.flatMap(open(), (members) => Effect.forEach(all, members.put)))
        yield* life(
          Effect.gen(function* () {
            const members = yield* open()
            assert.strictEqual(yield* members.size, model.size)
            for (const [id, one] of model) assert.deepStrictEqual(yield* members.get(id), Option.some(one))
            assert.deepStrictEqual(yield* everybody(members), byId(model.values()))
            for (const [id, one] of model) assert.deepStrictEqual(yield* members.get(id), Option.some(one))
          })
        )
      }).pipe(Effect.provide(Sqlite.memory)),
    { arbitrary: { size: 20 } }
  )

  it.effect("the least and the greatest of ids are kept apart, and in order", () =>
    Effect.gen(function* () {
      const ids = ["0", "9", "10", String(2n ** 63n - 1n), String(2n ** 63n), String(2n ** 64n - 1n)]
      const of = (id: string): Member => ({ ...member(1), user: { ...member(1).user, id: UserId.make(id) } })
      const guild = GuildId.make(String(2n ** 64n - 1n))
      yield* life(Effect.flatMap(open(guild), (members) => Effect.forEach(ids.toReversed().map(of), members.put)))
      const sql = yield* SqlClient
      const kept = yield* sql<{ id: string }>`SELECT user_id AS id FROM fanfare_members ORDER BY user_id`
      assert.deepStrictEqual(
        kept.map(({ id }) => String(BigInt(id))),
        ids
      )
      const members = yield* life(Effect.flatMap(open(guild), everybody))
      assert.deepStrictEqual(members, ids.map(of))
    }).pipe(Effect.provide(Sqlite.memory))
  )

  it.live("what was acknowledged is there when the process is killed", () =>
    Effect.gen(function* () {
      const path = yield* temporaryFile
      const { child, exited, lines } = yield* processes.start("test/support/durable/writer.ts", [path])
      const acknowledged = yield* Queue.takeN(lines, 500)
      child.kill("SIGKILL")
      yield* exited
      const last = new Map<string, string>()
      for (const line of [...acknowledged, ...(yield* Queue.clear(lines))]) {
        const said = /^(\w+) (\d+)\.$/.exec(line)
        if (said?.[1] !== undefined && said[2] !== undefined) last.set(said[2], said[1])
      }
      assert.isAbove(last.size, 100)
      yield* life(
        Effect.gen(function* () {
          const members = yield* open()
          for (const [id, what] of last) {
            const isThere = Option.isSome(yield* members.get(UserId.make(id)))
            if (what !== "removing") assert.strictEqual(isThere, what === "put", id)
          }
        })
      ).pipe(Effect.provide(Sqlite.file(path)))
    }).pipe(Effect.scoped)
  )

  it.effect("its tables may be made at the same time, and again", () =>
    Effect.gen(function* () {
      const path = yield* temporaryFile
      const made = Layer.build(Layer.fresh(durable)).pipe(Effect.provide(Layer.fresh(Sqlite.file(path))))
      yield* Effect.forEach(indices(5), () => made, { concurrency: "unbounded" })
      yield* made
    }).pipe(Effect.scoped)
  )

  it.effect("stores with tables of their own have members of their own, though they share all Layers", () => {
    const other = MemberStore.durable({ working: MemberStore.heap, table: "others" })
    const both = Layer.merge(durable, Layer.provide(Layer.effect(Others, MemberStore.MemberStore), other))
    return Effect.gen(function* () {
      const members = yield* open()
      const others = yield* (yield* Others).open(guildId(0))
      yield* put(members, [1, 2])
      yield* put(others, [3])
      assert.deepStrictEqual(yield* everybody(others), [member(3)])
      assert.deepStrictEqual(yield* everybody(members), [member(1), member(2)])
    }).pipe(Effect.scoped, Effect.provide(both), Effect.provide(Sqlite.memory))
  })

  it.effect("changes are made whole, or not at all", () => {
    const failing = (text: string) =>
      Effect.succeed(/UPDATE \S+_sizes/.test(text) ? ("fail" as const) : ("run" as const))
    return Effect.gen(function* () {
      yield* life(Effect.flatMap(open(), (members) => put(members, [1])))
      yield* Effect.gen(function* () {
        const members = yield* open()
        assert.strictEqual((yield* Effect.flip(members.put(member(2))))._tag, "StoreUnavailable")
        assert.strictEqual((yield* Effect.flip(members.remove(userId(1))))._tag, "StoreUnavailable")
        yield* members.put(member(1, [STAFF]))
        assert.deepStrictEqual(yield* everybody(members), [member(1, [STAFF])])
      }).pipe(life, statements.before(failing))
      assert.deepStrictEqual(yield* life(Effect.flatMap(open(), everybody)), [member(1, [STAFF])])
    }).pipe(Effect.provide(Sqlite.memory))
  })

  it.effect("changes that wait at the same time share a transaction, whatever their guild", () => {
    let writes = 0
    const count = (text: string) =>
      Effect.sync(() => {
        if (text.includes("excluded.member")) writes++
        return "run" as const
      })
    return Effect.gen(function* () {
      const guilds = yield* Effect.forEach(indices(5), (index) => open(guildId(index)))
      yield* Effect.forEach(guilds, (members) => put(members, indices(40)), { concurrency: "unbounded" })
      assert.strictEqual(writes, 1)
      for (const members of guilds) {
        assert.strictEqual(yield* members.size, 40)
        assert.lengthOf(yield* everybody(members), 40)
      }
    }).pipe(life, Effect.provide(Sqlite.memory), statements.before(count))
  })

  it.effect("rows are counted once in the life of a database, and not for a change or a guild that is opened", () => {
    let counts = 0
    const count = (text: string) =>
      Effect.sync(() => {
        if (text.includes("COUNT(*)")) counts++
        return "run" as const
      })
    const change = Effect.gen(function* () {
      const members = yield* open()
      yield* put(members, [1, 2])
      yield* members.remove(userId(1))
      assert.strictEqual(yield* members.size, 1)
      yield* everybody(members)
    })
    return Effect.gen(function* () {
      yield* life(change)
      yield* life(change)
      assert.strictEqual(counts, 1)
    }).pipe(Effect.provide(Sqlite.memory), statements.before(count))
  })

  it.effect("changes of one user that share a transaction are made, and answered, in their order", () =>
    Effect.gen(function* () {
      yield* life(
        Effect.gen(function* () {
          const members = yield* open()
          yield* put(members, [1])
          const asPut = (index: number, isStaff: boolean) =>
            Effect.as(members.put(member(index, isStaff ? [STAFF] : [])), "put")
          const removed = (index: number) => members.remove(userId(index))
          const changes = [
            removed(1),
            removed(1),
            asPut(1, false),
            removed(1),
            asPut(1, true),
            asPut(2, true),
            removed(2)
          ]
          const answers = yield* Effect.all(changes, { concurrency: "unbounded" })
          assert.deepStrictEqual(answers, [true, false, "put", true, "put", "put", true])
          assert.strictEqual(yield* members.size, 1)
        })
      )
      assert.deepStrictEqual(yield* life(Effect.flatMap(open(), everybody)), [member(1, [STAFF])])
    }).pipe(Effect.provide(Sqlite.memory))
  )

  it.effect("a member that is none is refused, and spoils nothing for others", () =>
    Effect.gen(function* () {
      const members = yield* open()
      const nameless: Member = { ...member(1), user: { ...member(1).user, username: "" } }
      const [refused] = yield* Effect.all([Effect.exit(members.put(nameless)), members.put(member(2))], {
        concurrency: "unbounded"
      })
      assert.isTrue(Exit.isFailure(refused) && Cause.hasDies(refused.cause))
      assert.deepStrictEqual(yield* everybody(members), [member(2)])
    }).pipe(life, Effect.provide(Sqlite.memory))
  )

  it.effect("a change within somebody's transaction is refused: it would wait for that to end", () =>
    Effect.gen(function* () {
      const members = yield* open()
      const sql = yield* SqlClient
      const exit = yield* Effect.exit(sql.withTransaction(members.put(member(1))))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.strictEqual(yield* members.size, 0)
    }).pipe(life, Effect.provide(Sqlite.memory))
  )

  it.effect("loading and committing open no span, in whoever's trace a guild is opened", () => {
    const { layer, opened } = recorder()
    return Effect.gen(function* () {
      yield* life(Effect.flatMap(open(), (members) => put(members, indices(5))))
      yield* life(Effect.flatMap(open(), everybody))
      assert.deepStrictEqual(
        opened.map(({ name }) => name),
        []
      )
    }).pipe(Effect.withParentSpan(callerSpan), Effect.provide(layer), Effect.provide(Sqlite.memory))
  })
})
