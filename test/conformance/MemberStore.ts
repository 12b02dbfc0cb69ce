/** What every member store promises: it behaves as a map does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Option, Schema, Stream } from "effect"
import { GuildId } from "../../src/domain/Ids.ts"
import type { Member } from "../../src/domain/Member.ts"
import * as MemberQuery from "../../src/domain/MemberQuery.ts"
import { MemberStore } from "../../src/domain/MemberStore.ts"
import { member, STAFF, userId } from "../support/community.ts"

const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))
const Operations = Schema.Array(
  Schema.Union([
    Schema.Struct({ op: Schema.Literal("put"), index: Index, staff: Schema.Boolean }),
    Schema.Struct({ op: Schema.Literal("remove"), index: Index }),
    Schema.Struct({ op: Schema.Literal("get"), index: Index }),
    Schema.Struct({ op: Schema.Literal("all") })
  ])
)

const byId = (members: Iterable<Member>) => Array.from(members).sort((a, b) => Number(a.user.id) - Number(b.user.id))

export const conforms = (name: string, layer: Layer.Layer<MemberStore>) =>
  describe(`MemberStore: ${name}`, () => {
    it.effect.prop(
      "agrees with a map, operation by operation",
      [Operations],
      ([operations]) =>
        Effect.gen(function* () {
          const members = yield* (yield* MemberStore).open(GuildId.make("1"))
          const model = new Map<string, Member>()
          for (const operation of operations) {
            switch (operation.op) {
              case "put": {
                const value = member(operation.index, operation.staff ? [STAFF] : [])
                model.set(value.user.id, value)
                yield* members.put(value)
                break
              }
              case "remove":
                assert.strictEqual(
                  yield* members.remove(userId(operation.index)),
                  model.delete(userId(operation.index))
                )
                break
              case "get":
                assert.deepStrictEqual(
                  Option.getOrUndefined(yield* members.get(userId(operation.index))),
                  model.get(userId(operation.index))
                )
                break
              case "all":
                assert.deepStrictEqual(
                  byId(yield* Stream.runCollect(members.scan(MemberQuery.everybody))),
                  byId(model.values())
                )
            }
            assert.strictEqual(yield* members.size, model.size)
          }
        }).pipe(Effect.scoped, Effect.provide(layer)),
      { arbitrary: { size: 60 } }
    )

    it.effect("a guild's members are its own; opening it again gives the same", () =>
      Effect.gen(function* () {
        const store = yield* MemberStore
        const one = yield* store.open(GuildId.make("1"))
        const other = yield* store.open(GuildId.make("2"))
        yield* one.put(member(1))
        assert.strictEqual(yield* other.size, 0)
        assert.strictEqual(yield* (yield* store.open(GuildId.make("1"))).size, 1)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("a stream of all is of one moment: what changes meanwhile does not show", () =>
      Effect.gen(function* () {
        const members = yield* (yield* MemberStore).open(GuildId.make("1"))
        yield* Effect.forEach([1, 2, 3], (index) => members.put(member(index)))
        const seen = yield* members.scan(MemberQuery.everybody).pipe(
          Stream.rechunk(1),
          Stream.tap(({ user }) => Effect.andThen(members.remove(user.id), members.put(member(9)))),
          Stream.runCollect
        )
        assert.deepStrictEqual(
          byId(seen).map(({ user }) => user.id),
          [1, 2, 3].map(userId)
        )
      }).pipe(Effect.scoped, Effect.provide(layer))
    )
  })
